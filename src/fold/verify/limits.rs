//! What actions use up of limits, added up and compared with every counter.

use ahash::AHashMap;

use crate::derived::{Action, ActionId, CounterKey, View};

use super::super::error::FoldError;
use super::report::VerifyReport;

/// What the counters should hold: payouts and actions.
#[derive(Debug, Default)]
pub(super) struct Limits(AHashMap<CounterKey, (i128, u64)>);

impl Limits {
    /// Adds what an action holds, and notes where that is not what it is paid.
    pub(super) fn action(&mut self, id: ActionId, action: &Action, report: &mut VerifyReport) {
        for hold in &action.holds {
            let is_right = if hold.counted.is_of_all() {
                hold.cost == action.cost
            } else {
                hold.cost <= action.cost
            };
            if !is_right || hold.cost.0 <= 0 {
                let at = || format!("payout of action {id}");
                report.differs("limits", at, action.cost.0, hold.cost.0);
            }
            let key = hold.counted.key(id, action.partner, action.contract);
            let sum = self.0.entry(key).or_default();
            sum.0 += i128::from(hold.cost.0);
            sum.1 += 1;
        }
    }

    /// Compares with every counter of the view.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let at = |key: &CounterKey| {
            format!(
                "program {}, partner {}, event type {}, day {}",
                key.program, key.partner, key.event_type, key.from.0
            )
        };
        let text = |sum: (i128, u64)| format!("{} for {} actions", sum.0, sum.1);
        view.for_each_counter(&mut |key, counter| {
            let expected = self.0.remove(&key).unwrap_or_default();
            let found = (counter.cost, counter.actions);
            if expected != found {
                report.differs("counter", || at(&key), text(expected), text(found));
            }
        })?;
        let mut missing: Vec<_> = self.0.into_iter().collect();
        missing.sort_unstable_by_key(|row| row.0);
        for (key, sum) in missing {
            report.differs("counter", || at(&key), text(sum), "no counter");
        }
        Ok(())
    }
}
