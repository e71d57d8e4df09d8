//! Which calendar day a time falls on in a program's zone.
//!
//! Reports count by the program's own days. Asking the zone for every click would be the dearest
//! part of the fold, so the answer is remembered per program and UTC hour where the whole hour
//! lies on one day; only in hours that hold a midnight or a change of offset is each time asked.

use ahash::AHashMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::catalog::snapshot::Program;
use crate::model::id::ProgramId;
use crate::model::time::{Day, HOUR, Millis, SECOND};

/// Hours remembered; beyond that all are forgotten.
const REMEMBERED_MAX: usize = 16_384;

/// The day of `at` in `zone`. Times that the calendar does not reach count by UTC.
pub(super) fn day_in(zone: &TimeZone, at: Millis) -> Day {
    let Ok(timestamp) = Timestamp::from_millisecond(at.0) else {
        return at.utc_day();
    };
    let offset = i64::from(zone.to_offset(timestamp).seconds());
    at.plus(offset * SECOND).utc_day()
}

/// Remembers the days of whole hours. Emptied when the catalogue changes.
#[derive(Debug, Default)]
pub(super) struct Days {
    /// The day of every time in the hour; `None` when the hour holds more than one.
    hours: AHashMap<(ProgramId, i64), Option<Day>>,
    last: Option<(ProgramId, i64, Day)>,
}

impl Days {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.hours.clear();
        self.last = None;
    }

    /// The day of `at` by the calendar of a program; by UTC where there is none.
    pub(super) fn day(&mut self, program: Option<&Program>, id: ProgramId, at: Millis) -> Day {
        match program {
            Some(program) => self.of(id, &program.time_zone, at),
            None => at.utc_day(),
        }
    }

    /// The day of `at` in the zone of `program`.
    pub(super) fn of(&mut self, program: ProgramId, zone: &TimeZone, at: Millis) -> Day {
        let hour = at.0.div_euclid(HOUR);
        if let Some((last_program, last_hour, day)) = self.last
            && last_program == program
            && last_hour == hour
        {
            return day;
        }
        if self.hours.len() >= REMEMBERED_MAX {
            self.hours.clear();
        }
        let whole = *self
            .hours
            .entry((program, hour))
            .or_insert_with(|| whole_hour(zone, hour));
        match whole {
            Some(day) => {
                self.last = Some((program, hour, day));
                day
            }
            None => day_in(zone, at),
        }
    }
}

fn whole_hour(zone: &TimeZone, hour: i64) -> Option<Day> {
    let first = Millis(hour.saturating_mul(HOUR));
    let last = first.plus(HOUR - 1);
    let before = Timestamp::from_millisecond(first.0.saturating_sub(1)).ok()?;
    let end = Timestamp::from_millisecond(last.0).ok()?;
    let changes = zone
        .following(before)
        .next()
        .is_some_and(|change| change.timestamp() <= end);
    let day = day_in(zone, first);
    (!changes && day == day_in(zone, last)).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: ProgramId = ProgramId(1);

    fn millis(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    /// The day by the calendar's own arithmetic.
    fn by_calendar(zone: &TimeZone, at: Millis) -> Day {
        let date = zone
            .to_datetime(Timestamp::from_millisecond(at.0).unwrap())
            .date();
        let span = jiff::civil::date(1970, 1, 1).until(date).unwrap();
        Day(span.get_days())
    }

    #[test]
    fn every_minute_around_a_change_has_the_calendars_day() {
        for (zone, from) in [
            ("America/New_York", "2026-03-08T00:00:00Z"), // clocks go forward
            ("America/New_York", "2026-11-01T00:00:00Z"), // clocks go back
            ("Asia/Kolkata", "2026-05-01T00:00:00Z"),     // half an hour off
            ("Asia/Kathmandu", "2026-05-01T00:00:00Z"),   // 45 minutes off
            ("Pacific/Apia", "2011-12-29T00:00:00Z"),     // a day is left out
            ("America/Havana", "2026-03-08T00:00:00Z"),   // midnight itself is left out
            ("America/Havana", "2026-11-01T00:00:00Z"),   // midnight comes twice nearly
            ("America/Toronto", "1987-10-25T00:00:00Z"),  // a minute past midnight, in those years
            ("America/St_Johns", "2010-11-07T00:00:00Z"), // back over midnight at 00:01
            ("UTC", "2026-05-01T00:00:00Z"),
        ] {
            let tz = TimeZone::get(zone).unwrap();
            let mut days = Days::default();
            for minute in 0..72 * 60 {
                for extra in [0, 59_999] {
                    let at = millis(from).plus(minute * 60_000 + extra);
                    let expected = by_calendar(&tz, at);
                    assert_eq!(days.of(PROGRAM, &tz, at), expected, "{zone} {at}");
                    assert_eq!(day_in(&tz, at), expected, "{zone} {at}");
                }
            }
        }
    }

    #[test]
    fn programs_do_not_share_days() {
        let (east, west) = (
            TimeZone::get("Pacific/Kiritimati").unwrap(),
            TimeZone::get("Pacific/Pago_Pago").unwrap(),
        );
        let mut days = Days::default();
        let at = millis("2026-05-01T12:30:00Z");
        let both = [
            days.of(ProgramId(1), &east, at),
            days.of(ProgramId(2), &west, at),
            days.of(ProgramId(1), &east, at),
        ];
        assert_eq!(both, [Day(20_575), Day(20_574), Day(20_575)]);
        days.clear();
        assert_eq!(days.of(ProgramId(1), &west, at), Day(20_574));
    }

    #[test]
    fn times_beyond_the_calendar_count_by_utc() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let mut days = Days::default();
        for at in [Millis(i64::MAX), Millis(i64::MIN)] {
            assert_eq!(days.of(PROGRAM, &zone, at), at.utc_day());
        }
    }
}
