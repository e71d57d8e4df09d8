//! Booking adjustments while the clicks and settlements that they name are folded.

use ahash::AHashMap;

use crate::catalog::snapshot::Program;
use crate::derived::{ActionId, AdjustedKey, AdjustedKind, AdjustedRow, Batch, Charge};
use crate::log::{Footer, Judgement, Log};
use crate::model::id::{EventNumber, EventTypeId, JudgementVersion, PartnerId};
use crate::model::money::Money;
use crate::model::time::Millis;

use super::super::cells::{Cells, Spot};
use super::super::click::row::Row;
use super::super::days::Days;
use super::super::error::FoldError;

/// The adjustments of the judgements that a generation is folded by.
#[derive(Debug, Default)]
pub(in crate::fold) struct Book {
    /// Those that make any, read with the first slot; the same for every slot of a generation.
    judgements: Option<Vec<Judgement>>,
    /// Those of the clicks of the slot: when each was made, and what is paid more.
    clicks: AHashMap<(EventNumber, PartnerId), Vec<(Millis, i64)>>,
    rows: Vec<(AdjustedKey, AdjustedRow)>,
}

impl Book {
    /// Reads the adjustments of a slot's clicks, by a judgement and all before it.
    pub(in crate::fold) fn load(
        &mut self,
        log: &Log,
        by: JudgementVersion,
        footer: &Footer,
    ) -> Result<(), FoldError> {
        self.rows.clear();
        self.clicks.clear();
        let judgements = match &mut self.judgements {
            Some(judgements) => judgements,
            none => none.insert(log.adjusting(by)?),
        };
        if footer.clicks == 0 && footer.imported == 0 {
            return Ok(());
        }
        let clicks = &mut self.clicks;
        for judgement in judgements.iter().filter(|own| footer.slot <= own.settled) {
            let (version, at) = (judgement.version, judgement.at);
            log.for_each_adjusted_click(version, footer.slot, &mut |number, partner, more| {
                clicks
                    .entry((number, partner))
                    .or_default()
                    .push((at, more));
            })?;
        }
        Ok(())
    }

    /// What a click comes to that this judgement charges so: on its own day what it was paid before
    /// it was judged anew.
    pub(in crate::fold) fn charge(&self, row: &Row, charge: Option<Charge>) -> Option<Charge> {
        if self.clicks.is_empty() {
            return charge;
        }
        let adjusted: i64 = self.of_click(row).iter().map(|(_, more)| more).sum();
        if adjusted == 0 {
            return charge;
        }
        let charge = charge.unwrap_or_default();
        Some(Charge {
            cost: Money(charge.cost.0.saturating_sub(adjusted)),
            adjusted: Money(adjusted),
            ..charge
        })
    }

    /// Counts the adjustments of a click on their days.
    pub(in crate::fold) fn count(
        &mut self,
        row: &Row,
        (program, days): (Option<&Program>, &mut Days),
        cells: &mut Cells,
    ) {
        if self.clicks.is_empty() {
            return;
        }
        let partner = row.verdict.bucket(row.partner);
        for &(at, more) in self.of_click(row) {
            let spot = Spot::new(row.program, days.day(program, row.program, at), partner);
            cells.adjust((spot, at), &row.facets, more);
        }
        let key = |at: Millis| AdjustedKey {
            program: row.program,
            partner,
            day: at.utc_day(),
            time: at,
            kind: AdjustedKind::Click,
            event_type: EventTypeId(0),
            number: row.number.0,
        };
        let found = self.clicks.get(&(row.number, row.partner));
        for &(at, more) in found.into_iter().flatten() {
            let noted = AdjustedRow {
                more: Money(more),
                date: row.time,
                slot: row.verdict.slot,
            };
            self.rows.push((key(at), noted));
        }
    }

    fn of_click(&self, row: &Row) -> &[(Millis, i64)] {
        let found = self.clicks.get(&(row.number, row.partner));
        found.map_or(&[], Vec::as_slice)
    }

    /// Those of a settled action: whom, when each was made, and what is paid more.
    pub(in crate::fold) fn of_action(
        &self,
        log: &Log,
        id: ActionId,
    ) -> Result<Vec<(PartnerId, Millis, i64)>, FoldError> {
        let mut found = Vec::new();
        for judgement in self.judgements.iter().flatten() {
            let named = (id.program, id.event_type, id.order);
            log.for_each_adjusted_action(judgement.version, named, &mut |partner, more| {
                found.push((partner, judgement.at, more));
            })?;
        }
        Ok(found)
    }

    /// Notes one of a settled action.
    pub(in crate::fold) fn note(&mut self, key: AdjustedKey, row: AdjustedRow) {
        self.rows.push((key, row));
    }

    /// Puts what was counted into the slot's last batch.
    pub(in crate::fold) fn write(&mut self, batch: &mut Batch<'_>) {
        for (key, row) in self.rows.drain(..) {
            batch.adjust(key, row);
        }
    }
}
