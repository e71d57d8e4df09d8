//! How an action stands after a change: pure rules, no store.
//!
//! The checks come in the order in which refusals take precedence. What a change leaves is priced
//! by the terms of the conversion, so that a change of the catalogue never reaches back.

use crate::catalog::snapshot::Payout;
use crate::derived::{Action, ActionFlags, ActionItem};
use crate::model::action::change::{CHANGES_MAX, Change, ChangeRefusal, ItemChange, What};
use crate::model::currency::Currency;
use crate::model::money::Money;
use crate::model::spread;
use crate::model::time::Millis;

use super::super::price::sale::{Sale, price};

/// An action with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) action: Action,
    pub(super) items: Vec<ActionItem>,
}

/// What an action is priced by.
#[derive(Clone, Copy, Debug)]
pub(super) struct PriceTerms<'a> {
    pub(super) currency: Currency,
    pub(super) payout: &'a Payout,
}

impl Standing {
    /// How the action stands after `change`, which was received at `received`.
    ///
    /// # Errors
    /// The refusal of highest precedence.
    pub(super) fn changed(
        &self,
        change: &Change,
        received: Millis,
        terms: PriceTerms<'_>,
    ) -> Result<Self, ChangeRefusal> {
        if self.action.is_locked(received) {
            return Err(ChangeRefusal::ActionLocked);
        }
        if self.action.is_reversed() {
            return Err(ChangeRefusal::ActionReversed);
        }
        if self.action.updates > CHANGES_MAX {
            return Err(ChangeRefusal::TooManyModifications);
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
            after.change_item(item, (received, &change.reason), terms.currency)?;
        }
        if let Some(amount) = amount {
            after.spread(*amount, terms.currency);
        } else if !items.is_empty() {
            after.action.amount = Some(after.sum());
        }
        if let Some(status) = customer_status {
            after.action.customer_status = Some(status.clone());
        }
        let is_nothing = after.action.amount == Some(Money::ZERO);
        let was_nothing = self.action.amount.unwrap_or_default() == Money::ZERO;
        if is_nothing && (amount.is_some() || !was_nothing) {
            return Ok(self.reversed());
        }
        after.reprice(terms);
        Ok(after)
    }

    /// The action as it stands once it is taken back.
    fn reversed(&self) -> Self {
        let mut after = self.clone();
        let action = &mut after.action;
        action.flags = action.flags.with(ActionFlags::REVERSED, true);
        action.gross_cost = action.cost;
        action.cost = Money::ZERO;
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

    fn reprice(&mut self, terms: PriceTerms<'_>) {
        let sale = Sale {
            amount: self.action.amount,
            currency: terms.currency,
        };
        self.action.cost = price(&sale, terms.payout);
        self.action.gross_cost = self.action.cost;
    }
}
