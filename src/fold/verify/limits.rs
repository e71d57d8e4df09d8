//! What actions use up of limits, added up and compared with every counter.

use ahash::AHashMap;

use jiff::Span;
use jiff::civil::Date;

use crate::derived::{Action, ActionId, Charge, CounterKey, VerdictKey, View};
use crate::model::time::Day;
use crate::registry::cpc::CpcError;

use super::super::error::FoldError;
use super::report::VerifyReport;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The first day of the period, by its stored number, that `day` lies in.
fn first_day(period: u8, day: Day) -> Day {
    let date = EPOCH.checked_add(Span::new().days(day.0)).unwrap_or(EPOCH);
    let month = date.first_of_month();
    let first = match period {
        1 => date,
        2 => date.saturating_sub(Span::new().days(date.weekday().to_monday_zero_offset())),
        3 => month,
        4 => month.saturating_sub(Span::new().months((month.month() - 1) % 3)),
        _ => EPOCH,
    };
    EPOCH.until(first).map_or(day, |span| Day(span.get_days()))
}

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

    /// Adds what a click holds, and notes what does not fit together.
    pub(super) fn click(
        &mut self,
        key: VerdictKey,
        day: Day,
        charge: &Charge,
        report: &mut VerifyReport,
    ) {
        let is_right = match charge.error {
            None | Some(CpcError::OverlimitBudget) => true,
            Some(_) => charge.price().0 == 0,
        };
        if !is_right {
            let at = || format!("program {}, click {}", key.program, key.number.0);
            let found = format!("{charge:?}");
            report.differs("charge", at, "nothing paid for a reason", found);
        }
        let Some(held) = charge.held else {
            return;
        };
        let of_all = held.all.iter().map(|period| (0, period));
        let own = held.group.into_iter();
        let own = own.flat_map(|(group, periods)| periods.iter().map(move |p| (group, p)));
        for (group, period) in of_all.chain(own) {
            let sum = self.0.entry(CounterKey {
                program: key.program,
                partner: key.partner,
                contract: held.contract,
                event_type: held.event_type,
                group,
                period,
                from: first_day(period, day),
                // Limits of clicks count all of them together.
                scope: 1,
                whose: [0; 16],
            });
            let sum = sum.or_default();
            sum.0 += i128::from(charge.price().0);
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
