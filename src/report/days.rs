//! The days of a query: which ones, and whose.
//!
//! Sums are kept by each program's own days, and some apart by UTC hours too; days of another zone
//! are made of those hours. So the zone must be whole hours from UTC on every day. Pure.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::catalog::snapshot::Program;
use crate::model::time::calendar::{day_of, day_start, local};
use crate::model::time::{Day, HOUR, Millis, SECOND};
use crate::registry::Report;
use crate::registry::filter::FilterKind;

use super::error::QueryError;
use super::parameters::{Parameters, shown};

/// Days by which the calendars of two zones are apart at most: one may be 14 hours ahead of UTC
/// where the other is 12 behind it.
const APART_MAX: i32 = 2;
/// Hours of a day.
const DAY_HOURS: i64 = 24;

/// Which day of a zone each UTC hour falls on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    days: RangeInclusive<Day>,
    /// How many hours ahead of UTC the zone is from which hour on, in order; the days begin with
    /// the first one.
    offsets: Vec<(i64, i64)>,
}

impl Hours {
    /// Those of these days.
    ///
    /// # Errors
    /// The zone is not whole hours from UTC on all of them.
    pub(super) fn of(zone: &TimeZone, days: RangeInclusive<Day>) -> Result<Self, QueryError> {
        let wrong = || {
            let name = zone.iana_name().unwrap_or_default();
            let message = format!(
                "is `{name}`; sums are kept by UTC hours, so a zone that is whole hours from UTC \
                 on all of these days is allowed"
            );
            QueryError::new("TimeZone", message)
        };
        let offsets = Self::offsets(zone, &days).ok_or_else(wrong)?;
        Ok(Self { days, offsets })
    }

    fn offsets(zone: &TimeZone, days: &RangeInclusive<Day>) -> Option<Vec<(i64, i64)>> {
        let from = Timestamp::from_millisecond(day_start(*days.start(), zone)?.0).ok()?;
        let to = day_start(Day(days.end().0.checked_add(1)?), zone)?.0;
        let first = (from, zone.to_offset(from));
        let changes = zone.following(from).map(|at| (at.timestamp(), at.offset()));
        std::iter::once(first)
            .chain(changes.take_while(|(at, _)| at.as_millisecond() < to))
            .map(|(at, offset)| Some((whole(at.as_second())?, whole(offset.seconds().into())?)))
            .collect()
    }

    /// The days of programs that may hold some of these hours.
    pub(super) fn own_days(&self) -> RangeInclusive<Day> {
        let (first, last) = (self.days.start().0, self.days.end().0);
        Day(first.saturating_sub(APART_MAX))..=Day(last.saturating_add(APART_MAX))
    }

    /// The day that an hour falls on, if it is one of them.
    pub(super) fn day(&self, hour: u32) -> Option<Day> {
        let hour = i64::from(hour);
        let after = self.offsets.partition_point(|(from, _)| *from <= hour);
        let (_, offset) = self.offsets.get(after.checked_sub(1)?)?;
        let day = (hour + offset).div_euclid(DAY_HOURS);
        let day = Day(i32::try_from(day).ok()?);
        self.days.contains(&day).then_some(day)
    }
}

/// So many seconds in hours, if they are whole ones.
fn whole(seconds: i64) -> Option<i64> {
    let hour = HOUR / SECOND;
    (seconds % hour == 0).then_some(seconds / hour)
}

