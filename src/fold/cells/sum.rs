//! What one cell comes to.

use crate::derived::Class;
use crate::model::tally::{BUCKETS, Stored, Tally};
use crate::model::time::Millis;
use crate::registry::cube::Cube;

use super::sums::Counted;

/// How many clicks fall into each bucket of a cell.
pub(super) type InBuckets = [u32; BUCKETS.len()];

/// The sums of a cell: what every click adds to in plain numbers, the rest behind a pointer. With
/// its place it is one line of the processor's cache: most clicks find most of their cells in
/// memory alone.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// Millionths.
    cost: i64,
    rest: Option<Box<Rest>>,
    raw: u32,
    unique: u32,
    payable: u32,
}

/// What few cells have.
#[derive(Debug, Default)]
struct Rest {
    tally: Tally,
    in_buckets: InBuckets,
}

impl Sum {
    /// Goes on from what is stored.
    pub(super) fn stored(tally: &Tally) -> Self {
        let mut sum = Self::default();
        for (measure, value) in tally.iter() {
            match (measure, u32::try_from(value)) {
                (Stored::RawClicks, Ok(count)) => sum.raw = count,
                (Stored::Clicks, Ok(count)) => sum.unique = count,
                (Stored::PayableClicks, Ok(count)) => sum.payable = count,
                _ => sum.rest().add(measure, value),
            }
        }
        sum
    }

    fn rest(&mut self) -> &mut Tally {
        &mut self.rest.get_or_insert_default().tally
    }

    /// Adds a click.
    pub(super) fn click(&mut self, counted: &Counted) {
        if self.raw == u32::MAX {
            self.spill();
        }
        self.raw += 1;
        self.unique += u32::from(counted.class == Class::Unique);
        self.payable += u32::from(counted.payable);
        if let Some(cost) = self.cost.checked_add(counted.cost.0) {
            self.cost = cost;
        } else {
            let before = std::mem::replace(&mut self.cost, counted.cost.0);
            self.rest().add(Stored::CpcCost, before.into());
        }
    }

    /// Makes room for more clicks than a plain number holds.
    #[cold]
    fn spill(&mut self) {
        let [raw, unique, payable] = [&mut self.raw, &mut self.unique, &mut self.payable]
            .map(|count| i128::from(std::mem::take(count)));
        let rest = self.rest();
        rest.add(Stored::RawClicks, raw);
        rest.add(Stored::Clicks, unique);
        rest.add(Stored::PayableClicks, payable);
    }

    /// Notes when a click was made that was added.
    pub(super) fn clicked(&mut self, time: Millis) {
        self.rest().add(Stored::LastClick, time.0.into());
    }

    /// Adds what is not a click.
    pub(super) fn merge(&mut self, more: &Tally) {
        self.rest().merge(more);
    }

    /// Adds clicks to the buckets they fall into.
    pub(super) fn fill(&mut self, more: &InBuckets) {
        let rest = self.rest.get_or_insert_default();
        let filled = rest.in_buckets.iter_mut().zip(more).zip(BUCKETS);
        for ((count, more), measure) in filled {
            if let Some(sum) = count.checked_add(*more) {
                *count = sum;
            } else {
                let before = std::mem::replace(count, *more);
                rest.tally.add(measure, before.into());
            }
        }
    }

    /// Counts one more text beside those that are not kept apart, if there is room.
    pub(super) fn has_room(&mut self, texts_max: u32) -> bool {
        let rest = self.rest();
        let is_room = rest.get(Stored::Texts) < i128::from(texts_max);
        if is_room {
            rest.add(Stored::Texts, 1);
        }
        is_room
    }

    /// Writes the measures that `cube` counts into `whole`, in place of what it held.
    pub(super) fn write(&self, cube: &Cube, whole: &mut Tally) {
        whole.clear();
        if let Some(rest) = &self.rest {
            whole.clone_from(&rest.tally);
            for (measure, more) in BUCKETS.into_iter().zip(rest.in_buckets) {
                whole.add(measure, more.into());
            }
        }
        for (measure, more) in [
            (Stored::RawClicks, i128::from(self.raw)),
            (Stored::Clicks, self.unique.into()),
            (Stored::PayableClicks, self.payable.into()),
            (Stored::CpcCost, self.cost.into()),
        ] {
            if more != 0 && cube.counts(measure) {
                whole.add(measure, more);
            }
        }
    }
}
