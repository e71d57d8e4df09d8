//! Queries and answers over sums held in memory.

use crate::conversion::fixture;
use crate::derived::TakeCell;
use crate::derived::{Cell, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Day;
use crate::registry::{Report, Viewer};
use crate::report::render::Rendered;
use crate::report::*;

use super::asked::NOW;

const PARTNER: &str = "att_adv_performance_by_media_pm_only";
const DAY: &str = "att_adv_performance_by_day_pm_only";

struct Cells(Vec<(u32, i32, u32, Tally)>);

impl Source for Cells {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        for (program, day, partner, tally) in &self.0 {
            let cell = Cell {
                program: ProgramId(*program),
                day: Day(*day),
                partner: PartnerId(*partner),
                facet: Facet::None,
                tally: tally.clone(),
                ..Cell::default()
            };
            if wanted.programs.contains(&cell.program)
                && wanted.days.contains(&cell.day)
                && wanted.partner.is_none_or(|only| only == cell.partner)
            {
                take(&cell);
            }
        }
        Ok(Some(Watermark {
            slot: Slot(42),
            wall_end: NOW,
        }))
    }
}

fn today() -> i32 {
    NOW.utc_day().0
}

fn tally(clicks: i128, actions: i128, sale: i128, cost: i128) -> Tally {
    let mut tally = Tally::default();
    tally.add(Stored::RawClicks, clicks);
    tally.add(Stored::Clicks, clicks);
    tally.add(Stored::Actions, actions);
    tally.add(Stored::SaleAmount, sale * 1_000_000);
    tally.add(Stored::ActionCost, cost * 1_000_000);
    tally
}

fn cells() -> Cells {
    Cells(vec![
        (1000, today(), 7, tally(3, 1, 10, 2)),
        (1000, today() - 1, 7, tally(1, 0, 0, 0)),
        (1000, today(), 8, tally(5, 0, 0, 0)),
        (1000, today(), 0, tally(2, 0, 0, 0)),
        (1000, today(), 9, tally(0, 0, 0, 0)),
        (1000, today() - 30, 8, tally(100, 0, 0, 0)),
        (1001, today(), 7, tally(1_000, 0, 0, 0)),
        (2000, today() + 1, 7, tally(50, 2, 30, 3)),
    ])
}

fn ask(sid: &str, handle: &str, query: &str) -> Result<serde_json::Value, ReportError> {
    let catalog = fixture::catalog();
    let cells = cells();
    let reader = Reader::for_brand(&catalog, sid, &cells).unwrap();
    let report = Report::with_handle(handle).unwrap();
    let query = reader.query(report, query, NOW)?;
    let answer = reader.answer(report, &query)?;
    let rendered = Rendered {
        answer: &answer,
        viewer: Viewer::Brand,
        query: &query,
        path: "/p",
        names: &reader.names(&query),
    };
    Ok(serde_json::from_slice(&rendered.json().unwrap()).unwrap())
}

