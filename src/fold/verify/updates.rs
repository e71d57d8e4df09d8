//! The updates of each action, added up and compared with the action.

use ahash::AHashMap;

use crate::derived::{Action, ActionId, Update, UpdateKey, UpdateKind};

use super::report::VerifyReport;

/// What the updates of one action come to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    amount: i128,
    cost: i128,
    updates: u32,
    reversals: u32,
    settled: bool,
    /// What settlements changed of the payout.
    put_right: i128,
}

/// What the updates of all actions come to.
#[derive(Debug, Default)]
pub(super) struct Updates {
    sums: AHashMap<ActionId, Sum>,
    pub(super) count: u64,
}

impl Updates {
    /// Adds an update.
    pub(super) fn add(&mut self, key: UpdateKey, update: &Update) {
        self.count += 1;
        let sum = self.sums.entry(key.action).or_default();
        sum.updates += 1;
        sum.amount += i128::from(update.delta_amount);
        sum.cost += i128::from(update.delta_cost);
        sum.reversals += u32::from(update.kind == UpdateKind::Reversed);
        if update.kind == UpdateKind::Settled {
            sum.settled = true;
            sum.put_right += i128::from(update.delta_cost);
        }
    }

    /// Notes where an action is not what its updates come to.
    pub(super) fn compare(&mut self, id: ActionId, action: &Action, report: &mut VerifyReport) {
        let sum = self.sums.remove(&id).unwrap_or_default();
        let amount = action.amount.unwrap_or_default();
        // Of an action that locked otherwise than its updates say, the settlement is compared.
        let reversals = if sum.settled {
            action.is_reversed().into()
        } else {
            sum.reversals
        };
        let ruled = action.ruled.map_or(action.cost, |(_, ruled)| ruled);
        let put_right = i128::from(action.cost.0) - i128::from(ruled.0);
        for (what, expected, found) in [
            ("settled payout", sum.put_right, put_right),
            ("amount", sum.amount, amount.0.into()),
            ("payout", sum.cost, action.cost.0.into()),
            ("updates", sum.updates.into(), action.updates.into()),
            ("reversals", reversals.into(), action.is_reversed().into()),
        ] {
            if expected != found {
                let at = || format!("{what} of action {id}");
                report.differs("updates", at, expected, found);
            }
        }
    }

    /// Notes updates of actions that are not there.
    pub(super) fn end(&mut self, report: &mut VerifyReport) {
        let mut left: Vec<ActionId> = self.sums.drain().map(|row| row.0).collect();
        left.sort_unstable();
        for id in left {
            report.differs("updates", || format!("action {id}"), "an action", "none");
        }
    }
}
