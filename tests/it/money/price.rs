//! The model's prices: what a sale costs by a payout, and what limits leave of it.

use super::model::Action;
use super::terms::{Limit, LimitOf, Payout};

/// What is paid, and which kinds of limits took anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paid {
    pub(crate) cost: i64,
    pub(crate) over_budget: bool,
    pub(crate) over_count: bool,
}

/// What the limits of `action` leave of `exact`, beside all other actions as they stand.
pub(crate) fn paid(action: &Action, exact: i64, all: &[Action]) -> Paid {
    let mut paid = Paid {
        cost: exact,
        over_budget: false,
        over_count: false,
    };
    for limit in &action.limits {
        let others = all.iter().filter(|other| counts(other, action, limit));
        let held: Vec<i64> = others.map(|other| other.now().held).collect();
        match limit.of {
            LimitOf::Payout(most) => {
                let room = (most - held.iter().sum::<i64>()).max(0);
                paid.over_budget |= paid.cost > room;
                paid.cost = paid.cost.min(room);
            }
            LimitOf::Actions(most) => {
                if held.iter().filter(|held| **held > 0).count() >= most {
                    paid.over_count |= paid.cost > 0;
                    paid.cost = 0;
                }
            }
        }
    }
    paid
}

/// Whether `other` uses up the same limit: it was credited by terms with a limit of that period.
fn counts(other: &Action, action: &Action, limit: &Limit) -> bool {
    let of = |one: &Action| (one.order.0, one.order.1, one.partner, one.contract);
    other.order != action.order
        && of(other) == of(action)
        && limit.period.is_one(other.day, action.day)
        && other.limits.iter().any(|own| own.period == limit.period)
}

/// What a sale of `amount` costs, in millionths, of which `unit` make the smallest piece of money.
pub(crate) fn cost(amount: Option<i64>, payout: Payout, unit: i64) -> i64 {
    match payout {
        Payout::Flat(cost) => cost,
        Payout::Rate(rate) => {
            let exact = i128::from(amount.unwrap_or(0)) * i128::from(rate);
            let piece = i128::from(unit) * 1_000_000;
            let (pieces, rest) = (exact / piece, exact % piece);
            let up = rest * 2 > piece || (rest * 2 == piece && pieces % 2 == 1);
            i64::try_from(pieces + i128::from(up)).unwrap() * unit
        }
    }
}
