//! Clicks one by one over HTTP: every page, as JSON and as CSV.

use serde_json::Value;

use super::actions::{CLICK, Clicked, Whole};
use super::bench::{Bench, PARTNER, Reply};
use crate::model::click::ClickFlags;
use crate::model::time::HOUR;
use crate::registry::dimension::day_text;

const REPORTS: &str = "/Advertisers/IRacme/Reports";
const PAYABLE: &str = "adv_payable_click_data_pm_only";
const ALL: &str = "adv_click_data_pm_only";

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
    Gecko) Chrome/131.0.0.0 Safari/537.36";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 \
    (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/// Clicks of two partners and an unknown one: one is a duplicate, one a prefetch.
pub(super) fn clicks() -> Vec<Clicked> {
    let desktop = Clicked {
        user_agent: CHROME,
        property: "12",
        ..CLICK
    };
    let phone = Clicked {
        user_agent: PHONE,
        page: "https://www.Shop.example/a?b=c",
        shared_id: "=1+1",
        ad: 4,
        ..CLICK
    };
    let by = |clicked: Clicked, visitor| Clicked { visitor, ..clicked };
    vec![
        by(desktop, 1),
        by(phone, 2),
        by(desktop, 1),
        Clicked {
            partner: 8,
            ..by(phone, 3)
        },
        Clicked {
            partner: 99,
            flags: ClickFlags::UNKNOWN_PARTNER,
            page: "",
            shared_id: "",
            ..by(desktop, 4)
        },
        Clicked {
            user_agent: "curl/8.5.0",
            flags: ClickFlags::PREFETCH,
            ..by(desktop, 5)
        },
        by(desktop, 6),
    ]
}

pub(super) fn stored() -> Whole {
    let whole = Whole::new();
    for clicked in clicks() {
        whole.store(clicked);
    }
    whole.fold();
    whole
}

/// The records of every page, by the links of JSON.
pub(super) fn records(bench: &Bench, target: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut next = target.to_owned();
    while !next.is_empty() {
        let reply = bench.get(&next);
        assert_eq!(reply.status, 200, "{next}: {reply:?}");
        let page = reply.json();
        records.extend(page["Records"].as_array().unwrap().iter().cloned());
        page["@nextpageuri"].as_str().unwrap().clone_into(&mut next);
    }
    records
}

/// The lines of every page, by the links of CSV, each with its columns.
fn lines(bench: &Bench, target: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let (mut names, mut lines) = (Vec::new(), Vec::new());
    let mut next = Some(target.to_owned());
    while let Some(target) = next {
        let reply = bench.ask("GET", &target, "Accept: text/csv\r\n", "");
        assert_eq!(reply.status, 200, "{target}: {reply:?}");
        assert!(reply.head.contains("content-type: text/csv"), "{reply:?}");
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(reply.body.as_bytes())
            .into_records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect());
        names = rows.next().unwrap();
        lines.extend(rows);
        next = link(&reply);
    }
    (names, lines)
}

/// The page that `Link` leads to. The bench shows heads in lower case; names and words are read in
/// any case, and so is the path of this report.
fn link(reply: &Reply) -> Option<String> {
    let line = reply.head.lines().find(|line| line.starts_with("link: "))?;
    let (target, _) = line.strip_prefix("link: <")?.split_once('>')?;
    Some(target.replace("/advertisers/iracme/reports", REPORTS))
}

#[test]
fn every_click_is_listed_once_over_the_pages_of_both_forms() {
    let whole = stored();
    for (handle, count) in [(ALL, 7), (PAYABLE, 5)] {
        let target = format!("{REPORTS}/{handle}?SUBAID=1000&PageSize=2");
        let records = records(&whole.bench, &target);
        assert_eq!(records.len(), count, "{handle}");
        let csv = whole.bench.get(&format!("{target}&ResultFormat=CSV"));
        assert!(csv.head.contains("x-clickd-as-of: "), "{csv:?}");
        assert!(csv.head.contains("x-clickd-currency: usd"), "{csv:?}");
        let (names, lines) = lines(&whole.bench, &target);
        let columns: Vec<&String> = records[0].as_object().unwrap().keys().collect();
        assert_eq!(columns, names.iter().collect::<Vec<_>>());
        assert_eq!(lines.len(), count, "{handle}");
        for (record, line) in records.iter().zip(&lines) {
            let texts = record.as_object().unwrap().values();
            for (text, cell) in texts.zip(line) {
                let text = text.as_str().unwrap();
                let cell = cell.strip_prefix('\'').unwrap_or(cell);
                assert_eq!(text, cell);
            }
        }
        let shared = names.iter().position(|name| name == "SharedId").unwrap();
        let guarded = lines.iter().filter(|line| line[shared] == "'=1+1");
        assert_eq!(guarded.count(), 2, "{handle}");
    }
}

#[test]
fn a_click_shows_its_device_and_the_host_of_its_page() {
    let whole = stored();
    let target = format!("{REPORTS}/{ALL}?SUBAID=1000");
    let found = records(&whole.bench, &target);
    let mut shown: Vec<String> = found
        .iter()
        .map(|record| {
            let names = [
                "DeviceType",
                "Browser",
                "Os",
                "ReferringDomain",
                "Classification",
            ];
            names.map(|name| record[name].as_str().unwrap()).join("|")
        })
        .collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            "DESKTOP|Chrome|Windows 10|blog.example|D",
            "DESKTOP|Chrome|Windows 10|blog.example|U",
            "DESKTOP|Chrome|Windows 10|blog.example|U",
            "DESKTOP|Chrome|Windows 10||U",
            "PHONE|Safari|iPhone|shop.example|U",
            "PHONE|Safari|iPhone|shop.example|U",
            "UNKNOWN|HTTP Library|UNKNOWN|blog.example|P",
        ]
    );
}

#[test]
fn forms_that_a_listing_has_not_are_told() {
    let whole = Whole::new();
    let target = format!("{REPORTS}/{ALL}?SUBAID=1000&ResultFormat=XML");
    let reply = whole.bench.get(&target);
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["Errors"][0]["Field"], "ResultFormat");
    let target = format!("{REPORTS}/{ALL}?SUBAID=1000");
    let reply = whole.bench.ask("GET", &target, "Accept: text/xml\r\n", "");
    assert_eq!(reply.status, 406);
    // A list of nothing has its columns.
    let (names, lines) = lines(&whole.bench, &target);
    assert_eq!((&*names[0], lines.len()), ("ClickDate", 0));
}

/// Two zones are 26 hours apart, so that it is never the same day in both.
#[test]
fn listings_and_what_leads_to_them_are_by_the_days_of_the_zone() {
    let whole = stored();
    let now = whole.bench.log.clock().now();
    let ahead = day_text(now.plus(14 * HOUR).utc_day());
    let total = |target: &str| whole.bench.get(target).json()["@total"].clone();
    for (zone, all, rows) in [("Etc%2FGMT-14", "7", "3"), ("Etc%2FGMT%2B12", "0", "0")] {
        let asked = format!("SUBAID=1000&StartDate={ahead}&EndDate={ahead}&TimeZone={zone}");
        assert_eq!(total(&format!("{REPORTS}/{ALL}?{asked}")), all, "{zone}");
        let partners = format!("{REPORTS}/{PARTNER}?{asked}");
        assert_eq!(total(&partners), rows, "{zone}");
        for row in whole.bench.get(&partners).json()["Records"]
            .as_array()
            .unwrap()
        {
            let listed = total(row["RawClicksUri"].as_str().unwrap());
            assert_eq!(listed, row["RawClicks"].to_string(), "{row}");
        }
    }
}
