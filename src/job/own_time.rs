//! The own time of a row: when it happened, whatever the clock says when it is read.
//!
//! A time must be certain by itself, since a file has no zone: ISO 8601 with an offset, or Unix
//! time. Seconds have 9 or 10 digits and milliseconds 12 or 13, which is all of the years 2000 to
//! 2286 and leaves nothing to guess.

use jiff::tz::TimeZone;

use crate::conversion::event_date;
use crate::model::submission::EventTime;
use crate::model::time::{Millis, SECOND};

/// The first moment a row may be dated: the start of the year 2000.
const FIRST: i64 = 946_684_800_000;

const ALLOWED: &str = "send ISO 8601 with an offset such as 2017-11-07T09:30Z or \
    2017-11-07T10:30:00+01:00, or Unix time in seconds (9 or 10 digits) or milliseconds \
    (12 or 13 digits), from the year 2000 on";

/// When a row happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTime {
    /// The first millisecond that was meant.
    pub start: Millis,
    /// The text as an `EventDate` of the Conversions API: ISO text as sent, Unix time as ISO with
    /// the precision it has.
    pub text: String,
}

/// Reads an own time.
///
/// # Errors
/// A sentence with what is wrong and what is allowed.
pub fn read(text: &str) -> Result<OwnTime, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return unix(text).ok_or_else(|| format!("is no Unix time; {ALLOWED}"));
    }
    let clock = text.get(10..).unwrap_or_default();
    let event = event_date::parse(text, &TimeZone::UTC, Millis(i64::MAX));
    let Ok(EventTime::At { start, .. }) = event else {
        return Err(format!("is not a date; {ALLOWED}"));
    };
    if !clock.contains(['Z', 'z', '+', '-']) {
        return Err(format!("has no offset; {ALLOWED}"));
    }
    if start.0 < FIRST {
        return Err(format!("is before the year 2000; {ALLOWED}"));
    }
    Ok(OwnTime {
        start,
        text: text.to_owned(),
    })
}

/// What is wrong with a time that lies further ahead of the clock than clocks differ.
#[must_use]
pub fn ahead(time: Millis, now: Millis) -> Option<String> {
    let is_ahead = time > now.plus(event_date::AHEAD_MAX);
    is_ahead.then(|| format!("is more than 5 minutes ahead of the time here, {now}; {ALLOWED}"))
}

fn unix(digits: &str) -> Option<OwnTime> {
    let number: i64 = digits.parse().ok()?;
    let (millis, decimals) = match digits.len() {
        9 | 10 => (number.checked_mul(SECOND)?, 0),
        12 | 13 => (number, 3),
        _ => return None,
    };
    let at = jiff::Timestamp::from_millisecond(millis).ok()?;
    (millis >= FIRST).then(|| OwnTime {
        start: Millis(millis),
        text: format!("{at:.decimals$}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> (String, String) {
        let time = read(text).unwrap();
        (time.start.to_string(), time.text)
    }

    #[test]
    fn times_with_an_offset_are_kept_as_sent() {
        for (text, start) in [
            ("2017-11-07T09:30Z", "2017-11-07T09:30:00.000Z"),
            ("2017-11-07 09:30:05z", "2017-11-07T09:30:05.000Z"),
            ("2017-11-07T09:30:05.25+01:00", "2017-11-07T08:30:05.250Z"),
            ("2017-11-07T09:30-0330", "2017-11-07T13:00:00.000Z"),
        ] {
            assert_eq!(ok(text), (start.to_owned(), text.to_owned()));
        }
    }

    #[test]
    fn unix_time_becomes_iso_text_of_its_precision() {
        for (text, start, iso) in [
            (
                "1510047000",
                "2017-11-07T09:30:00.000Z",
                "2017-11-07T09:30:00Z",
            ),
            (
                "1510047000250",
                "2017-11-07T09:30:00.250Z",
                "2017-11-07T09:30:00.250Z",
            ),
            (
                "946684800",
                "2000-01-01T00:00:00.000Z",
                "2000-01-01T00:00:00Z",
            ),
            (
                "946684800000",
                "2000-01-01T00:00:00.000Z",
                "2000-01-01T00:00:00.000Z",
            ),
        ] {
            assert_eq!(ok(text), (start.to_owned(), iso.to_owned()), "{text}");
            let again = read(iso).unwrap();
            assert_eq!(again.start, read(text).unwrap().start, "{text}");
        }
    }

    #[test]
    fn the_future_begins_five_minutes_ahead() {
        let now = Millis(1_510_047_000_000);
        assert_eq!(ahead(now.plus(5 * 60 * SECOND), now), None);
        let said = ahead(now.plus(5 * 60 * SECOND + 1), now).unwrap();
        assert!(said.contains("2017-11-07T09:30:00.000Z"), "{said}");
    }

    #[test]
    fn what_needs_a_guess_is_refused() {
        for (text, why) in [
            ("", "not a date"),
            ("NOW", "not a date"),
            ("2017-11-07", "no offset"),
            ("2017-11-07T09:30", "no offset"),
            ("2017-11-07T09:30:00.5", "no offset"),
            ("2017-11-07 9:30", "not a date"),
            ("2017-02-30T09:30Z", "not a date"),
            ("1999-12-31T23:59:59Z", "not a date"),
            ("2000-01-01T00:00+01:00", "before the year 2000"),
            ("946684799", "no Unix time"),
            ("15100470000", "no Unix time"),
            ("99999999", "no Unix time"),
            ("15100470000000", "no Unix time"),
            ("-1510047000", "not a date"),
            ("1510047000.5", "not a date"),
            ("é".repeat(8).as_str(), "not a date"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(why), "{text}: {message}");
            assert!(message.contains("2017-11-07T09:30Z"), "{text}: {message}");
        }
    }
}
