//! What one cell comes to.

use crate::model::tally::{Stored, Tally};
use crate::registry::cube::Cube;

use super::sums::Counted;
use crate::derived::Class;

/// The sums of a cell: what every click adds to in plain numbers, the rest as a tally.
#[derive(Debug, Default)]
pub(super) struct Sum {
    raw: u64,
    unique: u64,
    payable: u64,
    /// Own time of the last click, 0 when there was none.
    last: i64,
    /// Millionths.
    cost: i64,
    rest: Tally,
}

impl Sum {
    /// Goes on from what is stored.
    pub(super) fn stored(rest: Tally) -> Self {
        Self {
            rest,
            ..Self::default()
        }
    }

    /// Adds a click.
    pub(super) fn click(&mut self, counted: &Counted) {
        self.raw += 1;
        self.unique += u64::from(counted.class == Class::Unique);
        self.payable += u64::from(counted.payable);
        self.last = self.last.max(counted.time.0);
        if let Some(cost) = self.cost.checked_add(counted.cost.0) {
            self.cost = cost;
        } else {
            self.rest.add(Stored::CpcCost, self.cost.into());
            self.cost = counted.cost.0;
        }
    }

    /// Adds what is not a click.
    pub(super) fn merge(&mut self, more: &Tally) {
        self.rest.merge(more);
    }

    /// Counts one more text beside those that are not kept apart, if there is room.
    pub(super) fn has_room(&mut self, texts_max: u32) -> bool {
        let is_room = self.rest.get(Stored::Texts) < i128::from(texts_max);
        if is_room {
            self.rest.add(Stored::Texts, 1);
        }
        is_room
    }

    /// Writes the measures that `cube` counts into `whole`, in place of what it held.
    pub(super) fn write(&self, cube: &Cube, whole: &mut Tally) {
        whole.clone_from(&self.rest);
        for (measure, more) in [
            (Stored::RawClicks, i128::from(self.raw)),
            (Stored::Clicks, self.unique.into()),
            (Stored::PayableClicks, self.payable.into()),
            (Stored::LastClick, self.last.into()),
            (Stored::CpcCost, self.cost.into()),
        ] {
            if cube.counts(measure) {
                whole.add(measure, more);
            }
        }
    }
}
