//! Where a report's sums come from: the derived store.

use std::ops::RangeInclusive;

use crate::derived::{Derived, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::tally::Tally;
use crate::model::time::Day;
use crate::registry::CubeId;

/// Takes the cells of one read: day in the program's zone, partner, sums.
pub type TakeCell<'a> = dyn FnMut(Day, PartnerId, &Tally) + 'a;

/// Sums kept by the fold. [`Derived`] is the one that serves; tests hold theirs in memory.
pub trait Source {
    /// Hands every cell of `programs` between two days inclusive to `take`, all of one moment.
    /// Says how far the events go; nothing before the first slot.
    ///
    /// # Errors
    /// The sums can't be read.
    fn read(
        &self,
        cube: CubeId,
        programs: &[ProgramId],
        days: RangeInclusive<Day>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError>;
}

impl Source for Derived {
    fn read(
        &self,
        cube: CubeId,
        programs: &[ProgramId],
        days: RangeInclusive<Day>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        let generation = self.serving();
        let view = generation.view()?;
        for program in programs {
            view.for_each_cell(cube, *program, days.clone(), &mut |cell| {
                take(cell.day, cell.partner, &cell.tally);
            })?;
        }
        view.watermark()
    }
}
