//! A query that can be answered: what to read, how to sort it, which page to show.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;

use super::super::clicks::Asked;
use super::super::days;
use super::sort::Sort;
use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::model::currency::Currency;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::calendar::day_of;
use crate::model::time::{Day, Millis};
use crate::registry::dimension::day_text;
use crate::registry::show::Show;

/// A query that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The one program asked for.
    pub program: Option<ProgramId>,
    /// The programs to read, all of one currency.
    pub programs: Vec<ProgramId>,
    /// Their currency; none when there is no program.
    pub currency: Option<Currency>,
    /// The one partner asked for.
    pub partner: Option<PartnerId>,
    /// The one value of the report's facet asked for.
    pub facet: Option<Facet>,
    /// The one group of partners asked for.
    pub group: Option<Box<str>>,
    /// Fewest unique clicks of a row.
    pub min_clicks: u32,
    /// Fewest actions of a row.
    pub min_actions: u32,
    /// The earlier days that figures are compared with.
    pub compare: Option<Compare>,
    /// Whether steps of paths that repeat the one before are left out, if the query says so.
    pub collapse: Option<bool>,
    /// The columns to add, in their order.
    pub show: Vec<Show>,
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
    /// Whose days they are; each program's own without it.
    pub zone: Option<TimeZone>,
    /// Order of the rows; by the row's number when absent.
    pub sort: Option<Sort>,
    /// Number of the page, from 1.
    pub page: u32,
    /// Rows of a page.
    pub page_size: u32,
    /// The state of the figures that a link was made from.
    pub as_of: Option<Slot>,
    /// Form of the answer, if the query names one.
    pub format: Option<Format>,
    /// What only listings of clicks ask for.
    pub clicks: Asked,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Paging attributes and records.
    Json,
    /// A line of column names and one for each row.
    Csv,
}

impl Query {
    /// Whether a row with these sums has as many clicks and actions as are asked for.
    #[must_use]
    pub fn takes(&self, tally: &Tally) -> bool {
        tally.get(Stored::Clicks) >= self.min_clicks.into()
            && tally.get(Stored::Actions) >= self.min_actions.into()
    }

    /// Whether the last day was over at `at`, in the zone of every program.
    #[must_use]
    pub fn was_over(&self, catalog: &Catalog, at: Millis) -> bool {
        let programs = self.programs.iter().map(|id| catalog.program(*id));
        programs
            .map(|program| days::today(self.zone_of(program?), at))
            .all(|today| today.is_some_and(|today| self.end < today))
    }

    /// The zone whose days of a program are meant.
    #[must_use]
    pub fn zone_of<'a>(&'a self, program: &'a Program) -> &'a TimeZone {
        self.zone.as_ref().unwrap_or(&program.time_zone)
    }

    /// Whether both ask for the same rows in the same order, whatever the page.
    #[must_use]
    pub fn same_rows(&self, other: &Self) -> bool {
        let whole = |query: &Self| Self {
            page: 1,
            page_size: 1,
            as_of: None,
            format: None,
            ..query.clone()
        };
        whole(self) == whole(other)
    }
}

/// Every form of an answer, with the word that asks for it.
pub const FORMATS: &[(Format, &str)] = &[(Format::Json, "JSON"), (Format::Csv, "CSV")];

/// Whether a column is there, with the words that say so.
pub(super) const SWITCHES: &[(bool, &str)] =
    &[(true, "1"), (true, "TRUE"), (false, "0"), (false, "FALSE")];

/// The earlier days that figures are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// As many days, up to the day before the first one.
    PreviousPeriod,
    /// The same days of the calendar, a year earlier; 29 February is compared with the 28th.
    PreviousYear,
}

/// Every comparison, with the word that asks for it.
pub const COMPARES: &[(Compare, &str)] = &[
    (Compare::PreviousPeriod, "PREVIOUS_PERIOD"),
    (Compare::PreviousYear, "PREVIOUS_YEAR"),
];

/// Whether repeats are left out of paths, with the word that asks for it.
pub const COLLAPSES: &[(bool, &str)] = &[(true, "TRUE"), (false, "FALSE")];

impl Compare {
    /// The days that those from `start` to `end` are compared with.
    #[must_use]
    pub fn days(self, start: Day, end: Day) -> RangeInclusive<Day> {
        match self {
            Self::PreviousPeriod => {
                let length = end.0.saturating_sub(start.0).saturating_add(1);
                Day(start.0.saturating_sub(length))..=Day(start.0.saturating_sub(1))
            }
            Self::PreviousYear => year_before(start)..=year_before(end),
        }
    }
}

fn year_before(day: Day) -> Day {
    let date: Option<jiff::civil::Date> = day_text(day).parse().ok();
    let before = date.and_then(|date| date.checked_sub(jiff::Span::new().years(1)).ok());
    before
        .and_then(day_of)
        .unwrap_or_else(|| Day(day.0.saturating_sub(365)))
}
