//! Which clicks a query means. Only those of its page are held.

use std::ops::{ControlFlow, Range, RangeInclusive};

use jiff::tz::TimeZone;

use crate::catalog::snapshot::Program;
use crate::derived::{
    AdjustedKey, AdjustedKind, AdjustedRow, Class, DerivedError, Judged, VerdictKey, View,
};
use crate::model::id::{EventNumber, PartnerId, ProgramId, Slot};
use crate::model::money::Money;
use crate::model::time::calendar::day_start;
use crate::model::time::{Day, Millis};
use crate::registry::click::{LOOKED_MAX, Shown};
use crate::registry::filter::{FILTERS, FilterKind};

use super::super::error::{QueryError, ReportError};
use super::super::listing::{ClickFacts, Facts};
use super::super::page::Page;
use super::super::query::Query;

/// One row of the page.
#[derive(Debug)]
pub(super) enum Hit {
    /// A click, or the adjustment of one.
    Click(Box<ClickHit>),
    /// The adjustment of a settled action.
    Action(AdjustedKey, AdjustedRow),
}

/// A click of the page.
#[derive(Debug)]
pub(super) struct ClickHit {
    pub(super) key: VerdictKey,
    pub(super) judged: Judged,
    /// What the log says of it, where that was asked already.
    pub(super) facts: Option<ClickFacts>,
    /// When it was adjusted and what is paid more, where the row is that of an adjustment.
    pub(super) adjusted: Option<(Millis, Money)>,
}

