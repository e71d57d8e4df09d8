//! Where the submissions of one slot are settled, one after the other.

use ahash::AHashSet;

use crate::catalog::Catalog;
use crate::derived::{
    ActionId, ActionKey, Batch, Families, Settled, SubmissionOutcome, WaitingKey,
};
use crate::log::Footer;
use crate::model::click_id::ClickId;
use crate::model::id::SubmissionId;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, Submission};
use crate::model::time::Millis;

use super::super::credit::case::{self as credit, Case};
use super::super::days;
use super::super::error::FoldError;
use super::super::slot::Folder;

pub(in crate::fold) fn waiting_key(
    id: SubmissionId,
    submission: &Submission,
) -> Option<WaitingKey> {
    match submission.claim {
        Claim::Verified(click) => Some(WaitingKey {
            program: id.program,
            due: lost_at(&click),
            slot: id.slot,
            number: id.number,
        }),
        Claim::None | Claim::Forged => None,
    }
}

/// From when on a click that is not stored counts as lost.
fn lost_at(click: &ClickId) -> Millis {
    click.number.time().plus(credit::LOST_AFTER)
}

/// Where the submissions of one slot are settled.
pub(in crate::fold) struct Desk<'a, 'b> {
    pub(in crate::fold) folder: &'a mut Folder,
    pub(in crate::fold) families: &'a Families<'b>,
    pub(in crate::fold) footer: &'a Footer,
    pub(in crate::fold) batch: &'a mut Batch<'b>,
    /// Orders credited in this slot, which the store does not show yet.
    pub(in crate::fold) credited: &'a mut AHashSet<ActionKey>,
}

impl Desk<'_, '_> {
    /// Credits or refuses a submission; false when it must wait for its click.
    pub(in crate::fold) fn settle(
        &mut self,
        id: SubmissionId,
        submission: &Submission,
        catalog: &Catalog,
    ) -> Result<bool, FoldError> {
        let click = match credit::reference(submission, catalog) {
            Ok(click) => click,
            Err(refusal) => {
                self.refuse(id, refusal);
                return Ok(true);
            }
        };
        let reasons = self.folder.reasons(self.families, &click)?;
        let lost = click.unrecorded || self.footer.wall_end >= lost_at(&click);
        if reasons.is_none() && !lost {
            return Ok(false);
        }
        let key = ActionKey::new(
            submission.program,
            submission.event_type,
            &submission.order_id,
        );
        let credited = self.credited.contains(&key) || self.families.action(&key)?.is_some();
        let case = Case {
            id,
            submission,
            click,
            reasons,
            credited,
        };
        let day = |date: Millis| {
            catalog.program(submission.program).map_or_else(
                || date.utc_day(),
                |program| days::day_in(&program.time_zone, date),
            )
        };
        match credit::credit(&case, catalog, day) {
            Err(refusal) => self.refuse(id, refusal),
            Ok(action) => {
                self.folder.counts.credit(action.recovered);
                self.batch.action(&key, &action);
                self.close(id, SubmissionOutcome::Credited(ActionId::of(&key)));
                self.folder.cells.action(submission.program, &action);
                self.credited.insert(key);
            }
        }
        Ok(true)
    }

    fn refuse(&mut self, id: SubmissionId, refusal: Refusal) {
        self.folder.counts.refuse(refusal);
        self.close(id, SubmissionOutcome::Refused(refusal));
    }

    fn close(&mut self, id: SubmissionId, outcome: SubmissionOutcome) {
        let slot = self.footer.slot;
        self.batch.outcome(id, Settled { slot, outcome });
    }
}
