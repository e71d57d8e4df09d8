//! Days and months of a zone's calendar, where they decide about money or what a report covers.
//!
//! In: an instant or a day, and a zone. Out: an instant, a day or a place in the week. Pure; times
//! beyond the calendar have no answer.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{Day, Millis};

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The zone with exactly this IANA name.
#[must_use]
pub fn zone_named(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok();
    zone.filter(|zone| zone.iana_name() == Some(name))
}

/// The date of a day.
#[must_use]
pub fn date(day: Day) -> Option<Date> {
    EPOCH
        .checked_add(Span::new().days(day.0.clamp(-700_000, 2_900_000)))
        .ok()
}

/// The day of a date.
#[must_use]
pub fn day_of(date: Date) -> Option<Day> {
    EPOCH.until(date).ok().map(|since| Day(since.get_days()))
}

/// The first instant of a day.
#[must_use]
pub fn day_start(day: Day, zone: &TimeZone) -> Option<Millis> {
    first_instant(date(day)?, zone)
}

/// What the calendar and the clock of `zone` show at `at`.
#[must_use]
pub fn local(at: Millis, zone: &TimeZone) -> Option<DateTime> {
    let timestamp = Timestamp::from_millisecond(at.0).ok()?;
    Some(zone.to_datetime(timestamp))
}

/// Midnight at the start of `date`, or the first instant after it when the clock skips midnight.
#[must_use]
pub fn first_instant(date: Date, zone: &TimeZone) -> Option<Millis> {
    let at = date.to_zoned(zone.clone()).ok()?;
    Some(Millis(at.timestamp().as_millisecond()))
}

/// The first instant after `days` whole days that follow the end of the month which is `months`
/// after the month of `at`.
#[must_use]
pub fn after_month_end(at: Millis, zone: &TimeZone, months: u8, days: u16) -> Option<Millis> {
    let first = local(at, zone)?.date().first_of_month();
    let span = Span::new().months(i64::from(months) + 1);
    let date = first.checked_add(span).ok()?;
    let date = date.checked_add(Span::new().days(i64::from(days))).ok()?;
    first_instant(date, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn a_month_ends_in_the_zones_calendar() {
        for (zone, action, months, days, first) in [
            // A January action locks as 28 February ends.
            ("UTC", "2026-01-01T00:00:00Z", 1, 0, "2026-03-01T00:00:00Z"),
            (
                "UTC",
                "2026-01-31T23:59:59.999Z",
                1,
                0,
                "2026-03-01T00:00:00Z",
            ),
            ("UTC", "2024-01-31T12:00:00Z", 1, 0, "2024-03-01T00:00:00Z"),
            ("UTC", "2026-01-15T00:00:00Z", 0, 0, "2026-02-01T00:00:00Z"),
            ("UTC", "2026-01-15T00:00:00Z", 0, 1, "2026-02-02T00:00:00Z"),
            ("UTC", "2024-01-15T00:00:00Z", 0, 29, "2024-03-01T00:00:00Z"),
            ("UTC", "2026-12-31T00:00:00Z", 3, 15, "2027-04-16T00:00:00Z"),
            // The month is the zone's own.
            (
                "Asia/Tokyo",
                "2026-01-31T15:00:00Z",
                1,
                0,
                "2026-03-31T15:00:00Z",
            ),
            (
                "Asia/Kolkata",
                "2026-01-31T18:29:59Z",
                1,
                0,
                "2026-02-28T18:30:00Z",
            ),
            // The clocks change between.
            (
                "America/New_York",
                "2026-02-01T05:00:00Z",
                1,
                0,
                "2026-04-01T04:00:00Z",
            ),
            // The clock skips that midnight.
            (
                "America/Santiago",
                "2024-07-15T00:00:00Z",
                0,
                38,
                "2024-09-08T04:00:00Z",
            ),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            let found = after_month_end(at(action), &zone, months, days);
            assert_eq!(found, Some(at(first)), "{action} {months} {days}");
        }
    }

    #[test]
    fn times_beyond_the_calendar_have_no_answer() {
        for millis in [i64::MIN, i64::MAX] {
            assert_eq!(local(Millis(millis), &TimeZone::UTC), None);
            assert_eq!(after_month_end(Millis(millis), &TimeZone::UTC, 1, 0), None);
        }
        let last = at("9999-12-01T00:00:00Z");
        assert_eq!(after_month_end(last, &TimeZone::UTC, 1, 0), None);
    }
}