/// First and last day that a query asks for. Without dates the last one is today, in the zone that
/// is furthest ahead when the programs have several.
pub(super) fn asked(
    report: &Report,
    (programs, zone): (&[&Program], Option<&TimeZone>),
    sent: &Parameters,
    now: Millis,
    errors: &mut Vec<QueryError>,
) -> (Day, Day) {
    let problems = errors.len();
    let mut read = |kind, name| match sent.get(kind).map(day) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(message)) => {
            errors.push(QueryError::new(name, message));
            None
        }
    };
    let start = read(FilterKind::Start, "StartDate");
    let end = read(FilterKind::End, "EndDate");
    let today = programs
        .iter()
        .filter_map(|program| today(zone.unwrap_or(&program.time_zone), now))
        .max()
        .unwrap_or_else(|| now.utc_day());
    let end = end.unwrap_or(today);
    let (length, most) = report.days();
    let start = start.unwrap_or_else(|| Day(end.0.saturating_sub(length - 1)));
    if errors.len() == problems {
        let length = end.0.saturating_sub(start.0).saturating_add(1);
        if length < 1 {
            let message = "is after EndDate; the first day comes first";
            errors.push(QueryError::new("StartDate", message));
        } else if length > most {
            let message = format!("is {length} days after StartDate; at most {most} are read");
            errors.push(QueryError::new("EndDate", message));
        }
    }
    (start, end)
}

/// The day of `now` in a zone.
pub(super) fn today(zone: &TimeZone, now: Millis) -> Option<Day> {
    day_of(local(now, zone)?.date())
}

/// The day of `YYYY-MM-DD`, also when a time follows.
fn day(text: &str) -> Result<Day, String> {
    let wrong = || {
        format!(
            "is `{}`; a day such as 2026-01-31 from 2000 to 2099 is allowed",
            shown(text)
        )
    };
    let (date, rest) = text.split_at_checked(10).ok_or_else(wrong)?;
    let layout = date.bytes().enumerate().all(|(i, byte)| match i {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let time = rest.is_empty()
        || (rest.starts_with(['T', 't', ' '])
            && rest.len() <= 30
            && jiff::fmt::temporal::Pieces::parse(text).is_ok_and(|pieces| {
                pieces.time().is_some() && pieces.time_zone_annotation().is_none()
            }));
    let date: Option<jiff::civil::Date> = date.parse().ok();
    date.filter(|date| layout && time && (2000..=2099).contains(&date.year()))
        .and_then(day_of)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        day_of(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn hours_fall_on_the_days_of_the_zones_calendar() {
        for name in [
            "UTC",
            "America/New_York",
            "Europe/Berlin",
            "Pacific/Kiritimati",
            "Pacific/Apia",
            "Etc/GMT+12",
        ] {
            let zone = TimeZone::get(name).unwrap();
            let days = day("2026-01-01")..=day("2026-12-31");
            let hours = Hours::of(&zone, days.clone()).unwrap();
            let own = hours.own_days();
            let mut found = 0;
            for hour in own.start().0 * 24..(own.end().0 + 1) * 24 {
                let at = Timestamp::from_second(i64::from(hour) * 3_600).unwrap();
                let expected = day_of(at.to_zoned(zone.clone()).date()).unwrap();
                let expected = days.contains(&expected).then_some(expected);
                let hour = u32::try_from(hour).unwrap();
                assert_eq!(hours.day(hour), expected, "{name}, {at}");
                found += usize::from(expected.is_some());
            }
            assert_eq!(found, 365 * 24, "{name}");
        }
    }

    #[test]
    fn a_zone_is_whole_hours_from_utc() {
        for (name, from, to, is_whole) in [
            ("Asia/Kolkata", "2026-01-01", "2026-01-01", false),
            ("Australia/Lord_Howe", "2026-01-10", "2026-01-20", true), // 11 hours in summer
            ("Australia/Lord_Howe", "2026-01-10", "2026-05-20", false), // 10 1/2 in winter
            ("Australia/Lord_Howe", "2026-10-05", "2026-10-05", true),
            ("Australia/Lord_Howe", "2026-10-04", "2026-10-05", false),
            ("Asia/Pyongyang", "2018-05-10", "2018-05-12", true),
            ("Asia/Pyongyang", "2018-05-01", "2018-05-12", false), // 8 1/2 up to 5 May
        ] {
            let zone = TimeZone::get(name).unwrap();
            let found = Hours::of(&zone, day(from)..=day(to));
            assert_eq!(found.is_ok(), is_whole, "{name}, {from}");
        }
    }
}
