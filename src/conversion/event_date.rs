//! `EventDate`: `NOW`, or an ISO 8601 date with or without time and offset.
//!
//! A time without offset is in the program's zone. A local time that a change of the clocks skips
//! counts as the same time after the change was made by as much; one that happens twice means
//! both, so its precision reaches from the first to the end of the second. A day is as long as it
//! is in the program's zone (23 to 25 hours).

use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::model::submission::EventTime;
use crate::model::time::{MINUTE, Millis, SECOND};

/// How far ahead of the daemon's clock an event may be dated.
pub const AHEAD_MAX: i64 = 5 * MINUTE;
/// The first year that an event may be dated in.
const YEAR_MIN: i16 = 2000;

const ALLOWED: &str = "send NOW or ISO 8601 such as 2026-01-31, 2026-01-31T15:04:05Z or \
    2026-01-31T15:04:05.250+01:00 (in a form, write + as %2B)";

/// A date read from text, before its zone is applied.
struct Parts {
    local: DateTime,
    /// Length of the smallest unit given, in milliseconds; nothing for a whole day.
    unit: Option<i64>,
    offset: Option<Offset>,
}

/// Reads `text` at the time `now` for a program in `zone`.
///
/// # Errors
/// A sentence with what is wrong and what is allowed.
pub fn parse(text: &str, zone: &TimeZone, now: Millis) -> Result<EventTime, String> {
    if text.eq_ignore_ascii_case("NOW") {
        return Ok(EventTime::Now);
    }
    let parts = parts(text).ok_or_else(|| format!("is not a date; {ALLOWED}"))?;
    if parts.local.year() < YEAR_MIN {
        return Err(format!("is before the year {YEAR_MIN}; {ALLOWED}"));
    }
    let (start, precision) =
        span(&parts, zone).ok_or_else(|| format!("is out of range; {ALLOWED}"))?;
    if start > now.plus(AHEAD_MAX) {
        return Err(format!(
            "is more than 5 minutes ahead of the time here, {now}; {ALLOWED}"
        ));
    }
    Ok(EventTime::At { start, precision })
}

/// Whether `text` is a date as [`parse`] reads it, whenever it may be; `NOW` is none.
#[must_use]
pub fn is_date(text: &str) -> bool {
    parts(text).is_some()
}

/// First millisecond and length in milliseconds.
fn span(parts: &Parts, zone: &TimeZone) -> Option<(Millis, i64)> {
    let instant = |local: DateTime, offset: Offset| {
        offset
            .to_timestamp(local)
            .ok()
            .map(|at| Millis(at.as_millisecond()))
    };
    if let Some(offset) = parts.offset {
        return Some((instant(parts.local, offset)?, parts.unit?));
    }
    let Some(unit) = parts.unit else {
        let start = day_start(parts.local, zone)?;
        let next = day_start(parts.local.tomorrow().ok()?, zone)?;
        return Some((start, next.since(start)));
    };
    match zone.to_ambiguous_timestamp(parts.local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Some((instant(parts.local, offset)?, unit)),
        AmbiguousOffset::Gap { before, .. } => Some((instant(parts.local, before)?, unit)),
        AmbiguousOffset::Fold { before, after } => {
            let first = instant(parts.local, before)?;
            let second = instant(parts.local, after)?;
            Some((first, second.since(first).saturating_add(unit)))
        }
    }
}

/// The first instant of the day of `local` in `zone`, also where midnight is skipped.
fn day_start(local: DateTime, zone: &TimeZone) -> Option<Millis> {
    let start = local.date().to_zoned(zone.clone()).ok()?;
    Some(Millis(start.timestamp().as_millisecond()))
}

