//! What an action adds to the sums of its day and partner.

use crate::derived::Action;
use crate::model::tally::{Stored, Tally};

/// The sums of one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Figures {
    gross_actions: i128,
    gross_cost: i128,
    actions: i128,
    amount: i128,
    cost: i128,
}

impl Figures {
    /// What `action` counts for as it stands.
    pub(in crate::fold) fn of(action: &Action) -> Self {
        Self {
            gross_actions: 1,
            gross_cost: action.gross_cost.0.into(),
            actions: i128::from(!action.is_reversed()),
            amount: action.amount.unwrap_or_default().0.into(),
            cost: action.cost.0.into(),
        }
    }

    /// How many actions more `after` counts, reversed ones included.
    pub(in crate::fold) fn gross_more(&self, after: &Self) -> i128 {
        after.gross_actions - self.gross_actions
    }

    /// Adds to `tally` what changes when these become `after`.
    pub(in crate::fold) fn change(&self, after: &Self, tally: &mut Tally) {
        for (measure, before, after) in [
            (
                Stored::GrossActions,
                self.gross_actions,
                after.gross_actions,
            ),
            (Stored::GrossActionCost, self.gross_cost, after.gross_cost),
            (Stored::Actions, self.actions, after.actions),
            (Stored::SaleAmount, self.amount, after.amount),
            (Stored::ActionCost, self.cost, after.cost),
        ] {
            tally.add(measure, after - before);
        }
    }
}
