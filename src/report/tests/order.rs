//! Rows in order of each column that an answer has.

use std::cmp::Ordering;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::asked::{NOW, both};
use crate::catalog::Catalog;
use crate::conversion::fixture;
use crate::derived::TakeCell;
use crate::derived::{Cell, DerivedError, Watermark};
use crate::model::id::{EventTypeId, PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Day;
use crate::registry::CubeId;
use crate::report::*;

const PARTNER: &str = "att_adv_performance_by_media_pm_only";
/// Today, compared with yesterday, and every column on request.
const ALL: &str = "&StartDate=2026-11-22&Compare=PREVIOUS_PERIOD&SHOW_PARTNER_GROUP=1\
    &SHOW_COMPANY_URL=1&SHOW_EVENT_TYPES=1";

/// A partner's day: how many days ago, whose, its clicks, its actions by event type.
type Counted = (i32, u32, i128, &'static [(u32, i128)]);

/// Partner 8 had more clicks yesterday; event type 77 is none of the catalogue.
const DAYS: &[Counted] = &[
    (0, 7, 30, &[(10_001, 2), (10_002, 1)]),
    (1, 7, 10, &[(10_001, 1)]),
    (0, 8, 20, &[(10_001, 1), (10_002, 3)]),
    (1, 8, 40, &[(10_002, 1)]),
    (0, 0, 25, &[(77, 5)]),
];

struct Days;

impl Source for Days {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        for (ago, partner, clicks, actions) in DAYS {
            let cell = |facet, clicks: i128, actions: i128| {
                let mut tally = Tally::default();
                tally.add(Stored::RawClicks, clicks);
                tally.add(Stored::Clicks, clicks);
                tally.add(Stored::Actions, actions);
                tally.add(Stored::ActionCost, actions * 3_000_000);
                Cell {
                    program: ProgramId(1000),
                    day: Day(NOW.utc_day().0 - ago),
                    partner: PartnerId(*partner),
                    facet,
                    tally,
                    ..Cell::default()
                }
            };
            let all = actions.iter().map(|(_, actions)| actions).sum();
            let mut cells = vec![cell(Facet::None, *clicks, all)];
            if wanted.cube == CubeId::EVENT_TYPE {
                let own = actions.iter();
                let own = own.map(|(id, actions)| cell(Facet::Number(*id), 0, *actions));
                cells = own.collect();
            }
            let asked = cells.iter().filter(|own| wanted.days.contains(&own.day));
            asked.for_each(&mut *take);
        }
        Ok(Some(Watermark {
            slot: Slot(42),
            wall_end: NOW,
        }))
    }
}

fn catalog() -> Catalog {
    let mut catalog = fixture::catalog();
    let seven = catalog.partners.get_mut(&PartnerId(7)).unwrap();
    seven.group = "Blogs".into();
    seven.properties = Box::new([(3, "https://blog.example".into())]);
    catalog
}

fn ask(catalog: &Catalog, more: &str) -> Result<Value, Vec<String>> {
    match both(catalog, &Days, PARTNER, &format!("{ALL}{more}")) {
        Ok((answer, _)) => Ok(answer),
        Err(ReportError::Invalid(errors)) => Err(errors.iter().map(ToString::to_string).collect()),
        Err(other) => panic!("{more}: {other:?}"),
    }
}

fn by(column: &str) -> String {
    let (minus, name) = match column.strip_prefix('-') {
        Some(name) => ("-", name),
        None => ("", column),
    };
    format!(
        "&SortBy={minus}{}",
        utf8_percent_encode(name, NON_ALPHANUMERIC)
    )
}

fn partners(answer: &Value) -> Vec<&str> {
    let records = answer["Records"].as_array().unwrap().iter();
    records
        .map(|record| record["MediaId"].as_str().unwrap())
        .collect()
}

/// How two values of a column follow each other, by what is written: numbers by their size.
fn compare(a: &Value, b: &Value) -> Ordering {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), Into::into);
    let (a, b) = (text(a), text(b));
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

#[test]
fn rows_sort_by_every_column_that_they_have() {
    let catalog = catalog();
    let plain = ask(&catalog, "").unwrap();
    let names: Vec<&String> = plain["Records"][0].as_object().unwrap().keys().collect();
    let columns = names.iter().filter(|name| !name.ends_with("Uri"));
    let mut told = 0;
    for name in columns.clone() {
        for minus in ["", "-"] {
            let answer = ask(&catalog, &by(&format!("{minus}{name}"))).unwrap();
            let records = answer["Records"].as_array().unwrap().iter();
            let values: Vec<&Value> = records.map(|record| &record[name.as_str()]).collect();
            let missing = values.iter().filter(|value| value.is_null()).count();
            let (there, none) = values.split_at(values.len() - missing);
            assert!(none.iter().all(|value| value.is_null()), "{minus}{name}");
            let is_sorted = there.is_sorted_by(|a, b| match compare(a, b) {
                Ordering::Equal => true,
                ordering => (ordering == Ordering::Greater) == (minus == "-"),
            });
            assert!(is_sorted, "{minus}{name}: {values:?}");
            told += usize::from(partners(&answer) != partners(&plain));
        }
    }
    assert!(columns.count() > 50, "{names:?}");
    assert!(told > 50, "{told} orders differ from the plain one");
}

