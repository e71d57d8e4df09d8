//! How an action stands after a change, but for its price: pure rules, no store.
//!
//! The checks come in the order in which refusals take precedence.

use crate::derived::{Action, ActionFlags, ActionItem};
use crate::model::action::change::{CHANGES_MAX, Change, ChangeRefusal, ItemChange, What};
use crate::model::currency::Currency;
use crate::model::money::Money;
use crate::model::spread;
use crate::model::time::Millis;

/// An action with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) action: Action,
    pub(super) items: Vec<ActionItem>,
}

impl Standing {
    /// How the action stands after `change`, which was received at `received`: what it costs is
    /// as before, unless it is reversed.
    ///
    /// # Errors
    /// The refusal of highest precedence.
    pub(super) fn changed(
        &self,
        change: &Change,
        received: Millis,
        currency: Currency,
    ) -> Result<Self, ChangeRefusal> {
        if let Some(refusal) = self.refusal(received) {
            return Err(refusal);
        }
        let What::Modify {
            amount,
            customer_status,
            items,
        } = &change.what
        else {
            return Ok(self.reversed());
        };
        let mut after = self.clone();
        for item in items {
            after.change_item(item, (received, &change.reason), currency)?;
        }
        if let Some(amount) = amount {
            after.spread(*amount, currency);
        } else if !items.is_empty() && (after.action.amount.is_some() || after.sum() > Money::ZERO)
        {
            after.action.amount = Some(after.sum());
        }
        if let Some(status) = customer_status {
            after.action.customer_status = Some(status.clone());
        }
        let is_nothing = after.action.amount == Some(Money::ZERO);
        let was_nothing = self.action.amount.unwrap_or_default() == Money::ZERO;
        let is_empty = !items.is_empty() && after.items.iter().all(|item| item.units == 0);
        if is_empty || (is_nothing && (amount.is_some() || !was_nothing)) {
            let mut gone = self.reversed();
            gone.action.customer_status = after.action.customer_status;
            return Ok(gone);
        }
        Ok(after)
    }

    /// Why nothing that is received at `received` changes the action, whatever it says.
    pub(super) fn refusal(&self, received: Millis) -> Option<ChangeRefusal> {
        if self.action.is_locked(received) {
            Some(ChangeRefusal::ActionLocked)
        } else if self.action.is_reversed() {
            Some(ChangeRefusal::ActionReversed)
        } else {
            let is_worn = self.action.updates > CHANGES_MAX;
            is_worn.then_some(ChangeRefusal::TooManyModifications)
        }
    }

    /// The action as it stands once it is taken back.
    fn reversed(&self) -> Self {
        let mut after = self.clone();
        let action = &mut after.action;
        action.flags = action.flags.with(ActionFlags::REVERSED, true);
        action.gross_cost = action.cost;
        action.cost = Money::ZERO;
        action.holds.clear();
        action.amount = action.amount.map(|_| Money::ZERO);
        for item in &mut after.items {
            item.net = Money::ZERO;
            item.cost = Money::ZERO;
        }
        after
    }

    /// Changes the items of one stock keeping unit together: what they come to lies on the first
    /// of them afterwards.
    fn change_item(
        &mut self,
        change: &ItemChange,
        adjusted: (Millis, &str),
        currency: Currency,
    ) -> Result<(), ChangeRefusal> {
        let is_meant = |item: &ActionItem| {
            let category = change.category.as_ref();
            item.sku == change.sku && category.is_none_or(|category| *category == item.category)
        };
        let mut meant = self.items.iter_mut().filter(|item| is_meant(item));
        let first = meant.next().ok_or(ChangeRefusal::ItemNotFound)?;
        for item in meant {
            first.units = first.units.saturating_add(item.units);
            first.net = Money(first.net.0.saturating_add(item.net.0));
            first.cost = Money(first.cost.0.saturating_add(item.cost.0));
            first.rebate = Money(first.rebate.0.saturating_add(item.rebate.0));
            item.units = 0;
            (item.net, item.cost, item.rebate) = (Money::ZERO, Money::ZERO, Money::ZERO);
        }
        if let Some(units) = change.units {
            first.net = first.net.ratio(units, first.units, currency);
            first.units = units;
        }
        if let Some(amount) = change.amount {
            first.net = amount;
        }
        if let Some(delta) = change.delta {
            first.net = Money(first.net.0.saturating_add(delta));
        }
        if first.net < Money::ZERO {
            return Err(ChangeRefusal::AmountBelowZero);
        }
        first.adjusted = Some((adjusted.0, adjusted.1.into()));
        Ok(())
    }

    /// Sets the sale amount; the items share it as they share the present one.
    fn spread(&mut self, amount: Money, currency: Currency) {
        self.action.amount = Some(amount);
        let weights: Vec<i64> = self.items.iter().map(|item| item.net.0).collect();
        let shares = spread::over(amount.0, &weights, Money::unit(currency));
        for (item, share) in self.items.iter_mut().zip(shares) {
            item.net = Money(share);
        }
    }

    fn sum(&self) -> Money {
        let sum = self.items.iter().map(|item| item.net.0);
        Money(sum.fold(0, i64::saturating_add))
    }
}
