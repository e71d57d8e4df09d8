//! What arrived, as reports show it.

use crate::conversion::fixture;
use crate::derived::{Cell, DerivedError, TakeCell, Watermark};
use crate::model::arrival::Stream;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::MINUTE;
use crate::registry::ledger;
use crate::report::*;

use super::asked::{NOW, both};

/// What arrived so many minutes ago each, and how many of it were refused as invalid.
struct Arrived(Vec<(i64, Stream, i128, i128)>);

impl Source for Arrived {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        for (ago, stream, stored, invalid) in &self.0 {
            let at = NOW.plus(-ago * MINUTE);
            if !wanted.days.contains(&at.utc_day()) {
                continue;
            }
            let mut tally = Tally::default();
            tally.add(Stored::Received, stored + invalid);
            tally.add(Stored::Recorded, *stored);
            tally.add(Stored::Refused, *invalid);
            tally.add(Stored::RefusedInvalid, *invalid);
            take(&Cell {
                program: ProgramId(1000),
                day: at.utc_day(),
                partner: PartnerId::UNKNOWN,
                facet: Facet::Number(ledger::facet(at, *stream)),
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

fn csv(handle: &str, more: &str) -> Result<String, ReportError> {
    let arrived = Arrived(vec![
        (0, Stream::Conversion, 4, 1),
        (0, Stream::Click, 9, 0),
        (1, Stream::Click, 3, 0),
        (24 * 60, Stream::Click, 2, 0),
    ]);
    let (_, csv) = both(&fixture::catalog(), &arrived, handle, more)?;
    Ok(csv)
}

#[test]
fn arrivals_are_added_up_by_day_and_shown_by_minute() {
    let by_day = csv(ledger::BY_DAY.handle, "").unwrap();
    assert_eq!(
        by_day.lines().collect::<Vec<_>>(),
        [
            "Day,Stream,Received,Stored,Unrecorded,Refused,RefusedInvalid,RefusedRetry,\
             RefusedUnavailable,RefusedNoConsent",
            "2026-11-21,Clicks,2,2,0,0,0,0,0,0",
            "2026-11-22,Clicks,12,12,0,0,0,0,0,0",
            "2026-11-22,Conversions,5,4,0,1,1,0,0,0",
        ]
    );
    let by_minute = csv(
        ledger::BY_MINUTE.handle,
        "&StartDate=2026-11-21&SortBy=-Minute",
    )
    .unwrap();
    let rows: Vec<&str> = by_minute.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "2026-11-22T18:00:00.000Z,Conversions,5,4,0,1,1,0,0,0",
            "2026-11-22T18:00:00.000Z,Clicks,9,9,0,0,0,0,0,0",
            "2026-11-22T17:59:00.000Z,Clicks,3,3,0,0,0,0,0,0",
            "2026-11-21T18:00:00.000Z,Clicks,2,2,0,0,0,0,0,0",
        ]
    );
}

#[test]
fn the_ledger_knows_no_partner_and_no_other_days() {
    for (parameter, handle) in [
        ("MediaId", ledger::BY_DAY.handle),
        ("MediaId", ledger::BY_MINUTE.handle),
        ("Compare", ledger::BY_MINUTE.handle),
    ] {
        let Err(ReportError::Invalid(errors)) = csv(handle, &format!("&{parameter}=7")) else {
            panic!("it is answered")
        };
        assert_eq!(errors[0].field, parameter);
    }
}

#[test]
fn minutes_are_of_today_unless_days_are_named_and_of_a_month_at_most() {
    let today = csv(ledger::BY_MINUTE.handle, "").unwrap();
    assert_eq!(today.lines().count(), 4, "{today}");
    let days = |from| format!("&StartDate={from}&EndDate=2026-11-22");
    assert!(csv(ledger::BY_MINUTE.handle, &days("2026-10-23")).is_ok());
    let long = csv(ledger::BY_MINUTE.handle, &days("2026-10-22"));
    let Err(ReportError::Invalid(errors)) = long else {
        panic!("it is answered")
    };
    assert_eq!(
        errors[0].to_string(),
        "EndDate: is 32 days after StartDate; at most 31 are read"
    );
    assert!(csv(ledger::BY_DAY.handle, &days("2026-10-22")).is_ok());
}
