//! Where a report's sums come from: the derived store.

use std::ops::RangeInclusive;

use crate::derived::{Cell, Derived, DerivedError, Stop, TakeCell, Watermark};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::time::Day;
use crate::registry::CubeId;
use crate::registry::cube::Granularity;

/// Takes the cells of several questions, each with the place of its question.
pub type TakeEach<'a> = dyn FnMut(usize, &Cell) + 'a;

/// Which cells a question reads.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The cube.
    pub cube: CubeId,
    /// The programs.
    pub programs: &'a [ProgramId],
    /// First and last day, each in the program's zone.
    pub days: RangeInclusive<Day>,
    /// Whether the days of a week are told apart; otherwise one cell may stand for all of them.
    pub tells_days: bool,
    /// The one partner; all of them without it.
    pub partner: Option<PartnerId>,
    /// Ends the read when nobody waits for it any more.
    pub stop: &'a Stop,
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

    /// The same for several questions, all of one moment; each cell comes with the place of its
    /// question. Sums held in memory do not change between two of them.
    ///
    /// # Errors
    /// As [`Source::read`].
    fn read_each(
        &self,
        wanted: &[Wanted<'_>],
        take: &mut TakeEach<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        let mut mark = None;
        for (place, wanted) in wanted.iter().enumerate() {
            mark = self.read(wanted, &mut |cell| take(place, cell))?;
        }
        Ok(mark)
    }
}

impl Source for Derived {
    fn read(
        &self,
        wanted: &Wanted<'_>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        let wanted = std::slice::from_ref(wanted);
        self.read_each(wanted, &mut |_, cell| take(cell))
    }

    fn read_each(
        &self,
        wanted: &[Wanted<'_>],
        take: &mut TakeEach<'_>,
    ) -> Result<Option<Watermark>, DerivedError> {
        let generation = self.serving();
        let mut view = generation.view()?;
        for (place, wanted) in wanted.iter().enumerate() {
            view = view.until(wanted.stop);
            let days = wanted.days.clone();
            let cube = wanted.cube.cube().filter(|_| !wanted.tells_days);
            let buckets = match cube {
                Some(cube) => cube.fewest(days),
                None => vec![(Granularity::Day, days)],
            };
            for program in wanted.programs {
                let of = (wanted.cube, *program);
                for buckets in &buckets {
                    view.for_each_cell_in(of, buckets, wanted.partner, &mut |cell| {
                        take(place, cell);
                    })?;
                }
            }
        }
        view.watermark()
    }
}