/// The clicks of one page, and how many there are in all.
pub(super) struct Selection<'a> {
    pub(super) facts: &'a dyn Facts,
    pub(super) query: &'a Query,
    pub(super) shown: Shown,
    /// The last slot whose clicks are shown.
    pub(super) as_of: Slot,
    /// The places of the page among all.
    pub(super) places: Range<usize>,
    pub(super) total: usize,
    pub(super) hits: Vec<Hit>,
    looked: u32,
    failed: Option<ReportError>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(facts: &'a dyn Facts, query: &'a Query, shown: Shown, as_of: Slot) -> Self {
        Self {
            facts,
            query,
            shown,
            as_of,
            places: Page::of(query, usize::MAX).rows,
            total: 0,
            hits: Vec::new(),
            looked: 0,
            failed: None,
        }
    }

    /// Goes through the clicks of a program.
    ///
    /// # Errors
    /// Too many would have to be read from the log, or rows can't be read.
    pub(super) fn program(
        &mut self,
        view: &View<'_>,
        program: &Program,
    ) -> Result<(), ReportError> {
        let id = program.id;
        let zone = self.query.zone_of(program);
        let times = times(zone, self.query.start, self.query.end);
        let (partner, shown) = (self.query.partner, self.shown);
        let mut take = |key, judged| self.take(key, judged, None);
        let read = match partner {
            _ if shown == Shown::Adjusted => Ok(()),
            Some(partner) if partner != PartnerId::UNKNOWN => {
                view.for_each_verdict(id, partner, times.clone(), &mut take)
            }
            _ => view.for_each_verdict_of_program(id, &times, &mut take),
        };
        let unreadable = |error: DerivedError| ReportError::Unreadable(error.to_string());
        read.map_err(unreadable)?;
        if shown != Shown::All && self.query.clicks.class.is_none() {
            self.adjustments(view, id, &times).map_err(unreadable)?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Goes through the adjustments of a program that were made in `times`.
    fn adjustments(
        &mut self,
        view: &View<'_>,
        program: ProgramId,
        times: &RangeInclusive<Millis>,
    ) -> Result<(), DerivedError> {
        let partner = self.query.partner;
        let mut read = Ok(());
        view.for_each_adjusted_of(program, partner, times, &mut |key, row| {
            if self.failed.is_some() || read.is_err() {
                return;
            }
            if key.kind == AdjustedKind::Action {
                self.take_action(key, row);
                return;
            }
            let click = VerdictKey {
                program,
                partner: key.partner,
                day: row.date.utc_day(),
                time: row.date,
                number: EventNumber(key.number),
            };
            read = view.judged(click).map(|judged| {
                if let Some(judged) = judged {
                    // What ends the list is kept and told by the caller.
                    let _flow = self.take(click, judged, Some((key.time, row.more)));
                }
            });
        })?;
        read
    }

    fn take(
        &mut self,
        key: VerdictKey,
        judged: Judged,
        adjusted: Option<(Millis, Money)>,
    ) -> ControlFlow<()> {
        if !self.means(key, &judged, adjusted.is_some()) {
            return ControlFlow::Continue(());
        }
        let facts = match self.asked(key, &judged) {
            Ok(Asked::Other) => return ControlFlow::Continue(()),
            Ok(Asked::Not) => None,
            Ok(Asked::Meant(facts)) => Some(facts),
            Err(error) => {
                self.failed = Some(error);
                return ControlFlow::Break(());
            }
        };
        if self.places.contains(&self.total) {
            self.hits.push(Hit::Click(Box::new(ClickHit {
                key,
                judged,
                facts,
                adjusted,
            })));
        }
        self.total += 1;
        ControlFlow::Continue(())
    }

    /// Takes the adjustment of an action, which nothing that clicks are told apart by means.
    fn take_action(&mut self, key: AdjustedKey, row: AdjustedRow) {
        let asked = &self.query.clicks;
        let is_meant = asked.facets.is_empty() && asked.click.is_none() && row.slot <= self.as_of;
        if self.shown == Shown::Adjusted && is_meant {
            if self.places.contains(&self.total) {
                self.hits.push(Hit::Action(key, row));
            }
            self.total += 1;
        }
    }

    /// Whether what the verdict says is as asked for.
    fn means(&self, key: VerdictKey, judged: &Judged, is_adjustment: bool) -> bool {
        let (query, verdict) = (self.query, judged.verdict);
        let partner = verdict.bucket(key.partner);
        verdict.slot <= self.as_of
            && (self.shown == Shown::All
                || verdict.class == Class::Unique
                || judged.cost() != Money::ZERO
                || is_adjustment)
            && query.clicks.class.is_none_or(|only| only == verdict.class)
            && query.partner.is_none_or(|only| only == partner)
            && query.clicks.click.is_none_or(|only| only == key.number)
    }

    /// Whether what the log says is as asked for.
    fn asked(&mut self, key: VerdictKey, judged: &Judged) -> Result<Asked, ReportError> {
        let wanted = &self.query.clicks;
        let Some((first, _)) = wanted.facets.first() else {
            return Ok(Asked::Not);
        };
        self.looked += 1;
        if self.looked > LOOKED_MAX {
            let kind = FilterKind::Facet(*first);
            let filter = FILTERS.iter().find(|filter| filter.kind == kind);
            let message = format!(
                "would look at more than {LOOKED_MAX} clicks; send fewer days, or MediaId too"
            );
            let error = QueryError::new(filter.map_or("", |filter| filter.name), message);
            return Err(ReportError::Invalid(vec![error]));
        }
        let facts = read(self.facts, key, judged)?;
        let mut wanted = wanted.facets.iter();
        let is_meant = wanted.all(|(kind, only)| facts.facet(*kind).as_ref() == Some(only));
        Ok(if is_meant {
            Asked::Meant(facts)
        } else {
            Asked::Other
        })
    }
}

/// What came of asking the log.
enum Asked {
    /// Nothing was to be asked.
    Not,
    Meant(ClickFacts),
    Other,
}

/// What the log says of a click.
pub(super) fn read(
    facts: &dyn Facts,
    key: VerdictKey,
    judged: &Judged,
) -> Result<ClickFacts, ReportError> {
    let facts = facts.click(judged.verdict.slot, key.partner, key.number);
    Ok(facts.map_err(ReportError::Unreadable)?.unwrap_or_default())
}

/// The times of these days by the calendar of a zone.
fn times(zone: &TimeZone, start: Day, end: Day) -> RangeInclusive<Millis> {
    let after = Day(end.0.saturating_add(1));
    let first = |day: Day| day_start(day, zone).unwrap_or_else(|| day.utc_start());
    first(start)..=first(after).plus(-1)
}

impl Selection<'_> {
    /// The programs of the query.
    pub(super) fn programs(&self) -> &[ProgramId] {
        &self.query.programs
    }
}
