//! A conversion becomes an action, is refused, or waits for its click.

use crate::catalog::Catalog;
use crate::derived::{
    Action, ActionFlags, ActionId, OrderKey, Referred, SubmissionOutcome, Update, UpdateKind,
};
use crate::model::id::SubmissionId;
use crate::model::money::Money;
use crate::model::refusal::Refusal;
use crate::model::submission::Submission;

use super::super::credit::case::{Case, Winner};
use super::super::credit::decide::{Decision, decide};
use super::super::credit::see::See as _;
use super::super::days;
use super::super::error::FoldError;
use super::bill::{Bill, lines, link};
use super::desk::{Desk, Made};
use super::figures::Figures;
use super::modify::Standing;

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
        let case = Case {
            id,
            submission,
            catalog,
        };
        if let Some(click) = case.awaited()
            && self.stored(submission.program, &click.into())?.is_none()
            && !self.is_lost(&click)
        {
            return Ok(Made::Waits);
        }
        let Decision { path, result } = decide(&case, &*self)?;
        self.batch.path(id, &path);
        if !submission.is_test {
            self.note_people(&case)?;
        }
        let winner = match result {
            Ok(winner) => winner,
            Err(refusal) => {
                self.hold_against(&case, &path, refusal)?;
                return refused(refusal);
            }
        };
        // A test tells who would earn it; its order id stays free, and no figure knows of it.
        let earns = !submission.is_test;
        if !earns {
            let outcome = SubmissionOutcome::Test(Ok(winner.partner));
            return Ok(Made::Settled(outcome));
        }
        self.folder.counts.credit(winner.recovered);
        self.count_again(&case, &winner)?;
        let key = OrderKey::new(
            submission.program,
            submission.event_type,
            &submission.order_id,
        );
        let before = self.batch.actions_of(&key)?;
        let action_id = self.batch.free_id(&key, &before)?;
        let occurrence = u32::try_from(before.len()).unwrap_or(u32::MAX);
        let Standing { action, items } = self.tracked((action_id, occurrence), &case, &winner)?;
        self.batch.track(&key, &before, action_id, &action);
        self.batch.set_action(action_id, &action, &items);
        self.batch.count(action_id, None, &action)?;
        let update = Update {
            kind: UpdateKind::Tracked,
            submission: id,
            delta_amount: action.amount.unwrap_or_default().0,
            delta_cost: action.cost.0,
            amount: action.amount.unwrap_or_default(),
            cost: action.cost,
            reason: Box::default(),
        };
        self.update(action_id, action.updates, action.partner, &update);
        let more = Figures::of(&action);
        self.count(action_id, &action, &Figures::default(), &more)?;
        Ok(Made::Settled(SubmissionOutcome::Credited(action_id)))
    }

    /// The action that a credited submission becomes, and its lines.
    fn tracked(
        &self,
        (id, occurrence): (ActionId, u32),
        case: &Case<'_>,
        winner: &Winner<'_>,
    ) -> Result<Standing, FoldError> {
        let (action, payout) = (unpriced(occurrence, case, winner), winner.payout);
        let bill = Bill {
            currency: winner.program.currency,
            lists: &winner.program.lists,
            payout,
            submission: case.submission,
            link: link(self.folder.log(), &action, payout)?,
        };
        let mut standing = Standing {
            action,
            items: lines(case.submission, Money::unit(winner.program.currency)),
        };
        let received = case.id.number.time();
        let cost = self.charge(id, &[], &mut standing, &bill, received)?;
        standing.action.intended_cost = cost;
        Ok(standing)
    }
}

/// The action that a credited submission becomes, but for what it costs.
fn unpriced(occurrence: u32, case: &Case<'_>, winner: &Winner<'_>) -> Action {
    let submission = case.submission;
    let flags = ActionFlags::NONE
        .with(ActionFlags::RECOVERED, winner.recovered)
        .with(ActionFlags::LATE, winner.late);
    let zone = &winner.program.time_zone;
    Action {
        order_id: submission.order_id.clone(),
        occurrence,
        partner: winner.partner,
        ad: winner.ad(),
        click: winner.click.map(Referred::from),
        referring_type: winner.referring_type,
        contract: winner.contract.start,
        submission: case.id,
        date: winner.date,
        day: days::day_in(zone, winner.date),
        locking: winner.contract.terms.locking.instant(winner.date, zone),
        amount: submission.order.amount,
        cost: Money::ZERO,
        intended_amount: submission.order.amount,
        intended_cost: Money::ZERO,
        gross_cost: Money::ZERO,
        updated: case.id.number.time(),
        updates: 1,
        group: None,
        customer_status: submission.customer_status.clone(),
        holds: Vec::new(),
        ruled: None,
        flags,
    }
}
