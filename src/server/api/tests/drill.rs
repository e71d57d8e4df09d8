//! What is behind a figure: the list that a row leads to holds as many as the figure says.

use std::collections::BTreeMap;

use super::actions::{CLICK, Clicked, Whole};
use super::clicks::{records, stored};
use crate::model::click::ClickFlags;
use crate::registry::report::Source;
use crate::registry::{REPORTS, Viewer};

/// Links, and the column of figures that each leads behind.
const LINKS: [(&str, &str); 3] = [
    ("ClicksUri", "Clicks"),
    ("RawClicksUri", "RawClicks"),
    ("ActionsUri", "GrossActions"),
];

fn world() -> Whole {
    let whole = stored();
    for visitor in [7, 8] {
        whole.store(Clicked {
            flags: ClickFlags::EXPIRED_AD,
            ad: 5,
            visitor,
            ..CLICK
        });
    }
    // The same ad before its end.
    whole.store(Clicked {
        ad: 5,
        visitor: 9,
        ..CLICK
    });
    whole.convert("o-1", "");
    whole.convert("o-2", "");
    whole
}

#[test]
fn a_list_holds_as_many_as_the_figure_that_leads_to_it() {
    let whole = world();
    let base = "/Advertisers/IRacme/Reports";
    let mut links: Vec<(&str, &str, String, i64)> = Vec::new();
    for report in REPORTS {
        if matches!(report.source, Source::Clicks(_)) || !report.audience.includes(Viewer::Brand) {
            continue;
        }
        let target = format!("{base}/{}?SUBAID=1000", report.handle);
        let records = records(&whole.bench, &target);
        for record in &records {
            for (link, column) in LINKS {
                if let Some(uri) = record[link].as_str() {
                    let figure = record[column].as_i64().unwrap();
                    links.push((report.handle, link, uri.to_owned(), figure));
                }
            }
        }
    }
    // What comes later is behind no figure of clicks that was shown before.
    whole.store(Clicked {
        visitor: 10,
        ..CLICK
    });
    whole.fold();
    let mut followed: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for (handle, link, uri, figure) in &links {
        let reply = whole.bench.get(uri);
        assert_eq!(reply.status, 200, "{handle} {uri}: {reply:?}");
        let total = reply.json()["@total"].clone();
        assert_eq!(total, figure.to_string(), "{handle} {link} {uri}");
        *followed.entry((handle, link)).or_default() += figure;
    }
    // Clicks, unique ones and actions of all rows of each report that leads to them.
    let all = ["ActionsUri", "ClicksUri", "RawClicksUri"];
    let clicks = ["ClicksUri", "RawClicksUri"];
    let by = |what: &str| format!("att_adv_performance_by_{what}_pm_only");
    let mut expected: BTreeMap<(String, &str), i64> = BTreeMap::new();
    let mut expect = |handle: String, links: &[&'static str], figures: [i64; 3]| {
        for link in links {
            let nth = all.iter().position(|own| own == link).unwrap();
            expected.insert((handle.clone(), link), figures[nth]);
        }
    };
    for what in ["media", "day", "week", "month", "ad"] {
        expect(by(what), &all, [2, 9, 12]);
    }
    expect(by("action_tracker"), &all[..1], [2, 0, 0]);
    for what in ["shared_id", "property", "referring_domain"] {
        expect(by(what), &clicks, [0, 9, 12]);
    }
    expect("adv_clicks_from_expired_ads".to_owned(), &clicks, [0, 2, 2]);
    let judged = ["ActionsUri", "RawClicksUri"];
    expect("adv_risk_by_partner".to_owned(), &judged, [2, 0, 12]);
    let followed: BTreeMap<(String, &str), i64> = followed
        .into_iter()
        .map(|((handle, link), figures)| ((handle.to_owned(), link), figures))
        .collect();
    assert_eq!(followed, expected);
}

#[test]
fn a_listing_is_narrowed_by_what_no_verdict_tells() {
    let whole = world();
    let target = "/Advertisers/IRacme/Reports/adv_click_data_pm_only?SUBAID=1000";
    for (more, count) in [
        ("&AdId=5", 3),
        ("&ExpiredAdId=5", 2),
        ("&ExpiredAdId=3", 0),
        ("&ReferringDomain=shop.example", 2),
        ("&ReferringDomain=www.shop.example", 0),
        ("&ReferringDomain=", 1),
        ("&MediaPropertyId=12", 5),
        ("&MediaPropertyId=&SharedId=%3D1%2B1", 2),
        ("&AdId=4&MediaId=8", 1),
    ] {
        let found = records(&whole.bench, &format!("{target}{more}&PageSize=1"));
        assert_eq!(found.len(), count, "{more}");
    }
    let reply = whole.bench.get(&format!("{target}&ExpiredAdId=x"));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["Errors"][0]["Field"], "ExpiredAdId");
}
