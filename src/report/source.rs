//! Where a report's sums come from: the derived store.

use std::ops::RangeInclusive;

use crate::derived::{Cell, Derived, DerivedError, Watermark};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::time::Day;
use crate::registry::CubeId;

/// Takes the cells of one read.
pub type TakeCell<'a> = dyn FnMut(&Cell) + 'a;

/// Which cells a question reads.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The cube.
    pub cube: CubeId,
    /// The programs.
    pub programs: &'a [ProgramId],
    /// First and last day, each in the program's zone.
    pub days: RangeInclusive<Day>,
    /// The one partner; all of them without it.
    pub partner: Option<PartnerId>,
}

/// Sums kept by the fold. [`Derived`] is the one that serves; tests hold theirs in memory.
pub trait Source {
    /// Hands every cell that is `wanted` to `take`, all of one moment. Says how far the events go;
    /// nothing before the first slot.
    ///
    /// # Errors
    /// The sums can't be read.
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError>;
}

impl Source for Derived {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        let generation = self.serving();
        let view = generation.view()?;
        for program in wanted.programs {
            let (days, partner) = (wanted.days.clone(), wanted.partner);
            view.for_each_cell(wanted.cube, *program, days, partner, &mut |cell| {
                take(&cell);
            })?;
        }
        view.watermark()
    }
}