#[test]
fn event_types_and_what_is_compared_are_sorted_by_name() {
    let catalog = catalog();
    for (column, order) in [
        ("-RawClicksPrevious", ["8", "7", "0"]),
        ("RawClicksPrevious", ["0", "7", "8"]),
        ("-RawClicksChange", ["7", "8", "0"]),
        ("RawClicksChange", ["8", "7", "0"]),
        ("-Actions – SALE", ["7", "8", "0"]),
        ("-Action Cost – LEAD", ["8", "7", "0"]),
        ("Action Cost – LEAD", ["0", "7", "8"]),
        ("-action cost – lead", ["8", "7", "0"]),
        ("-Actions – Event type 77", ["0", "7", "8"]),
        ("-PartnerGroup", ["7", "0", "8"]),
    ] {
        let answer = ask(&catalog, &by(column)).unwrap();
        assert_eq!(partners(&answer), order, "{column}");
    }
    let first = ask(&catalog, &format!("{}&PageSize=1", by("-Actions – LEAD"))).unwrap();
    assert_eq!(partners(&first), ["8"]);
    let next = first["@nextpageuri"].as_str().unwrap();
    let (_, next) = next.split_once("SUBAID=1000").unwrap();
    assert!(
        next.contains("&SortBy=-Actions%20%E2%80%93%20LEAD&"),
        "{next}"
    );
    let (second, _) = both(&catalog, &Days, PARTNER, next).unwrap();
    assert_eq!(partners(&second), ["7"]);
}

#[test]
fn a_group_has_its_own_event_types_and_earlier_days() {
    let catalog = catalog();
    let own = ask(&catalog, "&PartnerGroup=Blogs").unwrap();
    assert_eq!(partners(&own), ["7"]);
    assert_eq!(own["Records"][0]["RawClicksPrevious"], 10);
    assert_eq!(own["Records"][0]["Actions – SALE"], 2);
    let none = &own["Records"][0]["Actions – Event type 77"];
    assert!(none.is_null(), "no partner of the group had one: {none}");
    let others = format!(
        "&PartnerGroup={}&PageSize=1",
        by("-Actions – Event type 77")
    );
    let first = ask(&catalog, &others).unwrap();
    assert_eq!(partners(&first), ["0"]);
    let next = first["@nextpageuri"].as_str().unwrap();
    let (_, next) = next.split_once("SUBAID=1000").unwrap();
    let (second, _) = both(&catalog, &Days, PARTNER, next).unwrap();
    assert_eq!(partners(&second), ["8"]);
}

#[test]
fn what_is_wrong_with_the_columns_is_told_once() {
    let catalog = catalog();
    for more in [
        "&Compare=PREVIOUS_MONTH&SortBy=RawClicksPrevious",
        "&SHOW_PARTNER_GROUP=yes&SortBy=PartnerGroup",
    ] {
        let wrong = both(&catalog, &Days, PARTNER, more);
        let Err(ReportError::Invalid(errors)) = wrong else {
            panic!("{more}: {wrong:?}")
        };
        assert_eq!(errors.len(), 1, "{more}: {errors:?}");
    }
}

#[test]
fn names_that_differ_in_case_alone_are_told_apart() {
    let mut catalog = catalog();
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    let lead = program.event_types.get_mut(&EventTypeId(10_002)).unwrap();
    lead.name = "Sale".into();
    for (column, first) in [("-Actions – Sale", "8"), ("-Actions – SALE", "7")] {
        let answer = ask(&catalog, &by(column)).unwrap();
        assert_eq!(partners(&answer)[0], first, "{column}");
    }
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let catalog = catalog();
    let wrong = ask(&catalog, &by("-Actions – Lease")).unwrap_err();
    let [wrong] = wrong.as_slice() else {
        panic!("{wrong:?}")
    };
    assert!(
        wrong.starts_with("SortBy: is `Actions – Lease`; one of MediaId, Partner, RawClicks"),
        "{wrong}"
    );
    for name in [
        ", CompanyURL, Actions – Event type 77, Action Cost – Event type 77, Actions – SALE",
        ", RawClicksPrevious, RawClicksChange, ",
    ] {
        assert!(wrong.contains(name), "{name}: {wrong}");
    }
    // Before an answer is made, event types are told in general.
    let wrong = ask(&catalog, &by("Colour")).unwrap_err();
    assert!(
        wrong[0].contains(", Actions – {name}, Action Cost – {name}, RawClicksPrevious, "),
        "{wrong:?}"
    );
    for (column, switch) in [
        ("Actions – SALE", "SHOW_EVENT_TYPES=1"),
        ("RawClicksPrevious", "Compare=PREVIOUS_PERIOD"),
        ("PartnerGroup", "SHOW_PARTNER_GROUP=1"),
    ] {
        let off = both(&catalog, &Days, PARTNER, &by(column));
        let Err(ReportError::Invalid(errors)) = off else {
            panic!("{column}: {off:?}")
        };
        let [error] = errors.as_slice() else {
            panic!("{errors:?}")
        };
        assert_eq!(error.field, "SortBy");
        let on = format!("&{switch}{}", by(column));
        assert!(both(&catalog, &Days, PARTNER, &on).is_ok(), "{column}");
    }
}
