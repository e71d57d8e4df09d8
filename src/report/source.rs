//! Where a report's sums come from.

use std::ops::RangeInclusive;

use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::Tally;
use crate::model::time::{Day, Millis};
use crate::registry::CubeId;

/// How far the events go that an answer is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The last slot folded.
    pub slot: Slot,
    /// When that slot ended.
    pub wall_end: Millis,
}

/// Takes the cells of one read: day in the program's zone, partner, sums.
pub type TakeCell<'a> = dyn FnMut(Day, PartnerId, &Tally) + 'a;

/// Sums kept by the fold.
pub trait Source {
    /// Hands every cell of `programs` between two days inclusive to `take`, all of one moment.
    /// Says how far the events go; nothing before the first slot.
    ///
    /// # Errors
    /// A sentence on why the sums can't be read.
    fn read(
        &self,
        cube: CubeId,
        programs: &[ProgramId],
        days: RangeInclusive<Day>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<AsOf>, String>;
}