/// Reads the layout `YYYY-MM-DD[Thh:mm[:ss[.f…]][offset]]`.
fn parts(text: &str) -> Option<Parts> {
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = jiff::civil::Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()?;
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then(|| Parts {
            local: date.to_datetime(Time::midnight()),
            unit: None,
            offset: None,
        });
    };
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at_checked(zone_at)?;
    let (time, unit) = clock_time(clock)?;
    Some(Parts {
        local: date.to_datetime(time),
        unit: Some(unit),
        offset: match offset {
            "" => None,
            "Z" | "z" => Some(Offset::UTC),
            text => Some(read_offset(text)?),
        },
    })
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f…` and the length of its smallest unit.
fn clock_time(text: &str) -> Option<(Time, i64)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let time = |hour: u32, minute: u32, second: u32, nanos: i32| {
        Time::new(
            hour.try_into().ok()?,
            minute.try_into().ok()?,
            second.try_into().ok()?,
            nanos,
        )
        .ok()
    };
    if whole.len() == 5 && fraction.is_none() {
        let [hour, minute] = numbers(whole, ':', [2, 2])?;
        return Some((time(hour, minute, 0, 0)?, MINUTE));
    }
    let [hour, minute, second] = numbers(whole, ':', [2, 2, 2])?;
    let Some(fraction) = fraction else {
        return Some((time(hour, minute, second, 0)?, SECOND));
    };
    if !(1..=9).contains(&fraction.len()) {
        return None;
    }
    let millis: String = fraction.chars().chain("00".chars()).take(3).collect();
    let unit = match fraction.len() {
        1 => 100,
        2 => 10,
        _ => 1,
    };
    number(fraction, fraction.len())?;
    let nanos = i32::try_from(number(&millis, 3)?)
        .ok()?
        .checked_mul(1_000_000)?;
    Some((time(hour, minute, second, nanos)?, unit))
}

/// `+hh:mm`, `+hhmm` or `+hh`.
fn read_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, text.strip_prefix('+')?),
        _ => (-1, text.strip_prefix('-')?),
    };
    let [hours, minutes] = match digits.len() {
        2 => [number(digits, 2)?, 0],
        4 => {
            let (hours, minutes) = digits.split_at_checked(2)?;
            [number(hours, 2)?, number(minutes, 2)?]
        }
        _ => numbers(digits, ':', [2, 2])?,
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
    Offset::from_seconds(sign * seconds).ok()
}

/// Exactly `N` numbers of the given digits with `separator` between them.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut out = [0; N];
    let mut pieces = text.split(separator);
    for (to, digits) in out.iter_mut().zip(digits) {
        *to = number(pieces.next()?, digits)?;
    }
    pieces.next().is_none().then_some(out)
}

/// A number of exactly this many ASCII digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{DAY, HOUR};

    fn millis(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn at(text: &str, zone: &str) -> (i64, i64) {
        let zone = TimeZone::get(zone).unwrap();
        match parse(text, &zone, Millis(millis("2030-01-01T00:00:00Z"))) {
            Ok(EventTime::At { start, precision }) => (start.0, precision),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_precision_given_is_kept() {
        let noon = millis("2026-03-01T12:00:00Z");
        for (text, start, precision) in [
            ("2026-03-01T12:00Z", noon, MINUTE),
            ("2026-03-01T12:00:00Z", noon, SECOND),
            ("2026-03-01 12:00:00z", noon, SECOND),
            ("2026-03-01T14:00:00+02:00", noon, SECOND),
            ("2026-03-01T14:00:00+0200", noon, SECOND),
            ("2026-03-01T08:30:00-03:30", noon, SECOND),
            ("2026-03-01T14:00+02", noon, MINUTE),
            ("2026-03-01T12:00:00.5Z", noon + 500, 100),
            ("2026-03-01T12:00:00.25Z", noon + 250, 10),
            ("2026-03-01T12:00:00.123456789Z", noon + 123, 1),
        ] {
            assert_eq!(at(text, "UTC"), (start, precision), "{text}");
        }
    }

    #[test]
    fn times_without_offset_are_the_programs() {
        assert_eq!(
            at("2026-03-01T12:00:00", "America/New_York"),
            (millis("2026-03-01T17:00:00Z"), SECOND)
        );
        assert_eq!(
            at("2026-03-01", "Asia/Tokyo"),
            (millis("2026-02-28T15:00:00Z"), DAY)
        );
    }

    #[test]
    fn days_are_as_long_as_they_are_in_the_zone() {
        assert_eq!(at("2026-03-29", "Europe/Berlin").1, 23 * HOUR);
        assert_eq!(at("2026-10-25", "Europe/Berlin").1, 25 * HOUR);
    }

    #[test]
    fn skipped_times_move_on_and_doubled_times_mean_both() {
        assert_eq!(
            at("2026-03-29T02:30:00", "Europe/Berlin"),
            (millis("2026-03-29T01:30:00Z"), SECOND)
        );
        assert_eq!(
            at("2026-10-25T02:30:00", "Europe/Berlin"),
            (millis("2026-10-25T00:30:00Z"), HOUR + SECOND)
        );
        assert_eq!(
            at("2026-10-25T02:30:00+01:00", "Europe/Berlin"),
            (millis("2026-10-25T01:30:00Z"), SECOND)
        );
    }

    #[test]
    fn the_future_is_refused_after_five_minutes() {
        let now = Millis(millis("2026-03-01T12:00:00Z"));
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let ok = |text| parse(text, &zone, now).is_ok();
        assert!(ok("now") && ok("2026-03-01T12:05:00Z"));
        assert!(!ok("2026-03-01T12:05:00.001Z"));
        // Tokyo is nine hours ahead, so its first of March has begun and its second has not.
        assert!(ok("2026-03-01") && !ok("2026-03-02"));
        let message = parse("2027-01-01", &zone, now).unwrap_err();
        assert!(message.contains("2026-03-01T12:00:00.000Z"), "{message}");
    }

    #[test]
    fn nonsense_is_refused_with_what_is_allowed() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "0000-01-01",
            "1999-12-31",
            "10000-01-01",
            "+2026-01-01",
            "2026-1-1",
            "20260101",
            "01/02/2026",
            "2026-01-01T",
            "2026-01-01T10",
            "2026-01-01T24:00:00",
            "2026-01-01T10:60",
            "2026-01-01T23:59:60",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00.1234567890",
            "2026-01-01T10:00:00,5",
            "2026-01-01T10:00:00+25:00",
            "2026-01-01T10:00:00 02:00",
            "2026-01-01T10:00.5",
            "2026-01-01T10:00:00Z ",
            " 2026-01-01",
            "2026-01-01[Europe/Berlin]",
            "1767225600",
            "2026-01-01T10:00:00+02:60",
            "２０２６-01-01",
            "9999-12-31",
        ] {
            let message = parse(text, &TimeZone::UTC, Millis(0)).unwrap_err();
            assert!(
                message.contains("send NOW or ISO 8601"),
                "{text}: {message}"
            );
        }
    }
}
