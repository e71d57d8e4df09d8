//! The sums of the cube, kept as whole rows: what a slot adds is added in memory and the whole
//! cell is written again, so that writing a slot's batch is all it takes.

use ahash::AHashMap;

use crate::derived::{Action, Batch, CellKey, Families};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::tally::{Stored, Tally};
use crate::model::time::Day;
use crate::registry::cube::{CubeId, Granularity};

use super::action::figures::Figures;
use super::error::FoldError;

/// Cells remembered between slots, about 150 bytes each; beyond that all are read again.
const REMEMBERED_MAX: usize = 65_536;

/// Program, day and partner of a cell.
type Place = (ProgramId, Day, PartnerId);

/// Clicks that a slot adds to a cell. A slot holds far fewer than 2^32.
#[derive(Clone, Copy, Debug, Default)]
struct Clicks {
    raw: u32,
    unique: u32,
    payable: u32,
}

/// The cells of the partner performance cube.
#[derive(Debug, Default)]
pub(super) struct Cells {
    remembered: AHashMap<Place, Tally>,
    clicks: AHashMap<Place, Clicks>,
    last: Option<(Place, Clicks)>,
    actions: Vec<(Place, Tally)>,
}

impl Cells {
    /// Counts a click.
    pub(super) fn click(
        &mut self,
        program: ProgramId,
        day: Day,
        bucket: PartnerId,
        unique: bool,
        payable: bool,
    ) {
        let place = (program, day, bucket);
        // Clicks come by partner, so most add to the same cell as the one before.
        if self.last.as_ref().is_none_or(|last| last.0 != place) {
            self.settle();
            self.last = Some((place, Clicks::default()));
        }
        if let Some((_, clicks)) = &mut self.last {
            clicks.raw += 1;
            clicks.unique += u32::from(unique);
            clicks.payable += u32::from(payable);
        }
    }

    fn settle(&mut self) {
        if let Some((place, more)) = self.last.take() {
            let clicks = self.clicks.entry(place).or_default();
            clicks.raw += more.raw;
            clicks.unique += more.unique;
            clicks.payable += more.payable;
        }
    }

    /// Counts what changes when an action that counted for `before` counts for `after`, on the
    /// day of the action itself.
    pub(super) fn change(
        &mut self,
        program: ProgramId,
        action: &Action,
        before: &Figures,
        after: &Figures,
    ) {
        let mut more = Tally::default();
        before.change(after, &mut more);
        let place = (program, action.day, action.partner);
        self.actions.push((place, more));
    }

    /// Puts every cell that the slot changed into its batch.
    pub(super) fn write(
        &mut self,
        families: &Families<'_>,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
        self.settle();
        let mut changed: AHashMap<Place, Tally> = AHashMap::new();
        for (place, clicks) in self.clicks.drain() {
            let tally = changed.entry(place).or_default();
            tally.add(Stored::RawClicks, clicks.raw.into());
            tally.add(Stored::Clicks, clicks.unique.into());
            tally.add(Stored::PayableClicks, clicks.payable.into());
        }
        for (place, more) in self.actions.drain(..) {
            changed.entry(place).or_default().merge(&more);
        }
        if self.remembered.len() + changed.len() > REMEMBERED_MAX {
            self.remembered.clear();
        }
        let mut changed: Vec<(Place, Tally)> = changed.into_iter().collect();
        changed.sort_unstable_by_key(|cell| cell.0);
        for (place, more) in changed {
            let (program, day, partner) = place;
            let key = CellKey {
                cube: CubeId::PARTNER_PERFORMANCE,
                program,
                granularity: Granularity::Day,
                day,
                partner,
            };
            let mut tally = match self.remembered.get(&place) {
                Some(tally) => *tally,
                None => families.cell(key)?.unwrap_or_default(),
            };
            tally.merge(&more);
            batch.cell(key, &tally);
            self.remembered.insert(place, tally);
        }
        Ok(())
    }
}
