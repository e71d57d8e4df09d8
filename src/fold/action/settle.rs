//! An action that has locked stands as it locked, whatever the rules say.

use crate::derived::{
    Action, ActionFlags, ActionId, ActionItem, Hold, OrderKey, SubmissionOutcome, Update,
    UpdateKind,
};
use crate::model::action::settlement::Settlement;
use crate::model::id::{AdId, PartnerId, SubmissionId};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::time::Millis;

use super::super::error::FoldError;
use super::desk::{Desk, Made};
use super::figures::Figures;

/// The reason of an update by which settled figures take the place of others.
const REASON: &str = "SETTLED";

impl Desk<'_, '_> {
    /// Settles an action; where these rules gave other figures than it locked with, or none, those
    /// it locked with take their place.
    pub(super) fn settle_action(
        &mut self,
        id: SubmissionId,
        settlement: &Settlement,
    ) -> Result<Made, FoldError> {
        let action_id = ActionId {
            program: settlement.program,
            event_type: settlement.event_type,
            order: settlement.action,
        };
        let found = self.batch.action(action_id)?;
        let before = found.filter(|action| action.order_id == settlement.order_id);
        let items = match &before {
            Some(_) => self.batch.items(action_id)?,
            None => Vec::new(),
        };
        let after = settled(id, before.as_ref(), settlement);
        let number = self.stand(action_id, id, before.as_ref(), after, &items)?;
        self.adjust(action_id, id.slot)?;
        let expected = before.and_then(|before| before.locking);
        self.batch.settled(action_id, expected, settlement.locking);
        Ok(Made::Settled(SubmissionOutcome::Settled(action_id, number)))
    }

    /// Stores the settled action; the number of the update, 0 when its figures stood so already.
    fn stand(
        &mut self,
        action_id: ActionId,
        id: SubmissionId,
        before: Option<&Action>,
        mut after: Action,
        items: &[ActionItem],
    ) -> Result<u32, FoldError> {
        let place = |action: &Action| (action.partner, action.day);
        let from = before.map(Figures::of).unwrap_or_default();
        let to = Figures::of(&after);
        let moved = before.is_none_or(|before| place(before) != place(&after));
        if from == to && !moved {
            // How long it took may differ alone, which is no update.
            if before.is_some_and(|before| before.date != after.date) {
                self.recount(action_id, before, &after)?;
            }
            self.batch.set_action(action_id, &after, items);
            return Ok(0);
        }
        after.updates = after.updates.saturating_add(1);
        after.updated = id.number.time();
        let amount = |action: &Action| action.amount.unwrap_or_default();
        let (old_amount, old_cost) =
            before.map_or_else(Default::default, |before| (amount(before), before.cost));
        let update = Update {
            kind: UpdateKind::Settled,
            submission: id,
            delta_amount: amount(&after).0.saturating_sub(old_amount.0),
            delta_cost: after.cost.0.saturating_sub(old_cost.0),
            amount: amount(&after),
            cost: after.cost,
            reason: REASON.into(),
        };
        self.update(action_id, after.updates, after.partner, &update);
        self.recount(action_id, before, &after)?;
        if let Some(before) = before {
            self.give_back_click(action_id, before, &after)?;
        } else {
            let order = OrderKey::new(action_id.program, action_id.event_type, &after.order_id);
            let actions = self.batch.actions_of(&order)?;
            self.batch.track(&order, &actions, action_id, &after);
        }
        self.batch.set_action(action_id, &after, items);
        self.batch.count(action_id, before, &after)?;
        Ok(after.updates)
    }

    /// Counts the settled action instead of the one before.
    fn recount(
        &mut self,
        id: ActionId,
        before: Option<&Action>,
        after: &Action,
    ) -> Result<(), FoldError> {
        let none = Figures::default();
        if let Some(before) = before {
            self.count(id, before, &Figures::of(before), &none)?;
        }
        self.count(id, after, &none, &Figures::of(after))
    }
}

/// The action as it locked; what a settlement does not say is as before.
fn settled(id: SubmissionId, before: Option<&Action>, settlement: &Settlement) -> Action {
    let flags = before.map_or(ActionFlags::NONE, |before| before.flags);
    let flags = flags
        .with(ActionFlags::SETTLED, true)
        .with(ActionFlags::REVERSED, settlement.reversed);
    let restored = Action {
        order_id: settlement.order_id.clone(),
        occurrence: 0,
        partner: settlement.partner,
        ad: AdId(0),
        click: None,
        referring_type: ReferringType::ClickCookie,
        contract: Millis(0),
        submission: id,
        date: settlement.date,
        day: settlement.day,
        locking: Some(settlement.locking),
        amount: settlement.amount,
        cost: settlement.cost,
        intended_amount: settlement.amount,
        intended_cost: settlement.gross_cost,
        gross_cost: settlement.gross_cost,
        updated: id.number.time(),
        updates: 0,
        group: None,
        customer_status: None,
        holds: Vec::new(),
        ruled: ruled(before, settlement),
        flags,
    };
    let Some(before) = before else {
        return restored;
    };
    Action {
        partner: restored.partner,
        // A click of one partner says nothing of what another earns.
        click: before.click.filter(|_| before.partner == restored.partner),
        date: restored.date,
        day: restored.day,
        locking: restored.locking,
        amount: restored.amount,
        cost: restored.cost,
        gross_cost: restored.gross_cost,
        holds: held(before, settlement),
        ruled: restored.ruled,
        flags,
        ..before.clone()
    }
}

/// What the rules would pay, and whom, where they differ from the settlement.
fn ruled(before: Option<&Action>, settlement: &Settlement) -> Option<(PartnerId, Money)> {
    let ruled = before.map_or((settlement.partner, Money::ZERO), |before| {
        (before.partner, before.cost)
    });
    (ruled != (settlement.partner, settlement.cost)).then_some(ruled)
}

/// What the action uses up of limits: what it is paid now, by the same contract. What another
/// partner is paid was no part of these limits.
fn held(before: &Action, settlement: &Settlement) -> Vec<Hold> {
    if before.partner != settlement.partner {
        return Vec::new();
    }
    let holds = before.holds.iter().map(|hold| Hold {
        counted: hold.counted,
        cost: if hold.counted.is_of_all() {
            settlement.cost
        } else {
            hold.cost.min(settlement.cost)
        },
    });
    holds.filter(|hold| hold.cost > Money::ZERO).collect()
}
