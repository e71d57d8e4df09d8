//! Durations, and the days and instants that bound a period.
//!
//! A period is half-open inside the daemon. A date as its end includes that whole day of the
//! program's calendar; an instant as its end is the first instant outside.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::catalog::problem::{Complaint, quoted};
use crate::model::time::{DAY, HOUR, MINUTE, Millis, SECOND};

/// The longest duration a catalogue may name: ten years.
const DURATION_MAX: i64 = 3_650 * DAY;

/// Milliseconds of a duration such as `30m`, at least 1 s.
pub(in crate::catalog) fn duration(text: &str) -> Result<i64, Complaint> {
    let complaint = |problem: &str| {
        Complaint::new(
            format!("{} {problem}", quoted(text)),
            "a whole number with its unit s, m, h or d, such as 30d, from 1s to 3650d",
        )
    };
    let units = [("s", SECOND), ("m", MINUTE), ("h", HOUR), ("d", DAY)];
    let (digits, unit) = units
        .into_iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)))
        .ok_or_else(|| complaint("has no unit"))?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(complaint("is no duration"));
    }
    let millis = digits
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(unit));
    match millis {
        Some(1..=DURATION_MAX) => Ok(millis.unwrap_or(DURATION_MAX)),
        Some(0) => Err(complaint("is zero")),
        _ => Err(complaint("is too long")),
    }
}

/// The first instant of a period that begins on a date, or at an instant.
pub(in crate::catalog) fn start(text: &str, zone: &TimeZone) -> Result<Millis, Complaint> {
    match date(text)? {
        Some(date) => first_instant(text, date, zone),
        None => instant(text),
    }
}

/// The first instant after a period that ends with a date, or at an instant.
pub(in crate::catalog) fn end(text: &str, zone: &TimeZone) -> Result<Millis, Complaint> {
    match date(text)? {
        Some(date) => first_instant(text, date.tomorrow().map_err(|_| no_date(text))?, zone),
        None => instant(text),
    }
}

fn no_date(text: &str) -> Complaint {
    Complaint::new(
        format!("{} is neither a date nor an instant", quoted(text)),
        "a date such as 2026-01-31, or an instant with its offset such as 2026-01-31T12:00:00Z",
    )
}

/// The date, when `text` has the shape `YYYY-MM-DD`.
fn date(text: &str) -> Result<Option<Date>, Complaint> {
    if text.len() != 10 {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| no_date(text))
}

fn instant(text: &str) -> Result<Millis, Complaint> {
    let shape = text.len() <= 40 && !text.contains(['[', ' ']) && !text.starts_with(['+', '-']);
    text.parse::<Timestamp>()
        .ok()
        .filter(|_| shape)
        .map(|at| Millis(at.as_millisecond()))
        .ok_or_else(|| no_date(text))
}

/// Midnight at the start of `date` in `zone`, or what the clock shows when it skips midnight.
fn first_instant(text: &str, date: Date, zone: &TimeZone) -> Result<Millis, Complaint> {
    date.to_zoned(zone.clone())
        .map(|at| Millis(at.timestamp().as_millisecond()))
        .map_err(|_| no_date(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        for (text, millis) in [("1s", SECOND), ("30m", 30 * MINUTE), ("12h", 12 * HOUR)] {
            assert_eq!(duration(text), Ok(millis), "{text}");
        }
        assert_eq!(duration("3650d"), Ok(DURATION_MAX));
        for text in [
            "",
            "30",
            "d",
            "0s",
            "0d",
            "-1d",
            "+1d",
            "1.5h",
            "1 d",
            "1D",
            "1w",
            "3651d",
            "1d2h",
            "٣d",
            "9223372036854775807d",
            "99999999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn dates_bound_whole_days_of_the_zone() {
        for (zone, first, last, from, to) in [
            (
                "America/New_York",
                "2026-03-08",
                "2026-03-08",
                "2026-03-08T05:00:00Z",
                "2026-03-09T04:00:00Z",
            ),
            (
                "Asia/Tokyo",
                "2026-01-01",
                "2026-12-31",
                "2025-12-31T15:00:00Z",
                "2026-12-31T15:00:00Z",
            ),
            // the clock skips midnight
            (
                "America/Santiago",
                "2024-09-08",
                "2024-09-08",
                "2024-09-08T04:00:00Z",
                "2024-09-09T03:00:00Z",
            ),
            (
                "Europe/Berlin",
                "2026-01-31T12:00:00Z",
                "2026-01-31T13:00:00.5+01:00",
                "2026-01-31T12:00:00Z",
                "2026-01-31T12:00:00.5Z",
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(start(first, &zone), Ok(at(from)), "{first}");
            assert_eq!(end(last, &zone), Ok(at(to)), "{last}");
        }
    }

    #[test]
    fn other_dates_are_refused() {
        for text in [
            "",
            "2026-02-30",
            "2026-13-01",
            "26-01-01",
            "01.02.2026",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00Z[UTC]",
            "2026-01-01T25:00:00Z",
            "-002026-01-01T00:00:00Z",
            "9999-12-31x",
            "now",
        ] {
            assert!(start(text, &TimeZone::UTC).is_err(), "{text}");
            assert!(end(text, &TimeZone::UTC).is_err(), "{text}");
        }
    }
}
