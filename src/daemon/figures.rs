//! The derived store as the API reads it.

use std::ops::RangeInclusive;

use crate::derived::{Derived, SubmissionOutcome};
use crate::model::id::{ProgramId, SubmissionId};
use crate::model::time::Day;
use crate::registry::CubeId;
use crate::report::source::{AsOf, Source, TakeCell};
use crate::server::api::state::{Figures, Outcome};

/// Hands the fold's results to reports and look-ups.
pub(super) struct DerivedFigures(pub(super) Derived);

impl Source for DerivedFigures {
    fn read(
        &self,
        cube: CubeId,
        programs: &[ProgramId],
        days: RangeInclusive<Day>,
        take: &mut TakeCell<'_>,
    ) -> Result<Option<AsOf>, String> {
        let mut read = || {
            let generation = self.0.serving();
            let view = generation.view()?;
            for program in programs {
                view.for_each_cell(cube, *program, days.clone(), &mut |cell| {
                    take(cell.day, cell.partner, &cell.tally);
                })?;
            }
            view.watermark()
        };
        let mark = read().map_err(|error: crate::derived::DerivedError| error.to_string())?;
        Ok(mark.map(|mark| AsOf {
            slot: mark.slot,
            wall_end: mark.wall_end,
        }))
    }
}

impl Figures for DerivedFigures {
    fn outcome(&self, id: SubmissionId) -> Result<Option<Outcome>, String> {
        let found = self.0.outcome(id).map_err(|error| error.to_string())?;
        Ok(found.map(|outcome| match outcome {
            SubmissionOutcome::Credited(action) => Outcome::Credited(action.to_string()),
            SubmissionOutcome::Refused(refusal) => Outcome::Refused(refusal),
            SubmissionOutcome::Waiting => Outcome::Waiting,
        }))
    }
}
