//! Reports whose rows stand for more than a partner or a stretch of time.

use crate::conversion::fixture;
use crate::derived::TakeCell;
use crate::derived::{Cell, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::Day;
use crate::report::*;

use super::asked::{self, NOW};

/// Clicks of program 1000 by day, partner and facet; the last one came so many seconds after 2020.
struct Clicks(Vec<(i32, u32, Facet, i128, i64)>);

impl Source for Clicks {
    fn read(
        &self,
        _: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        for (day, partner, facet, clicks, last) in &self.0 {
            let mut tally = Tally::default();
            tally.add(Stored::RawClicks, *clicks);
            tally.add(Stored::LastClick, (1_577_836_800_000 + last * 1_000).into());
            tally.add(Stored::Texts, 1);
            take(&Cell {
                program: ProgramId(1000),
                day: Day(*day),
                partner: PartnerId(*partner),
                facet: facet.clone(),
                tally,
                ..Cell::default()
            });
        }
        Ok(Some(Watermark {
            slot: Slot(42),
            wall_end: NOW,
        }))
    }
}

fn text(text: &str) -> Facet {
    Facet::Text(text.into())
}

/// The answer to `handle` for program 1000 and what `more` asks for, as JSON and as CSV.
fn both(
    handle: &str,
    more: &str,
    clicks: &Clicks,
) -> Result<(serde_json::Value, String), ReportError> {
    let mut catalog = fixture::catalog();
    let seven = catalog.partners.get_mut(&PartnerId(7)).unwrap();
    seven.contact = "mail@seven.example".into();
    seven.group = "Blogs".into();
    asked::both(&catalog, clicks, handle, more)
}

fn ask(handle: &str, more: &str, clicks: &Clicks) -> Vec<serde_json::Value> {
    let (json, _) = both(handle, more, clicks).unwrap();
    json["Records"].as_array().unwrap().clone()
}

#[test]
fn expired_ads_tell_which_pages_to_mend() {
    let clicks = Clicks(vec![
        (1, 7, text("5\thttps://a.example/x"), 3, 10),
        (1, 7, text("5\t"), 1, 50),
        (2, 7, text("5\thttps://b.example/"), 4, 30),
        (2, 7, text("5\thttps://a.example/x"), 2, 20),
        (2, 8, text("6\thttps://b.example/"), 1, 40),
        (2, 8, Facet::Other, 2, 40),
    ]);
    let records = ask("adv_clicks_from_expired_ads", "&SortBy=-RawClicks", &clicks);
    assert_eq!(records.len(), 3);
    let first = &records[0];
    assert_eq!(
        (&first["MediaId"], &first["AdId"], &first["RawClicks"]),
        (&"7".into(), &"5".into(), &10.into())
    );
    assert_eq!(
        first["ReferringPages"],
        "https://a.example/x (5); https://b.example/ (4); (unknown) (1)"
    );
    assert_eq!(first["LastClick"], "2020-01-01T00:00:50.000Z");
    assert_eq!(first["Contact"], "mail@seven.example");
    assert_eq!(records[1]["AdId"], "0");
    assert_eq!(records[2]["ReferringPages"], "https://b.example/ (1)");
}

#[test]
fn devices_are_told_apart_by_all_their_parts() {
    let clicks = || {
        Clicks(vec![
            (1, 7, text("PHONE\tSafari\tiPhone"), 3, 1),
            (1, 8, text("PHONE\tChrome\tAndroid"), 2, 1),
            (2, 7, text("PHONE\tSafari\tiPhone"), 1, 1),
        ])
    };
    let by = |sort| {
        let records = ask("att_adv_performance_by_device_pm_only", sort, &clicks());
        let of = |record: &serde_json::Value| {
            format!("{} {}", record["Browser"], record["RawClicks"]).replace('"', "")
        };
        records.iter().map(of).collect::<Vec<String>>()
    };
    assert_eq!(by(""), ["Chrome 2", "Safari 4"]);
    assert_eq!(by("&SortBy=-Browser"), ["Safari 4", "Chrome 2"]);
}

#[test]
fn one_value_of_the_facet_is_asked_for_and_kept_in_links() {
    let shared = "att_adv_performance_by_shared_id_pm_only";
    let clicks = Clicks(vec![
        (1, 7, text("a&b=ü"), 3, 1),
        (1, 7, text(""), 2, 1),
        (1, 7, text("a"), 1, 1),
        (1, 8, text("a&b=ü"), 4, 1),
    ]);
    let raw = |more: &str| -> Vec<i64> {
        let records = ask(shared, more, &clicks);
        records
            .iter()
            .map(|record| record["RawClicks"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(raw("&SharedId=a%26b%3D%C3%BC"), [3, 4]);
    assert_eq!(raw("&SHARED_ID="), [2]);
    assert_eq!(raw("&SharedId=nobody"), [0; 0]);
    let (json, _) = both(shared, "&SharedId=a%26b%3D%C3%BC&PageSize=1", &clicks).unwrap();
    let next = json["@nextpageuri"].as_str().unwrap();
    assert!(next.contains("&SharedId=a%26b%3D%C3%BC&"), "{next}");
    let ads = Clicks(vec![
        (1, 7, text("5\thttps://a.example/"), 3, 1),
        (1, 7, text("6\t"), 2, 1),
    ]);
    let records = ask("adv_clicks_from_expired_ads", "&AdId=6", &ads);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["AdId"], "6");
}

#[test]
fn counts_beyond_the_numbers_of_json_are_texts() {
    let partner = "att_adv_performance_by_media_pm_only";
    for clicks in [i128::from(i64::MAX), 10_i128.pow(19)] {
        let (json, csv) = both(partner, "", &Clicks(vec![(1, 7, Facet::None, clicks, 1)])).unwrap();
        let written = &json["Records"][0]["RawClicks"];
        assert_eq!(written.is_string(), clicks > i64::MAX.into(), "{written}");
        assert_eq!(written.to_string().trim_matches('"'), clicks.to_string());
        let cells: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
        assert!(cells.contains(&&*clicks.to_string()), "{csv}");
    }
}

#[test]
fn partners_of_one_group_are_asked_for() {
    let shared = "att_adv_performance_by_shared_id_pm_only";
    let clicks = Clicks(vec![
        (1, 7, text("a"), 3, 1),
        (1, 7, text("b"), 2, 1),
        (1, 8, text("a"), 4, 1),
        (1, 0, text(""), 1, 1),
    ]);
    let rows = |handle: &str, more: &str| -> Vec<(String, i64)> {
        let records = ask(handle, more, &clicks);
        let of = |record: &serde_json::Value| {
            let partner = record["MediaId"].as_str().unwrap().to_owned();
            (partner, record["RawClicks"].as_i64().unwrap())
        };
        records.iter().map(of).collect()
    };
    let row = |partner: &str, clicks| (partner.to_owned(), clicks);
    assert_eq!(rows(shared, "&Group=Blogs"), [row("7", 3), row("7", 2)]);
    assert_eq!(rows(shared, "&group="), [row("0", 1), row("8", 4)]);
    assert_eq!(rows(shared, "&Group=blogs"), []);
    assert_eq!(rows(shared, "&Group=Blogs&MediaId=8"), []);
    let partner = "att_adv_performance_by_media_pm_only";
    assert_eq!(rows(partner, "&Group=Blogs"), [row("7", 5)]);
    let (json, _) = both(partner, "&Group=A%26B&PageSize=1", &clicks).unwrap();
    let uri = json["@uri"].as_str().unwrap();
    assert!(uri.contains("&PartnerGroup=A%26B&"), "{uri}");
    let groups = |more: &str| -> Vec<serde_json::Value> {
        let records = ask("att_adv_performance_by_group_pm_only", more, &clicks);
        records
            .iter()
            .map(|record| record["Group"].clone())
            .collect()
    };
    assert_eq!(groups(""), ["", "Blogs"]);
    assert_eq!(groups("&PartnerGroup=Blogs"), ["Blogs"]);
    assert_eq!(groups("&PartnerGroup="), [""]);
    for handle in [
        "att_adv_performance_by_day_pm_only",
        "adv_click_data_pm_only",
    ] {
        let Err(ReportError::Invalid(errors)) = both(handle, "&Group=Blogs", &clicks) else {
            panic!("{handle} is answered")
        };
        let fields = errors.iter().map(|error| &*error.field);
        assert_eq!(fields.collect::<Vec<_>>(), ["PartnerGroup"], "{handle}");
    }
}

#[test]
fn a_parameter_that_a_report_cannot_apply_is_told() {
    let none = Clicks(Vec::new());
    let partner = "att_adv_performance_by_media_pm_only";
    let Err(ReportError::Invalid(errors)) = both(partner, "&SharedId=a&MinClicks=x", &none) else {
        panic!("it is answered")
    };
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "SharedId: does not apply to this report; ask Performance by Shared ID or \
             Payable Click Data or Adjustments or Click Data",
            "MinClicks: is `x`; a number is allowed"
        ]
    );
}

#[test]
fn csv_holds_no_formulas() {
    let clicks = Clicks(vec![
        (1, 7, text("=1+1"), 3, 1),
        (1, 7, text("a, \"b\""), 3, 1),
        (1, 7, text("-5"), 3, 1),
        (1, 7, text("@x"), 3, 1),
        (1, 7, text("\tx"), 3, 1),
        (1, 7, text("1+1"), 3, 1),
    ]);
    let shared = "att_adv_performance_by_shared_id_pm_only";
    let (_, csv) = both(shared, "", &clicks).unwrap();
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    let start = "7,\"Blog \"\"Seven\"\"\",";
    let cells: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.strip_prefix(start).unwrap())
        .collect();
    let shown = [
        "'\tx,",
        "'-5,",
        "1+1,",
        "'=1+1,",
        "'@x,",
        "\"a, \"\"b\"\"\",",
    ];
    for (cell, shown) in cells.iter().zip(shown) {
        assert!(cell.starts_with(&format!("{shown}3,")), "{cell}");
    }
    assert_eq!(cells.len(), shown.len());
}

