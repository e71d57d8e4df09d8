//! The periods in which limits start anew.

use jiff::Span;
use jiff::civil::Date;

use crate::catalog::snapshot::Period;
use crate::model::time::Day;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The first day of the period that `day` lies in; every day of a contract lies in one.
pub(super) fn first_day(period: Period, day: Day) -> Day {
    let span = Span::new().try_days(day.0);
    let Ok(date) = span.and_then(|span| EPOCH.checked_add(span)) else {
        return day;
    };
    let first = match period {
        Period::Day => return day,
        Period::Contract => return Day(0),
        Period::Week => {
            let days = date.weekday().to_monday_zero_offset();
            return Day(day.0.saturating_sub(days.into()));
        }
        Period::Month => date.first_of_month(),
        Period::Quarter => {
            let month = (date.month() - 1) / 3 * 3 + 1;
            let quarter = date.with().month(month).day(1).build();
            quarter.unwrap_or_else(|_| date.first_of_month())
        }
    };
    let span = EPOCH.until(first);
    span.map_or(day, |span| Day(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        let date: Date = text.parse().unwrap();
        Day(EPOCH.until(date).unwrap().get_days())
    }

    #[test]
    fn a_period_begins_on_its_first_day_and_a_week_on_monday() {
        for (period, rows) in [
            (Period::Day, &[("2026-11-25", "2026-11-25")][..]),
            (
                Period::Week,
                &[
                    ("2026-11-22", "2026-11-16"), // a Sunday
                    ("2026-11-23", "2026-11-23"),
                    ("2026-11-29", "2026-11-23"),
                    ("2026-11-30", "2026-11-30"),
                    ("2027-01-01", "2026-12-28"),
                ],
            ),
            (
                Period::Month,
                &[
                    ("2024-02-29", "2024-02-01"),
                    ("2026-12-01", "2026-12-01"),
                    ("2026-12-31", "2026-12-01"),
                ],
            ),
            (
                Period::Quarter,
                &[
                    ("2026-03-31", "2026-01-01"),
                    ("2026-04-01", "2026-04-01"),
                    ("2026-09-30", "2026-07-01"),
                    ("2026-12-31", "2026-10-01"),
                ],
            ),
            (
                Period::Contract,
                &[("2026-03-31", "1970-01-01"), ("1969-12-31", "1970-01-01")],
            ),
        ] {
            for (at, first) in rows {
                assert_eq!(first_day(period, day(at)), day(first), "{period:?} {at}");
            }
        }
        // Beyond the calendar a period is a day.
        let last = Day(i32::MAX);
        assert_eq!(first_day(Period::Month, last), last);
    }
}
