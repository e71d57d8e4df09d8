//! Days of another zone than the program's own.

use crate::conversion::fixture;
use crate::derived::{Cell, DerivedError, TakeCell, Watermark};
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::HOUR;
use crate::registry::CubeId;
use crate::report::*;

use super::asked::{NOW, both};

const PARTNER: &str = "att_adv_performance_by_media_pm_only";
const DAY: &str = "att_adv_performance_by_day_pm_only";

/// Clicks of partner 7 on program 1000, which is in New York, so many hours before now each.
struct Clicks(Vec<i64>);

impl Source for Clicks {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        assert_eq!(wanted.cube, CubeId::HOURS);
        for ago in &self.0 {
            let at = NOW.plus(-ago * HOUR);
            // Five hours behind UTC in November.
            let day = at.plus(-5 * HOUR).utc_day();
            let mut tally = Tally::default();
            tally.add(Stored::RawClicks, 1);
            if wanted.days.contains(&day) {
                take(&Cell {
                    program: ProgramId(1000),
                    day,
                    partner: PartnerId(7),
                    facet: Facet::Number(at.utc_hour()),
                    tally,
                    ..Cell::default()
                });
            }
        }
        Ok(Some(Watermark {
            slot: Slot(42),
            wall_end: NOW,
        }))
    }
}

fn ask(handle: &str, query: &str, ago: &[i64]) -> Result<serde_json::Value, ReportError> {
    let clicks = Clicks(ago.to_vec());
    let (json, _) = both(&fixture::catalog(), &clicks, handle, &format!("&{query}"))?;
    Ok(json)
}

fn by_day(query: &str, ago: &[i64]) -> Vec<(String, i64)> {
    let answer = ask(DAY, query, ago).unwrap();
    let rows = answer["Records"].as_array().unwrap().iter();
    rows.map(|row| {
        let day = row["Day"].as_str().unwrap().to_owned();
        (day, row["RawClicks"].as_i64().unwrap())
    })
    .collect()
}

#[test]
fn hours_are_gathered_by_the_days_of_the_zone() {
    let rows = |rows: &[(&str, i64)]| -> Vec<(String, i64)> {
        let rows = rows.iter();
        rows.map(|(day, clicks)| ((*day).to_owned(), *clicks))
            .collect()
    };
    // At 18:00, 15:00 and 14:00 UTC of the 22nd, and at 18:00 of the 21st.
    let ago = [0, 3, 4, 24];
    assert_eq!(
        by_day("TimeZone=UTC", &ago),
        rows(&[("2026-11-21", 1), ("2026-11-22", 3)])
    );
    assert_eq!(
        by_day("TimeZone=Asia/Tokyo", &ago),
        rows(&[("2026-11-22", 2), ("2026-11-23", 2)])
    );
    assert_eq!(
        by_day("TimeZone=Etc%2FGMT%2B12", &ago),
        rows(&[("2026-11-21", 1), ("2026-11-22", 3)])
    );
    let only = "TimeZone=Asia/Tokyo&StartDate=2026-11-22&EndDate=2026-11-22";
    assert_eq!(by_day(only, &ago), rows(&[("2026-11-22", 2)]));
}

#[test]
fn the_last_day_is_today_in_the_zone_and_complete_when_it_is_over_there() {
    let uri = |zone| {
        let answer = ask(DAY, &format!("TimeZone={zone}"), &[0]).unwrap();
        answer["@uri"].as_str().unwrap().to_owned()
    };
    assert!(uri("Asia/Tokyo").contains("EndDate=2026-11-23&TimeZone=Asia%2FTokyo&"));
    assert!(uri("UTC").contains("EndDate=2026-11-22&TimeZone=UTC&"));
    let is_complete = |zone| {
        let query = format!("TimeZone={zone}&StartDate=2026-11-22&EndDate=2026-11-22");
        ask(DAY, &query, &[0]).unwrap()["@complete"].clone()
    };
    assert_eq!(is_complete("Asia/Tokyo"), true);
    assert_eq!(is_complete("America/New_York"), false);
}

#[test]
fn earlier_days_are_those_of_the_zone_too() {
    let query = "TimeZone=Asia/Tokyo&Compare=PREVIOUS_PERIOD\
                 &StartDate=2026-11-23&EndDate=2026-11-23";
    let answer = ask(PARTNER, query, &[0, 3, 4, 24]).unwrap();
    let row = &answer["Records"][0];
    assert_eq!(
        (&row["RawClicks"], &row["RawClicksPrevious"]),
        (&2.into(), &2.into())
    );
}

#[test]
fn links_name_the_zone_or_what_it_comes_to() {
    let query = "TimeZone=Asia/Tokyo&StartDate=2026-11-22&EndDate=2026-11-23";
    let answer = ask(PARTNER, query, &[0]).unwrap();
    let of = |name: &str| answer["Records"][0][name].as_str().unwrap().to_owned();
    let days = "StartDate=2026-11-22&EndDate=2026-11-23&TimeZone=Asia%2FTokyo&MediaId=7";
    assert!(of("RawClicksUri").contains(days), "{}", of("RawClicksUri"));
    let bounds = "ActionDateStart=2026-11-21T15:00:00.000Z&ActionDateEnd=2026-11-23T14:59:59.999Z";
    assert!(of("ActionsUri").contains(bounds), "{}", of("ActionsUri"));
}

#[test]
fn reports_that_keep_no_hours_take_no_zone() {
    let ads = "att_adv_performance_by_ad_pm_only";
    let Err(ReportError::Invalid(errors)) = ask(ads, "TimeZone=UTC", &[]) else {
        panic!("it is answered")
    };
    let said = errors[0].to_string();
    assert!(
        said.starts_with("TimeZone: does not apply to this report; ask Performance by Partner")
    );
    assert!(said.contains("Click Data"), "{said}");
}

/// The list takes 45 days of the program's zone, and such days may be an hour less than the zone's.
#[test]
fn actions_are_linked_where_a_list_takes_as_many_days() {
    for (days, is_linked) in [("2026-10-02", true), ("2026-10-01", false)] {
        let query = format!("TimeZone=Europe/Berlin&StartDate={days}&EndDate=2026-11-14");
        let answer = ask(PARTNER, &query, &[20 * 24]).unwrap();
        let row = &answer["Records"][0];
        assert_eq!(row["ActionsUri"].is_string(), is_linked, "{row}");
        assert!(row["RawClicksUri"].is_string(), "{row}");
    }
}
