//! A conversion becomes an action, is refused, or waits for its click.

use crate::catalog::Catalog;
use crate::derived::{
    Action, ActionFlags, ActionItem, OrderKey, SubmissionOutcome, Update, UpdateKind,
};
use crate::model::id::SubmissionId;
use crate::model::referral::ReferringType;
use crate::model::refusal::Refusal;
use crate::model::submission::Submission;
use crate::model::time::Millis;

use super::super::credit::case::{self as credit, Case, Winner};
use super::super::days;
use super::super::error::FoldError;
use super::super::price::sale::{Sale, price};
use super::desk::{Desk, Made};
use super::figures::Figures;

impl Desk<'_, '_> {
    /// Credits or refuses a submission, unless it must wait for its click.
    pub(super) fn convert(
        &mut self,
        id: SubmissionId,
        submission: &Submission,
        catalog: &Catalog,
    ) -> Result<Made, FoldError> {
        let refused = |refusal: Refusal| {
            let outcome = if submission.is_test {
                SubmissionOutcome::Test(Err(refusal))
            } else {
                SubmissionOutcome::Refused(refusal)
            };
            Ok(Made::Settled(outcome))
        };
        let click = match credit::reference(submission, catalog) {
            Ok(click) => click,
            Err(refusal) => return refused(refusal),
        };
        let reasons = self.folder.reasons(self.families, &click)?;
        if reasons.is_none() && !self.is_lost(&click) {
            return Ok(Made::Waits);
        }
        let key = OrderKey::new(
            submission.program,
            submission.event_type,
            &submission.order_id,
        );
        let before = self.batch.actions_of(&key)?;
        let case = Case {
            id,
            submission,
            click,
            reasons,
            credited: !before.is_empty(),
        };
        let winner = match credit::credit(&case, catalog) {
            Ok(winner) => winner,
            Err(refusal) => return refused(refusal),
        };
        // A test tells who would earn it; its order id stays free, and no figure knows of it.
        let earns = !submission.is_test;
        if !earns {
            let outcome = SubmissionOutcome::Test(Ok(winner.click.partner));
            return Ok(Made::Settled(outcome));
        }
        self.folder.counts.credit(reasons.is_none());
        let (action, items) = tracked(&case, &winner);
        let action_id = self.batch.free_id(&key, &before)?;
        self.batch.track(&key, &before, action_id, &action);
        self.batch.set_action(action_id, &action, &items);
        let update = Update {
            kind: UpdateKind::Tracked,
            submission: id,
            delta_amount: action.amount.unwrap_or_default().0,
            delta_cost: action.cost.0,
            amount: action.amount.unwrap_or_default(),
            cost: action.cost,
            reason: Box::default(),
        };
        self.batch.update(action_id, action.updates, &update);
        let more = Figures::of(&action);
        self.folder
            .cells
            .change(action_id.program, &action, &Figures::default(), &more);
        Ok(Made::Settled(SubmissionOutcome::Credited(action_id)))
    }
}

/// The action that a credited submission becomes, and its lines.
fn tracked(case: &Case<'_>, winner: &Winner<'_>) -> (Action, Vec<ActionItem>) {
    let submission = case.submission;
    let sale = Sale {
        amount: submission.order.amount,
        currency: winner.program.currency,
    };
    let cost = price(&sale, winner.payout);
    let flags = ActionFlags::NONE
        .with(ActionFlags::RECOVERED, case.reasons.is_none())
        .with(ActionFlags::LATE, winner.late);
    let zone = &winner.program.time_zone;
    let action = Action {
        order_id: submission.order_id.clone(),
        occurrence: 0,
        partner: winner.click.partner,
        ad: winner.click.ad,
        click: winner.click.number,
        referring_type: ReferringType::ClickCookie,
        contract: winner.contract.start,
        submission: case.id,
        date: winner.date,
        day: days::day_in(zone, winner.date),
        locking: winner.contract.terms.locking.instant(winner.date, zone),
        amount: submission.order.amount,
        cost,
        intended_amount: submission.order.amount,
        intended_cost: cost,
        gross_cost: cost,
        updated: received(case.id),
        updates: 1,
        group: None,
        customer_status: submission.customer_status.clone(),
        holds: Vec::new(),
        flags,
    };
    (action, Vec::new())
}

fn received(id: SubmissionId) -> Millis {
    id.number.time()
}