fn column(answer: &serde_json::Value, name: &str) -> Vec<String> {
    let records = answer["Records"].as_array().unwrap().iter();
    records
        .map(|record| match &record[name] {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

fn errors(query: &str) -> Vec<String> {
    match ask("IRacme", PARTNER, query) {
        Err(ReportError::Invalid(errors)) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{query}: {other:?}"),
    }
}

#[test]
fn partners_are_summed_over_the_default_thirty_days() {
    let answer = ask("IRacme", PARTNER, "SUBAID=1000").unwrap();
    assert_eq!(column(&answer, "MediaId"), ["0", "7", "8"]);
    assert_eq!(
        column(&answer, "Partner"),
        ["Unknown partner", "Blog \"Seven\"", "Coupons"]
    );
    assert_eq!(column(&answer, "RawClicks"), ["2", "4", "5"]);
    assert_eq!(column(&answer, "SaleAmount"), ["0.00", "10.00", "0.00"]);
    assert_eq!(
        column(&answer, "ConversionRate"),
        ["0.000000", "0.250000", "0.000000"]
    );
    assert_eq!(column(&answer, "EPC"), ["0.000000", "0.500000", "0.000000"]);
    assert_eq!(column(&answer, "AOV"), ["null", "10.000000", "null"]);
    assert_eq!(column(&answer, "ROAS"), ["null", "5.000000", "null"]);
    assert_eq!(answer["@total"], "3");
    assert_eq!(answer["@asof"], "2026-11-22T18:00:00.000Z");
    assert_eq!(answer["@asofslot"], "42");
    assert_eq!(answer["@currency"], "USD");
    // Its last day is still open.
    assert_eq!(answer["@complete"], false);
}

#[test]
fn an_answer_is_complete_when_its_last_day_is_over_in_every_zone() {
    // It is 13:00 in New York and 3:00 of the next day in Tokyo.
    for (sid, last, complete) in [
        ("IRacme", "2026-11-21", true),
        ("IRacme", "2026-11-22", false),
        ("IRzen", "2026-11-22", true),
        ("IRzen", "2026-11-23", false),
    ] {
        let program = if sid == "IRzen" { 2000 } else { 1000 };
        let query = format!("SUBAID={program}&StartDate=2026-11-20&EndDate={last}");
        let answer = ask(sid, PARTNER, &query).unwrap();
        assert_eq!(answer["@complete"], complete, "{query}");
    }
}

#[test]
fn columns_come_in_the_order_of_the_registry() {
    let catalog = fixture::catalog();
    let cells = cells();
    let reader = Reader::for_brand(&catalog, "IRacme", &cells).unwrap();
    let report = Report::with_handle(DAY).unwrap();
    let query = reader.query(report, "SUBAID=1000", NOW).unwrap();
    let answer = reader.answer(report, &query).unwrap();
    let rendered = Rendered {
        answer: &answer,
        viewer: Viewer::Brand,
        query: &query,
        path: "/p",
        names: &reader.names(&query),
    };
    let text = String::from_utf8(rendered.json().unwrap()).unwrap();
    let at = |name: &str| text.find(&format!("\"{name}\"")).unwrap();
    let columns: Vec<usize> = report.columns().map(|column| at(column.name())).collect();
    assert!(columns.is_sorted(), "{text}");
}

#[test]
fn days_are_the_programs_own() {
    let answer = ask("IRacme", DAY, "SUBAID=1000").unwrap();
    assert_eq!(column(&answer, "Day"), ["2026-11-21", "2026-11-22"]);
    assert_eq!(column(&answer, "Clicks"), ["1", "10"]);
    // In Tokyo the next day has begun.
    let answer = ask("IRzen", DAY, "").unwrap();
    assert_eq!(column(&answer, "Day"), ["2026-11-23"]);
    assert_eq!(column(&answer, "SaleAmount"), ["30"]);
    assert!(
        answer["@uri"]
            .as_str()
            .unwrap()
            .contains("EndDate=2026-11-23")
    );
}

#[test]
fn dates_and_partners_filter() {
    for (query, clicks) in [
        (
            "SUBAID=1000&StartDate=2026-11-21&EndDate=2026-11-21",
            vec!["1"],
        ),
        (
            "SUBAID=1000&START_DATE=2026-11-22&END_DATE=2026-11-22",
            vec!["2", "3", "5"],
        ),
        (
            "SUBAID=1000&StartDate=2026-11-22T00:00:00Z&EndDate=2026-11-22T23:59:59-05:00",
            vec!["2", "3", "5"],
        ),
        ("SUBAID=1000&StartDate=2026-10-23", vec!["2", "4", "105"]),
        ("SUBAID=1000&MediaId=7", vec!["4"]),
        ("SUBAID=1000&mp_id=0", vec!["2"]),
        ("SUBAID=1000&MediaId=4000000000", vec![]),
        ("SUBAID=1000&EndDate=2020-01-01&IrVersion=14", vec![]),
    ] {
        let answer = ask("IRacme", PARTNER, query).unwrap();
        assert_eq!(column(&answer, "RawClicks"), clicks, "{query}");
    }
}

#[test]
fn a_brand_reads_its_own_programs_only() {
    for (sid, program) in [
        ("IRacme", 2000),
        ("IRzen", 1000),
        ("IRacme", 9),
        ("IRacme", 0),
    ] {
        assert_eq!(
            ask(sid, PARTNER, &format!("SUBAID={program}")),
            Err(ReportError::NotFound)
        );
    }
    let catalog = fixture::catalog();
    assert!(Reader::for_brand(&catalog, "IRnobody", &cells()).is_none());
    let answer = ask("IRzen", PARTNER, "").unwrap();
    assert_eq!(column(&answer, "RawClicks"), ["50"]);
}

#[test]
fn a_program_listed_under_the_wrong_brand_is_not_read() {
    let mut catalog = fixture::catalog();
    let brand = catalog.brands.get_mut("IRzen").unwrap();
    brand.programs.insert(0, ProgramId(1000));
    let cells = cells();
    let reader = Reader::for_brand(&catalog, "IRzen", &cells).unwrap();
    let report = Report::with_handle(PARTNER).unwrap();
    let query = reader.query(report, "", NOW).unwrap();
    assert_eq!(query.programs, [ProgramId(2000)]);
}

#[test]
fn several_currencies_need_a_program() {
    let found = errors("");
    assert_eq!(
        found,
        [
            "SUBAID: is needed, since the programs have several currencies: \
            send one of 1000 (USD), 1001 (EUR)"
        ]
    );
}

#[test]
fn rows_sort_by_any_column_and_missing_figures_come_last() {
    for (query, order) in [
        ("SortBy=RawClicks", ["0", "7", "8"]),
        ("SortBy=-RawClicks", ["8", "7", "0"]),
        ("sortby=rawclicks&SortDir=desc", ["8", "7", "0"]),
        ("SortBy=AOV", ["7", "0", "8"]),
        ("SortBy=-AOV", ["7", "0", "8"]),
        ("SortBy=-MediaId", ["8", "7", "0"]),
        ("SortDir=DESC", ["8", "7", "0"]),
        ("SortBy=Partner", ["7", "8", "0"]),
        ("SortBy=-Partner", ["0", "8", "7"]),
        ("SortBy=-Actions", ["7", "0", "8"]),
    ] {
        let answer = ask("IRacme", PARTNER, &format!("SUBAID=1000&{query}")).unwrap();
        assert_eq!(column(&answer, "MediaId"), order, "{query}");
    }
}

#[test]
fn pages_link_to_each_other() {
    let page = |page: &str| {
        let query = format!("SUBAID=1000&PageSize=2&SortBy=-Clicks{page}");
        ask("IRacme", PARTNER, &query).unwrap()
    };
    let link = |page: u32| {
        format!(
            "/p?SUBAID=1000&StartDate=2026-10-24&EndDate=2026-11-22&SortBy=-Clicks&Page={page}\
             &PageSize=2&AsOf=42"
        )
    };
    let first = page("");
    assert_eq!(column(&first, "MediaId"), ["8", "7"]);
    for (name, value) in [
        ("@page", "1"),
        ("@numpages", "2"),
        ("@pagesize", "2"),
        ("@total", "3"),
        ("@start", "0"),
        ("@end", "1"),
        ("@uri", &link(1)),
        ("@firstpageuri", &link(1)),
        ("@previouspageuri", ""),
        ("@nextpageuri", &link(2)),
        ("@lastpageuri", &link(2)),
    ] {
        assert_eq!(first[name], value, "{name}");
    }
    let second = page("&Page=2&AsOf=42");
    assert_eq!(column(&second, "MediaId"), ["0"]);
    assert_eq!(
        (&second["@start"], &second["@end"]),
        (&"2".into(), &"2".into())
    );
    assert_eq!(second["@previouspageuri"], link(1));
    assert_eq!(second["@nextpageuri"], "");
    let beyond = page("&Page=4000000000");
    assert_eq!(column(&beyond, "MediaId"), Vec::<String>::new());
    assert_eq!(beyond["@previouspageuri"], link(2));
    // A link names the same query again.
    let query = link(2);
    let again = ask("IRacme", PARTNER, query.strip_prefix("/p?").unwrap()).unwrap();
    assert_eq!(again, second);
}

#[test]
fn every_problem_of_a_query_is_told_at_once() {
    let found = errors("SUBAID=x&StartDate=2026-02-30&PageSize=0&SortBy=Profit&foo=1&Page=0");
    assert_eq!(found.len(), 7, "{found:?}");
    for start in [
        "foo: is no parameter",
        "SUBAID: is `x`; a number is allowed",
        "Page: is `0`; a whole number from 1 is allowed",
        "PageSize: is `0`; a whole number from 1 to 20000 is allowed",
        "SortBy: is `Profit`; one of MediaId, Partner, RawClicks",
        "StartDate: is `2026-02-30`; a day such as",
        "SUBAID: is needed",
    ] {
        assert!(
            found.iter().any(|e| e.starts_with(start)),
            "{start} in {found:?}"
        );
    }
}

#[test]
fn each_bad_query_names_its_parameter() {
    for (query, start) in [
        (
            "StartDate=2026-01-02&EndDate=2026-01-01",
            "StartDate: is after EndDate",
        ),
        (
            "StartDate=2025-11-21&EndDate=2026-11-22",
            "EndDate: is 367 days after",
        ),
        ("StartDate=2025-01-01", "EndDate: is 691 days"),
        ("StartDate=", "StartDate: is ``"),
        ("StartDate=0000-01-01", "StartDate: is `0000-01-01`"),
        ("StartDate=1999-12-31", "StartDate: is"),
        ("StartDate=10000-01-01", "StartDate: is"),
        ("StartDate=2026-11-1", "StartDate: is"),
        ("StartDate=20261101", "StartDate: is"),
        ("StartDate=2026-11-01x", "StartDate: is"),
        ("StartDate=2026-11-01T", "StartDate: is"),
        ("StartDate=2026-11-01T25:00:00Z", "StartDate: is"),
        ("StartDate=2026-11-01T00:00[Asia/Tokyo]", "StartDate: is"),
        ("EndDate=now", "EndDate: is `now`"),
        ("PageSize=-1", "PageSize: is `-1`"),
        ("PageSize=1e9", "PageSize: is `1e9`"),
        ("PageSize=20001", "PageSize: is"),
        ("PageSize=abc", "PageSize: is"),
        ("Page=99999999999", "Page: is"),
        ("MediaId=*", "MediaId: is `*`; a number"),
        ("MediaId=%25", "MediaId: is `%`"),
        ("MediaId=../7", "MediaId: is `../7`"),
        ("AsOf=yesterday", "AsOf: is"),
        ("SortBy=", "SortBy: is ``; one of"),
        ("SortBy=--Clicks", "SortBy: is `--Clicks`"),
        ("SortDir=up", "SortDir: is `up`; ASC or DESC"),
        ("SortBy=-Clicks&SortDir=ASC", "SortDir: is ASC while"),
        ("subaid=1000", "SUBAID: is given more than once"),
        ("group_by=subId1", "group_by: is no parameter"),
        (
            "Pagee=1",
            "Pagee: is no parameter of a report; did you mean Page?",
        ),
    ] {
        let found = errors(&format!("SUBAID=1000&{query}"));
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        assert!(found[0].starts_with(start), "{query}: {found:?}");
    }
    assert!(ask("IRacme", PARTNER, "SUBAID=1000&StartDate=2025-11-22").is_ok());
}

#[test]
fn sums_that_cannot_be_read_are_told() {
    struct Broken;
    impl Source for Broken {
        fn read(
            &self,
            _: &Wanted<'_>,
            _: &mut TakeCell<'_>,
        ) -> Result<Option<Watermark>, DerivedError> {
            Err(DerivedError::FamilyMissing("aggregates"))
        }
    }
    let catalog = fixture::catalog();
    let reader = Reader::for_brand(&catalog, "IRzen", &Broken).unwrap();
    let report = Report::with_handle(DAY).unwrap();
    let query = reader.query(report, "", NOW).unwrap();
    let error = reader.answer(report, &query).err();
    assert!(matches!(error, Some(ReportError::Unreadable(why)) if why.contains("aggregates")));
}

#[test]
fn rows_with_few_clicks_or_actions_are_left_out_on_demand() {
    let partners = |more: &str| {
        let answer = ask("IRacme", PARTNER, &format!("SUBAID=1000{more}")).unwrap();
        column(&answer, "MediaId")
    };
    assert_eq!(partners("&MinClicks=4"), ["7", "8"]);
    assert_eq!(partners("&MinClicks=5"), ["8"]);
    assert_eq!(partners("&MIN_ACTIONS=1"), ["7"]);
    assert_eq!(partners("&MinClicks=5&MinActions=1"), [""; 0]);
    let answer = ask("IRacme", PARTNER, "SUBAID=1000&MinClicks=4&MinActions=0").unwrap();
    let uri = answer["@uri"].as_str().unwrap();
    assert!(uri.contains("&MinClicks=4&Page=1"), "{uri}");
}

#[test]
fn figures_are_compared_with_earlier_days() {
    // Yesterday partner 7 had a click, thirty days ago partner 8 had a hundred.
    let day = crate::registry::dimension::day_text(Day(today()));
    let of = |more: &str, name: &str| {
        let dates = format!("SUBAID=1000&StartDate={day}&EndDate={day}&{more}");
        column(&ask("IRacme", PARTNER, &dates).unwrap(), name)
    };
    let period = "Compare=previous_period";
    assert_eq!(of(period, "MediaId"), ["0", "7", "8"]);
    assert_eq!(of(period, "RawClicks"), ["2", "3", "5"]);
    assert_eq!(of(period, "RawClicksPrevious"), ["0", "1", "0"]);
    assert_eq!(of(period, "RawClicksChange"), ["null", "2.000000", "null"]);
    assert_eq!(of(period, "EPCPrevious"), ["null", "0.000000", "null"]);
    assert_eq!(of(period, "ActionCostPrevious"), ["0.00", "0.00", "0.00"]);
    assert_eq!(of("", "RawClicksPrevious"), ["null", "null", "null"]);
    let thirty = |more: &str, name: &str| {
        let answer = ask("IRacme", PARTNER, &format!("SUBAID=1000&{more}")).unwrap();
        column(&answer, name)
    };
    assert_eq!(thirty(period, "RawClicksPrevious"), ["0", "0", "100"]);
    assert_eq!(
        thirty("Compare=PREVIOUS_YEAR", "RawClicksPrevious"),
        ["0", "0", "0"]
    );
    let answer = ask(
        "IRacme",
        PARTNER,
        &format!("SUBAID=1000&{period}&PageSize=1"),
    )
    .unwrap();
    let next = answer["@nextpageuri"].as_str().unwrap();
    assert!(next.contains("&Compare=PREVIOUS_PERIOD&"), "{next}");
    let Err(ReportError::Invalid(errors)) = ask("IRacme", DAY, &format!("SUBAID=1000&{period}"))
    else {
        panic!("it is answered")
    };
    assert!(
        errors[0]
            .to_string()
            .starts_with("Compare: does not apply to this report; ask ")
    );
    assert_eq!(
        self::errors("SUBAID=1000&Compare=x"),
        ["Compare: is `x`; PREVIOUS_PERIOD or PREVIOUS_YEAR is allowed"]
    );
}

#[test]
fn a_partner_of_earlier_days_alone_has_a_row() {
    let day = crate::registry::dimension::day_text(Day(today() - 29));
    let dates = format!("SUBAID=1000&StartDate={day}&EndDate={day}&Compare=PREVIOUS_PERIOD");
    let answer = ask("IRacme", PARTNER, &dates).unwrap();
    assert_eq!(column(&answer, "MediaId"), ["8"]);
    assert_eq!(column(&answer, "RawClicks"), ["0"]);
    assert_eq!(column(&answer, "RawClicksPrevious"), ["100"]);
    assert_eq!(column(&answer, "RawClicksChange"), ["-1.000000"]);
}

#[test]
fn a_year_before_is_the_same_date() {
    use crate::report::query::Compare;
    let day = |text: &str| {
        let date: jiff::civil::Date = text.parse().unwrap();
        let epoch = jiff::civil::date(1970, 1, 1);
        Day(epoch.until(date).unwrap().get_days())
    };
    let days = Compare::PreviousYear.days(day("2028-02-29"), day("2028-03-01"));
    assert_eq!(days, day("2027-02-28")..=day("2027-03-01"));
    let days = Compare::PreviousPeriod.days(day("2028-03-01"), day("2028-03-31"));
    assert_eq!(days, day("2028-01-30")..=day("2028-02-29"));
}
