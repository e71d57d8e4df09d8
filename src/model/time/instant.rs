//! Points in time and calendar days. Time enters every stage as a parameter of these types.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// One second in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One UTC day in milliseconds (leap seconds do not exist in Unix time).
pub const DAY: i64 = 24 * HOUR;

impl Millis {
    /// This time moved by `millis`, which may be negative; stays at the ends of the range.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time; negative when this time is the earlier one.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC day this time falls on.
    #[must_use]
    pub fn utc_day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(DAY)).unwrap_or(i32::MAX))
    }

    /// The whole hours from 1970-01-01T00:00Z to this time; 0 before that.
    #[must_use]
    pub fn utc_hour(self) -> u32 {
        u32::try_from((self.0 / HOUR).max(0)).unwrap_or(u32::MAX)
    }
}

/// A calendar day as days since 1970-01-01; which zone's calendar is for the holder to know.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The first millisecond of this day in UTC.
    #[must_use]
    pub fn utc_start(self) -> Millis {
        Millis(i64::from(self.0) * DAY)
    }
}

impl fmt::Display for Millis {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_utc_midnight_also_before_1970() {
        assert_eq!(Millis(0).utc_day(), Day(0));
        assert_eq!(Millis(DAY - 1).utc_day(), Day(0));
        assert_eq!(Millis(DAY).utc_day(), Day(1));
        assert_eq!(Millis(-1).utc_day(), Day(-1));
        assert_eq!(Day(-1).utc_start(), Millis(-DAY));
    }

    #[test]
    fn hours_are_counted_from_1970() {
        let hours = [0, HOUR - 1, HOUR, 25 * HOUR + 7, -1, i64::MIN, i64::MAX];
        let hours = hours.map(|at| Millis(at).utc_hour());
        assert_eq!(hours, [0, 0, 1, 25, 0, 0, u32::MAX]);
    }

    #[test]
    fn times_are_shown_as_rfc_3339() {
        assert_eq!(
            Millis(1_577_836_800_123).to_string(),
            "2020-01-01T00:00:00.123Z"
        );
    }
}
