//! A modification or a reversal changes an action, or is refused.
//!
//! The checks come in the order in which refusals take precedence. What a change leaves is priced
//! by the terms of the conversion, so that a change of the catalogue never reaches back; limits
//! leave it what they have left now and what the action held already. Which reasons lock an action
//! whose locking is open tells the catalogue of the change: a brand that gives one knows it.

use crate::catalog::Catalog;
use crate::derived::{Action, ActionId, OrderKey, SubmissionOutcome, Update, UpdateKind};
use crate::model::action::change::{Change, ChangeRefusal};
use crate::model::id::SubmissionId;

use super::super::error::FoldError;
use super::bill::{Bill, link, terms};
use super::desk::{Desk, Made};
use super::figures::Figures;
use super::modify::Standing;

impl Desk<'_, '_> {
    /// Changes an action, unless its conversion still waits. `catalog` is that of the change.
    pub(super) fn change(
        &mut self,
        id: SubmissionId,
        change: &Change,
        catalog: &Catalog,
    ) -> Result<Made, FoldError> {
        let settled = |outcome| Ok(Made::Settled(outcome));
        let key = OrderKey::new(change.program, change.event_type, &change.order_id);
        let actions = self.batch.actions_of(&key)?;
        let meant = match change.action {
            None => actions.last(),
            Some(order) => actions.iter().find(|action| action.order == order),
        };
        let Some(action_id) = meant.copied() else {
            return if self.waiting.contains(&key) {
                Ok(Made::Waits)
            } else {
                settled(SubmissionOutcome::NotChanged(ChangeRefusal::ActionNotFound))
            };
        };
        let before = Standing {
            action: self
                .batch
                .action(action_id)?
                .ok_or(FoldError::ActionMissing(action_id))?,
            items: self.batch.items(action_id)?,
        };
        let received = id.number.time();
        // Before its terms are asked for: one that was settled from its log entry has none.
        if let Some(refusal) = before.refusal(received) {
            return settled(SubmissionOutcome::NotChanged(refusal));
        }
        let promised = self.catalog_of(before.action.submission)?;
        let (program, payout) =
            terms(action_id, &before, &promised).ok_or(FoldError::TermsMissing(action_id))?;
        let mut after = match before.changed(change, received, program.currency) {
            Ok(after) => after,
            Err(refusal) => return settled(SubmissionOutcome::NotChanged(refusal)),
        };
        let is_as_before = after == before;
        if before.action.locking.is_none() && locks(change, catalog) {
            after.action.locking = Some(received);
        } else if is_as_before {
            return settled(SubmissionOutcome::Unchanged(action_id));
        }
        // What locks as it stands costs what it did, whatever limits have left now.
        if !after.action.is_reversed() && !is_as_before {
            let action = &before.action;
            let conversion = self.entry(action.submission)?.into_conversion();
            let conversion = conversion.ok_or(FoldError::SubmissionMissing(action.submission))?;
            let bill = Bill {
                currency: program.currency,
                lists: &program.lists,
                payout,
                submission: &conversion,
                link: link(self.folder.log(), action, payout)?,
            };
            self.charge(action_id, &action.holds, &mut after, &bill, received)?;
        }
        let number = self.put(action_id, id, &before, after, &change.reason)?;
        settled(SubmissionOutcome::Changed(action_id, number))
    }

    /// Stores what a change left; the number of the update.
    fn put(
        &mut self,
        action_id: ActionId,
        id: SubmissionId,
        before: &Standing,
        mut after: Standing,
        reason: &str,
    ) -> Result<u32, FoldError> {
        let (old, new) = (&before.action, &mut after.action);
        new.updated = id.number.time();
        new.updates = old.updates.saturating_add(1);
        let amount = |action: &Action| action.amount.unwrap_or_default();
        let update = Update {
            kind: if new.is_reversed() {
                UpdateKind::Reversed
            } else {
                UpdateKind::Modified
            },
            submission: id,
            delta_amount: amount(new).0.saturating_sub(amount(old).0),
            delta_cost: new.cost.0.saturating_sub(old.cost.0),
            amount: amount(new),
            cost: new.cost,
            reason: reason.into(),
        };
        self.update(action_id, new.updates, new.partner, &update);
        if let Some(locking) = new.locking.filter(|_| old.locking.is_none()) {
            self.batch.lock(action_id, locking);
        }
        self.batch.set_action(action_id, new, &after.items);
        self.batch.count(action_id, Some(old), new)?;
        let (from, to) = (Figures::of(old), Figures::of(new));
        self.count(action_id, new, &from, &to)?;
        Ok(new.updates)
    }
}

/// Whether the reason of a change locks an action that is open until one does.
fn locks(change: &Change, catalog: &Catalog) -> bool {
    let program = catalog.program(change.program);
    let event_type = program.and_then(|program| program.event_types.get(&change.event_type));
    event_type.is_some_and(|event_type| event_type.is_locked_by(&change.reason))
}
