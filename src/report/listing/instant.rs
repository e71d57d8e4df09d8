//! Instants as a query names them, and as an answer shows them.
//!
//! A time without offset, and a day, are those of the program's zone. A first instant is the
//! beginning of what was named, a last one its end: `23:59:59` reaches to the end of that second,
//! so that ranges which follow each other leave nothing out.

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::model::time::calendar::first_instant;
use crate::model::time::{MINUTE, Millis, SECOND};

use super::super::parameters::shown;

/// Longest text that is read, in bytes.
const TEXT_BYTES_MAX: usize = 40;

/// The instants that a text names, from the first to the last.
///
/// # Errors
/// What is wrong and what is allowed.
pub fn read(text: &str, zone: &TimeZone) -> Result<(Millis, Millis), String> {
    span(text, zone).ok_or_else(|| {
        format!(
            "is `{}`; a time such as 2026-01-31T15:04:05Z or 2026-01-31T15:04:05%2B01:00, or a \
             day, from 2000 to 2099 is allowed",
            shown(text)
        )
    })
}

fn span(text: &str, zone: &TimeZone) -> Option<(Millis, Millis)> {
    let (date, rest) = text.split_at_checked(10)?;
    let is_date = date.bytes().enumerate().all(|(i, byte)| match i {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let date: Date = date.parse().ok().filter(|_| is_date)?;
    if text.len() > TEXT_BYTES_MAX || !(2000..=2099).contains(&date.year()) {
        return None;
    }
    if rest.is_empty() {
        let next = date.tomorrow().ok()?;
        let end = first_instant(next, zone)?.plus(-1);
        return Some((first_instant(date, zone)?, end));
    }
    let pieces = Pieces::parse(text).ok()?;
    if !rest.starts_with(['T', 't', ' ']) || pieces.time_zone_annotation().is_some() {
        return None;
    }
    let local = DateTime::from_parts(date, pieces.time()?);
    let at = match pieces.to_numeric_offset() {
        Some(offset) => offset.to_timestamp(local).ok()?,
        None => zone
            .to_ambiguous_zoned(local)
            .compatible()
            .ok()?
            .timestamp(),
    };
    let at = Millis(at.as_millisecond());
    Some((at, at.plus(unit(rest) - 1)))
}

/// The smallest unit of time that is written, in milliseconds.
fn unit(time: &str) -> i64 {
    let clock = time.get(1..).unwrap_or_default();
    let clock = clock.split(['Z', 'z', '+', '-']).next().unwrap_or_default();
    if clock.contains(['.', ',']) {
        return 1;
    }
    match clock.bytes().filter(|byte| *byte == b':').count() {
        1 => MINUTE,
        2 => SECOND,
        _ => 1,
    }
}

/// `at` moved by whole days or years of the calendar of `zone`.
pub(super) fn moved(at: Millis, span: Span, zone: &TimeZone) -> Option<Millis> {
    let zoned = Timestamp::from_millisecond(at.0)
        .ok()?
        .to_zoned(zone.clone());
    let moved = zoned.checked_add(span).ok()?;
    Some(Millis(moved.timestamp().as_millisecond()))
}

/// `at` as an answer shows it: to the second, with the offset of `zone`.
pub(super) fn shown_in(zone: &TimeZone, at: Millis) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(
        |_| at.to_string(),
        |at| {
            let zoned = at.to_zoned(zone.clone());
            zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_york() -> TimeZone {
        TimeZone::get("America/New_York").unwrap()
    }

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn what_was_named_is_meant_whole() {
        for (text, first, last) in [
            (
                "2026-01-31T23:59:59Z",
                "2026-01-31T23:59:59Z",
                "2026-01-31T23:59:59.999Z",
            ),
            (
                "2026-01-31T15:04:05.250+01:00",
                "2026-01-31T14:04:05.250Z",
                "2026-01-31T14:04:05.250Z",
            ),
            (
                "2026-01-31T15:04-05:00",
                "2026-01-31T20:04:00Z",
                "2026-01-31T20:04:59.999Z",
            ),
            // Without offset it is New York's time.
            (
                "2026-01-31 15:04:05",
                "2026-01-31T20:04:05Z",
                "2026-01-31T20:04:05.999Z",
            ),
            (
                "2026-01-31",
                "2026-01-31T05:00:00Z",
                "2026-02-01T04:59:59.999Z",
            ),
            // 23 hours long.
            (
                "2026-03-08",
                "2026-03-08T05:00:00Z",
                "2026-03-09T03:59:59.999Z",
            ),
        ] {
            let found = read(text, &new_york());
            assert_eq!(found, Ok((at(first), at(last))), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_instant() {
        for text in [
            "",
            "now",
            "2026-1-31",
            "20260131",
            "2026-02-30",
            "1999-12-31",
            "2100-01-01",
            "2026-01-31T",
            "2026-01-31T25:00:00Z",
            "2026-01-31T15:04:05 01:00",
            "2026-01-31T15:04:05Z[Europe/Berlin]",
            "2026-01-31x15:04:05Z",
            "2026-01-31T15:04:05.000000000000000000000000Z",
            "éééééé",
        ] {
            let message = read(text, &new_york()).unwrap_err();
            assert!(
                message.contains("2026-01-31T15:04:05Z"),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn an_instant_is_shown_with_the_offset_of_its_day() {
        for (time, shown) in [
            ("2026-01-31T20:04:05.999Z", "2026-01-31T15:04:05-05:00"),
            ("2026-07-31T20:04:05Z", "2026-07-31T16:04:05-04:00"),
        ] {
            assert_eq!(shown_in(&new_york(), at(time)), shown);
        }
        assert_eq!(
            shown_in(&TimeZone::UTC, Millis(0)),
            "1970-01-01T00:00:00+00:00"
        );
    }
}