#[test]
fn partners_are_gathered_by_their_group() {
    let clicks = Clicks(vec![
        (1, 7, Facet::None, 3, 1),
        (1, 8, Facet::None, 2, 1),
        (1, 9, Facet::None, 1, 1),
        (2, 7, Facet::None, 1, 1),
    ]);
    let records = ask("att_adv_performance_by_group_pm_only", "", &clicks);
    let groups: Vec<String> = records
        .iter()
        .map(|record| format!("{} {}", record["Group"], record["RawClicks"]))
        .collect();
    assert_eq!(groups, ["\"\" 3", "\"Blogs\" 4"]);
}

#[test]
fn rows_lead_to_the_actions_behind_them() {
    let of = |handle: &str, more: &str, facet: Facet| {
        let clicks = Clicks(vec![(20_760, 7, facet, 1, 1)]);
        let records = ask(handle, &format!("&StartDate=2026-10-28&{more}"), &clicks);
        records[0]["ActionsUri"].as_str().map(ToOwned::to_owned)
    };
    let base = "/Advertisers/IRacme/Actions?CampaignId=1000";
    let days = "&ActionDateStart=2026-10-28&ActionDateEnd=2026-11-10";
    let fortnight = "EndDate=2026-11-10";
    assert_eq!(
        of(
            "att_adv_performance_by_media_pm_only",
            fortnight,
            Facet::None
        ),
        Some(format!("{base}&MediaPartnerId=7{days}"))
    );
    assert_eq!(
        of(
            "att_adv_performance_by_ad_pm_only",
            fortnight,
            Facet::Number(5)
        ),
        Some(format!("{base}&AdId=5{days}"))
    );
    assert_eq!(
        of(
            "att_adv_performance_by_ad_pm_only",
            "EndDate=2026-11-10&MediaId=7",
            Facet::Number(5)
        ),
        Some(format!("{base}&MediaPartnerId=7&AdId=5{days}"))
    );
    // 2026-11-03 is in the week from Monday 2 November.
    assert_eq!(
        of(
            "att_adv_performance_by_week_pm_only",
            "EndDate=2026-11-05",
            Facet::None
        ),
        Some(format!(
            "{base}&ActionDateStart=2026-11-02&ActionDateEnd=2026-11-05"
        ))
    );
    let device = "att_adv_performance_by_device_pm_only";
    assert_eq!(of(device, fortnight, text("a\tb\tc")), None);
    let long = "EndDate=2026-12-12";
    assert_eq!(
        of("att_adv_performance_by_media_pm_only", long, Facet::None),
        None
    );
    let expired = "adv_clicks_from_expired_ads";
    assert_eq!(of(expired, fortnight, text("5\t")), None);
}

