//! Stretches of time that rows gather, and the columns that name them.

use crate::model::time::Day;
use crate::model::time::calendar::date;

use super::dimension::{Attribute, AttributeKind};

/// How days are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Each calendar day.
    Day,
    /// Weeks from Monday to Sunday.
    Week,
    /// Calendar months.
    Month,
}

const DAY: &[Attribute] = &[Attribute {
    name: "Day",
    kind: AttributeKind::Day,
    help: "Calendar day in the program's time zone.",
}];

const WEEK: &[Attribute] = &[Attribute {
    name: "Week",
    kind: AttributeKind::Day,
    help: "Monday that begins the week, in the program's time zone.",
}];

const MONTH: &[Attribute] = &[Attribute {
    name: "Month",
    kind: AttributeKind::Day,
    help: "First day of the month, in the program's time zone.",
}];

impl Bucket {
    /// The first day of the stretch that holds `day`.
    #[must_use]
    pub fn first(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            // Day 0 was a Thursday.
            Self::Week => Day(day.0.saturating_sub(day.0.saturating_add(3).rem_euclid(7))),
            Self::Month => date(day).map_or(day, |date| {
                Day(day.0.saturating_sub(i32::from(date.day()) - 1))
            }),
        }
    }

    /// The last day of the stretch that begins with `first`.
    #[must_use]
    pub fn last(self, first: Day) -> Day {
        let after = match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => date(first).map_or(0, |date| i32::from(date.days_in_month()) - 1),
        };
        Day(first.0.saturating_add(after))
    }

    /// Whether it may hold one day of a week and not the others.
    #[must_use]
    pub const fn parts_weeks(self) -> bool {
        !matches!(self, Self::Week)
    }

    /// The column that names a stretch.
    pub(super) const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Day => DAY,
            Self::Week => WEEK,
            Self::Month => MONTH,
        }
    }

    /// What a stretch is, in words.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}
