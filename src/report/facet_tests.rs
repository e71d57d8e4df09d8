//! Reports whose rows stand for more than a partner or a stretch of time.

use super::render::Rendered;
use super::source::TakeCell;
use super::*;
use crate::conversion::fixture;
use crate::derived::{Cell, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::Report;

const NOW: Millis = Millis(1_795_370_400_000);

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

fn ask(handle: &str, sort: &str, clicks: &Clicks) -> Vec<serde_json::Value> {
    let mut catalog = fixture::catalog();
    catalog.partners.get_mut(&PartnerId(7)).unwrap().contact = "mail@seven.example".into();
    let reader = Reader::for_brand(&catalog, "IRacme", clicks).unwrap();
    let report = Report::with_handle(handle).unwrap();
    let query = format!("SUBAID=1000{sort}");
    let query = reader.query(report, &query, NOW).unwrap();
    let rendered = Rendered {
        answer: &reader.answer(report, &query).unwrap(),
        query: &query,
        path: "/p",
        names: &reader.names(&query),
    };
    let json: serde_json::Value = serde_json::from_slice(&rendered.json().unwrap()).unwrap();
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