#[test]
fn rows_older_than_lists_of_actions_reach_lead_to_none() {
    let of = |day: i32, date: &str| {
        let clicks = Clicks(vec![(day, 7, Facet::None, 1, 1)]);
        let days = format!("&StartDate={date}&EndDate={date}");
        let records = ask("att_adv_performance_by_media_pm_only", &days, &clicks);
        records[0]["ActionsUri"].is_string()
    };
    // Three years before now are 2023-11-22; the rest is for zones and for who follows it later.
    assert!(of(19_686, "2023-11-25"));
    assert!(!of(19_685, "2023-11-24"));
    assert!(!of(17_000, "2016-07-18"));
}

#[test]
fn rows_lead_to_the_clicks_behind_them() {
    let of = |handle: &str, more: &str, facet: Facet, others: i128| {
        let cell = |facet, clicks| (20_760, 7, facet, clicks, 1);
        let clicks = Clicks(vec![cell(facet, 1), cell(Facet::Other, others)]);
        let query = format!("&StartDate=2026-10-28&EndDate=2026-11-05&{more}");
        let records = ask(handle, &query, &clicks);
        let links = ["ClicksUri", "RawClicksUri"];
        links.map(|link| records[0][link].as_str().map(ToOwned::to_owned))
    };
    let base = "/Advertisers/IRacme/Reports/adv_payable_click_data_pm_only?SUBAID=1000";
    let days = "&StartDate=2026-10-28&EndDate=2026-11-05";
    // The week begins within the days of the query and ends beyond them.
    let [unique, raw] = of(
        "att_adv_performance_by_week_pm_only",
        "MediaId=7",
        Facet::None,
        0,
    );
    let week = "&StartDate=2026-11-02&EndDate=2026-11-05&MediaId=7";
    let of_unique = "&Classification=U&AsOf=42";
    assert_eq!(unique, Some(format!("{base}{week}{of_unique}")));
    let all = base.replace("payable_click", "click");
    assert_eq!(raw, Some(format!("{all}{week}&AsOf=42")));
    let shared = "att_adv_performance_by_shared_id_pm_only";
    let [unique, _] = of(shared, "", text("a&b =ü"), 0);
    let facet = "&MediaId=7&SharedId=a%26b%20%3D%C3%BC";
    assert_eq!(unique, Some(format!("{base}{days}{facet}{of_unique}")));
    // Where texts were added up, the list of one may hold more than its row says.
    assert_eq!(of(shared, "", text("a"), 1), [None, None]);
    let group = "att_adv_performance_by_group_pm_only";
    assert_eq!(of(group, "", Facet::None, 0), [None, None]);
    let device = "att_adv_performance_by_device_pm_only";
    assert_eq!(of(device, "", text("TV\ta\tb"), 0), [None, None]);
}
