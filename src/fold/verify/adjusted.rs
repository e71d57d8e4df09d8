//! The adjustments of the log, compared with what clicks and actions say of them, with the rows of
//! their days, and with the sums.

use std::collections::BTreeMap;

use ahash::AHashMap;

use crate::derived::{
    Action, ActionFlags, ActionId, AdjustedKey, AdjustedKind, AdjustedRow, VerdictKey, View,
};
use crate::log::{Adjusted, Log, Parameters};
use crate::model::click::Click;
use crate::model::id::{EventNumber, EventTypeId, JudgementVersion, PartnerId, Slot};
use crate::model::money::Money;
use crate::model::tally::{Stored, Tally};
use crate::model::time::Millis;

use super::super::error::FoldError;
use super::recount::{Recount, Zones};
use super::report::VerifyReport;

/// What is to be found.
#[derive(Debug, Default)]
pub(super) struct Adjustments {
    clicks: AHashMap<(Slot, EventNumber, PartnerId), Vec<(Millis, i64)>>,
    actions: AHashMap<ActionId, Vec<(PartnerId, Millis, i64)>>,
    rows: BTreeMap<AdjustedKey, AdjustedRow>,
    /// The last slot in which one is.
    last: Slot,
}

impl Adjustments {
    /// Those of a judgement and all before it.
    pub(super) fn by(
        log: &Log,
        judgement: JudgementVersion,
        report: &mut VerifyReport,
    ) -> Result<Self, FoldError> {
        let mut found = Self::default();
        for version in (1..=judgement.0).map(JudgementVersion) {
            let judged = log.judgement(version)?;
            let judged = judged.ok_or(FoldError::JudgementMissing(version))?;
            let mut count = 0_u64;
            log.for_each_adjustment(version, &mut |row| {
                count += 1;
                found.take(row.of, judged.at, row.more);
            })?;
            if count != judged.adjustments {
                let at = || format!("judgement {}", version.0);
                report.differs("adjustments", at, judged.adjustments, count);
            }
            found.last = found.last.max(judged.settled);
        }
        Ok(found)
    }

    fn take(&mut self, of: Adjusted, at: Millis, more: i64) {
        match of {
            Adjusted::Click {
                slot,
                number,
                partner,
            } => {
                let click = self.clicks.entry((slot, number, partner));
                click.or_default().push((at, more));
            }
            Adjusted::Action {
                program,
                event_type,
                action,
                partner,
            } => {
                let id = ActionId {
                    program,
                    event_type,
                    order: action,
                };
                let action = self.actions.entry(id);
                action.or_default().push((partner, at, more));
            }
        }
    }

    /// Counts what is adjusted of a click, and compares it with its verdict.
    pub(super) fn click(
        &mut self,
        (log, view): (&Log, &View<'_>),
        (zones, recount): (&Zones, &mut Recount),
        (key, click): (VerdictKey, &Click<Parameters<'_>>),
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let Some(judged) = view.judged(key)? else {
            return Ok(());
        };
        let slot = judged.verdict.slot;
        let adjustments = self.clicks.remove(&(slot, key.number, key.partner));
        let adjustments = adjustments.unwrap_or_default();
        let sum: i64 = adjustments.iter().map(|(_, more)| more).sum();
        let stored = judged.charge.map_or(0, |charge| charge.adjusted.0);
        if sum != stored {
            let at = || format!("program {}, click {}", key.program, key.number.0);
            report.differs("adjustments", at, sum, stored);
        }
        if adjustments.is_empty() {
            return Ok(());
        }
        let partner = judged.verdict.bucket(key.partner);
        for (at, more) in adjustments {
            let facets = recount.facets_of_click(log, click, at)?;
            let day = zones.day(slot, key.program, at);
            recount.adjusted((key.program, day, partner), &facets, &tally(more));
            let noted = AdjustedKey {
                program: key.program,
                partner,
                day: at.utc_day(),
                time: at,
                kind: AdjustedKind::Click,
                event_type: EventTypeId(0),
                number: key.number.0,
            };
            let row = AdjustedRow {
                more: Money(more),
                date: key.time,
                slot,
            };
            self.rows.insert(noted, row);
        }
        Ok(())
    }

    /// Counts what is adjusted of an action.
    pub(super) fn action(
        &mut self,
        log: &Log,
        (zones, recount): (&Zones, &mut Recount),
        (id, action): (ActionId, &Action),
    ) -> Result<(), FoldError> {
        if !action.flags.any(ActionFlags::SETTLED) {
            return Ok(());
        }
        for (partner, at, more) in self.actions.remove(&id).unwrap_or_default() {
            let mut paid = action.clone();
            if partner != action.partner {
                (paid.partner, paid.click) = (partner, None);
            }
            let facets = recount.facets_of_action(log, &paid, at)?;
            let day = zones.day(action.submission.slot, id.program, at);
            recount.adjusted((id.program, day, partner), &facets, &tally(more));
            let noted = AdjustedKey {
                program: id.program,
                partner,
                day: at.utc_day(),
                time: at,
                kind: AdjustedKind::Action,
                event_type: id.event_type,
                number: id.order,
            };
            let row = AdjustedRow {
                more: Money(more),
                date: action.date,
                slot: Slot(0),
            };
            self.rows.insert(noted, row);
        }
        Ok(())
    }

    /// Compares with the rows of the view, and notes adjustments of nothing.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        mark: Slot,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let at = |key: &AdjustedKey| {
            let (program, partner, time) = (key.program, key.partner, key.time);
            let number = key.number;
            format!("program {program}, partner {partner}, {time}, number {number}")
        };
        view.for_each_adjusted(&mut |key, row| {
            let expected = self.rows.remove(&key);
            let said = |row: AdjustedRow| (row.more, row.date);
            if expected.map(said) != Some(said(row)) {
                let expected = format!("{:?}", expected.map(said));
                report.differs("adjusted", || at(&key), expected, format!("{row:?}"));
            }
        })?;
        for (key, row) in &self.rows {
            report.differs("adjusted", || at(key), format!("{row:?}"), "no row");
        }
        // Before that, the fold may not have come to all of them.
        if mark >= self.last {
            for (_, number, _) in self.clicks.keys() {
                let at = || format!("click {}", number.0);
                report.differs("adjustments", at, "a click", "none");
            }
            for id in self.actions.keys() {
                let at = || format!("action {id}");
                report.differs("adjustments", at, "a settled action", "none");
            }
        }
        Ok(())
    }
}

fn tally(more: i64) -> Tally {
    let mut tally = Tally::default();
    tally.add(Stored::Adjusted, more.into());
    tally
}
