//! The figures of a report: each one is stored, or the quotient of two stored ones.
//!
//! A figure without a source has no row here, so it can't appear as 0. Values are exact: counts
//! are whole numbers; money and quotients are whole millionths, quotients rounded half to even.

use crate::model::tally::{Kind, Stored, Tally};

use super::ledger;
use super::risk;

/// What a figure measures, which decides how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A whole number.
    Count,
    /// Millionths of the currency's major unit; shown with the currency's decimals at least.
    Money,
    /// A moment in Unix milliseconds; shown in UTC, and `null` where there is none.
    Instant,
    /// A quotient in millionths; shown with six decimals, and `null` when it divides by 0.
    Quotient,
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A stored measure as it is.
    Stored(Stored),
    /// Stored measures added up.
    Sum(&'static [Stored]),
    /// Stored measures, added up, over another.
    Quotient {
        /// What is divided; all of them count in the same.
        over: &'static [Stored],
        /// What it is divided by.
        under: Stored,
    },
}

/// One row of [`MEASURES`].
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Column name in answers.
    pub name: &'static str,
    /// Where it comes from.
    pub source: Source,
    /// What it means, as a sentence.
    pub help: &'static str,
}

/// Clicks as they came.
pub const RAW_CLICKS: Measure = Measure {
    name: "RawClicks",
    source: Source::Stored(Stored::RawClicks),
    help: "Every click, with duplicates, robots and prefetches.",
};
/// Unique clicks.
pub const CLICKS: Measure = Measure {
    name: "Clicks",
    source: Source::Stored(Stored::Clicks),
    help: "Clicks that are unique within the program's window.",
};
/// Payable clicks.
pub const PAYABLE_CLICKS: Measure = Measure {
    name: "PayableClicks",
    source: Source::Stored(Stored::PayableClicks),
    help: "Unique clicks that nothing keeps from being paid.",
};
/// When the last click came.
pub const LAST_CLICK: Measure = Measure {
    name: "LastClick",
    source: Source::Stored(Stored::LastClick),
    help: "When the last of the clicks came.",
};
/// All actions.
pub const GROSS_ACTIONS: Measure = Measure {
    name: "GrossActions",
    source: Source::Stored(Stored::GrossActions),
    help: "Actions, reversed ones included.",
};
/// Actions that stand.
pub const ACTIONS: Measure = Measure {
    name: "Actions",
    source: Source::Stored(Stored::Actions),
    help: "Actions that are not reversed.",
};
/// What customers paid.
pub const SALE_AMOUNT: Measure = Measure {
    name: "SaleAmount",
    source: Source::Stored(Stored::SaleAmount),
    help: "Sale amount of the actions, less discounts, without shipping and tax.",
};
/// What partners earn.
pub const ACTION_COST: Measure = Measure {
    name: "ActionCost",
    source: Source::Stored(Stored::ActionCost),
    help: "Payout of the actions.",
};
/// What partners earn, and would earn for what was reversed.
pub const GROSS_ACTION_COST: Measure = Measure {
    name: "GrossActionCost",
    source: Source::Stored(Stored::GrossActionCost),
    help: "Payout of the actions, reversed ones included as they were before.",
};
/// Actions over clicks.
pub const CONVERSION_RATE: Measure = Measure {
    name: "ConversionRate",
    source: Source::Quotient {
        over: &[Stored::Actions],
        under: Stored::Clicks,
    },
    help: "Actions for each unique click.",
};
/// Cost over clicks.
pub const EPC: Measure = Measure {
    name: "EPC",
    source: Source::Quotient {
        over: &[Stored::ActionCost],
        under: Stored::Clicks,
    },
    help: "Earnings per click: payout for each unique click.",
};
/// Sale amount over actions.
pub const AOV: Measure = Measure {
    name: "AOV",
    source: Source::Quotient {
        over: &[Stored::SaleAmount],
        under: Stored::Actions,
    },
    help: "Average order value: sale amount for each action.",
};
/// Sale amount over cost.
pub const ROAS: Measure = Measure {
    name: "ROAS",
    source: Source::Quotient {
        over: &[Stored::SaleAmount],
        under: Stored::ActionCost,
    },
    help: "Return on ad spend: sale amount for each unit of payout.",
};
/// Seconds from first steps to actions.
pub const SECONDS_TO_CONVERT: Measure = Measure {
    name: "SecondsToConvert",
    source: Source::Stored(Stored::SecondsToConvert),
    help: "Whole seconds from the first step to the action, of all actions together.",
};
/// Seconds from the first step to the action.
pub const TIME_TO_CONVERT: Measure = Measure {
    name: "TimeToConvert",
    source: Source::Quotient {
        over: &[Stored::SecondsToConvert],
        under: Stored::Actions,
    },
    help: "Seconds from the first step to the action, on average; 0 where the first step is no \
        earlier than the action.",
};
/// Partners that came first.
pub const INTRODUCER: Measure = Measure {
    name: "Introducer",
    source: Source::Stored(Stored::Introducer),
    help: "Actions whose first step is the partner's, where it is not solo.",
};
/// Partners in the middle.
pub const INFLUENCER: Measure = Measure {
    name: "Influencer",
    source: Source::Stored(Stored::Influencer),
    help: "Actions that the partner has a step of, but neither the first nor the last one.",
};
/// Partners that came last.
pub const CLOSER: Measure = Measure {
    name: "Closer",
    source: Source::Stored(Stored::Closer),
    help: "Actions whose last step is the partner's, where it is not solo; a partner may be \
        introducer and closer of one action.",
};
/// Partners that were alone.
pub const SOLO: Measure = Measure {
    name: "Solo",
    source: Source::Stored(Stored::Solo),
    help: "Actions whose steps are all the partner's.",
};
/// Partners that earned.
pub const CREDITED: Measure = Measure {
    name: "Credited",
    source: Source::Stored(Stored::Credited),
    help: "Actions that the partner is credited with.",
};
/// Partners that helped.
pub const ASSISTED: Measure = Measure {
    name: "Assisted",
    source: Source::Stored(Stored::Assisted),
    help: "Actions that the partner has a step of and another is credited with.",
};
/// Actions with a part of the partner.
pub const PARTICIPATIONS: Measure = Measure {
    name: "Participations",
    source: Source::Stored(Stored::Participations),
    help: "Actions that the partner has a step of, each once.",
};
/// Clicks in paths.
pub const PARTICIPATING_CLICKS: Measure = Measure {
    name: "ParticipatingClicks",
    source: Source::Stored(Stored::ParticipatingClicks),
    help: "Clicks of the partner that are steps of actions' paths.",
};

/// What clicks earn by themselves.
pub const CPC_COST: Measure = Measure {
    name: "CPCCost",
    source: Source::Stored(Stored::CpcCost),
    help: "What clicks are paid by themselves, added up without rounding. What is due for a day \
        of one partner is its sum rounded half to even to the currency's decimals (ours).",
};
/// What judgements of the past pay more.
pub const ADJUSTMENTS: Measure = Measure {
    name: "Adjustments",
    source: Source::Stored(Stored::Adjusted),
    help: "What clicks and settled actions of earlier days are paid more, or less, since the past \
        was judged by other lists on this day. Their own days stand (ours).",
};
/// What partners earn in all.
pub const TOTAL_COST: Measure = Measure {
    name: "TotalCost",
    source: Source::Sum(COSTS),
    help: "Payout of the actions, cost of the clicks, and adjustments.",
};
/// Cost over clicks.
pub const CPC: Measure = Measure {
    name: "CPC",
    source: Source::Quotient {
        over: COSTS,
        under: Stored::Clicks,
    },
    help: "Cost per click: all that is paid, for each unique click.",
};

const COSTS: &[Stored] = &[Stored::ActionCost, Stored::CpcCost, Stored::Adjusted];

/// Every measure that a report can show.
pub fn all() -> impl Iterator<Item = &'static Measure> {
    let performance = MEASURES.iter().chain(risk::measures());
    performance.chain(ledger::MEASURES)
}

/// The measures of performance.
const MEASURES: &[Measure] = &[
    RAW_CLICKS,
    CLICKS,
    PAYABLE_CLICKS,
    LAST_CLICK,
    GROSS_ACTIONS,
    ACTIONS,
    SALE_AMOUNT,
    ACTION_COST,
    GROSS_ACTION_COST,
    CONVERSION_RATE,
    EPC,
    AOV,
    ROAS,
    SECONDS_TO_CONVERT,
    TIME_TO_CONVERT,
    INTRODUCER,
    INFLUENCER,
    CLOSER,
    SOLO,
    CREDITED,
    ASSISTED,
    PARTICIPATIONS,
    PARTICIPATING_CLICKS,
    CPC_COST,
    ADJUSTMENTS,
    TOTAL_COST,
    CPC,
];

/// How many stored units make one: money is stored in millionths, counts as they are.
const fn scale(stored: Stored) -> i128 {
    match stored.kind() {
        Kind::Money => 1_000_000,
        Kind::Count | Kind::Latest => 1,
    }
}

impl Measure {
    /// What it measures.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self.source {
            Source::Quotient { .. } => Unit::Quotient,
            Source::Stored(stored) => match stored.kind() {
                Kind::Count => Unit::Count,
                Kind::Money => Unit::Money,
                Kind::Latest => Unit::Instant,
            },
            Source::Sum(stored) => match stored.first().map(|first| first.kind()) {
                Some(Kind::Money) => Unit::Money,
                _ => Unit::Count,
            },
        }
    }

    /// The stored measures it needs.
    pub fn needs(&self) -> impl Iterator<Item = Stored> {
        let (one, more): (_, &[Stored]) = match self.source {
            Source::Stored(stored) => (Some(stored), &[]),
            Source::Sum(stored) => (None, stored),
            Source::Quotient { over, under } => (Some(under), over),
        };
        more.iter().copied().chain(one)
    }

    /// Its value in its [`Unit`]; nothing when it divides by 0.
    #[must_use]
    pub fn value(&self, tally: &Tally) -> Option<i128> {
        match self.source {
            Source::Stored(stored) => {
                let value = tally.get(stored);
                (value != 0 || stored.kind() != Kind::Latest).then_some(value)
            }
            Source::Sum(stored) => Some(sum(tally, stored)),
            Source::Quotient { over, under } => {
                let dividend = sum(tally, over)
                    .checked_mul(1_000_000)?
                    .checked_mul(scale(under))?;
                let over = over.first().map_or(1, |over| scale(*over));
                divide_half_even(dividend, tally.get(under).checked_mul(over)?)
            }
        }
    }

    /// What it has changed by from `before` to `after`, in millionths of what it was; nothing when
    /// it was 0, or there is none.
    #[must_use]
    pub fn change(&self, before: &Tally, after: &Tally) -> Option<i128> {
        let (before, after) = (self.value(before)?, self.value(after)?);
        if self.unit() == Unit::Instant {
            return None;
        }
        divide_half_even(after.checked_sub(before)?.checked_mul(1_000_000)?, before)
    }

    /// How it is made, in column names.
    #[must_use]
    pub fn formula(&self) -> String {
        let name = |source: Source| {
            let found = all().find(|measure| measure.source == source);
            found.map_or("", |measure| measure.name)
        };
        match self.source {
            Source::Stored(_) => "stored".to_owned(),
            Source::Sum(stored) => {
                let names = stored.iter().map(|stored| name(Source::Stored(*stored)));
                names.collect::<Vec<_>>().join(" + ")
            }
            Source::Quotient { over, under } => {
                let over = match over {
                    [one] => name(Source::Stored(*one)),
                    _ => name(Source::Sum(over)),
                };
                format!("{over} / {}", name(Source::Stored(under)))
            }
        }
    }
}

fn sum(tally: &Tally, stored: &[Stored]) -> i128 {
    let values = stored.iter().map(|stored| tally.get(*stored));
    values.fold(0, i128::saturating_add)
}

/// `dividend / divisor` rounded half to even; nothing for a divisor of 0.
fn divide_half_even(dividend: i128, divisor: i128) -> Option<i128> {
    let quotient = dividend.checked_div_euclid(divisor)?;
    let rest = dividend.checked_rem_euclid(divisor)?.unsigned_abs();
    let divisor_size = divisor.unsigned_abs();
    let up = match rest.cmp(&(divisor_size - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    // The remainder is never negative, so rounding up moves against a negative divisor's sign.
    let step = if divisor < 0 { -1 } else { 1 };
    quotient.checked_add(if up { step } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(pairs: &[(Stored, i128)]) -> Tally {
        let mut tally = Tally::default();
        for (stored, amount) in pairs {
            tally.add(*stored, *amount);
        }
        tally
    }

    #[test]
    fn names_are_unique_and_every_stored_measure_has_one() {
        for (i, measure) in all().enumerate() {
            assert!(all().skip(i + 1).all(|m| m.name != measure.name));
            for stored in measure.needs() {
                let named = Source::Stored(stored);
                assert_eq!(all().filter(|m| m.source == named).count(), 1);
            }
        }
    }

    #[test]
    fn formulas_are_those_of_the_trade() {
        let formulas: Vec<String> = [CONVERSION_RATE, EPC, AOV, ROAS, CLICKS, TOTAL_COST, CPC]
            .iter()
            .map(Measure::formula)
            .collect();
        assert_eq!(
            formulas,
            [
                "Actions / Clicks",
                "ActionCost / Clicks",
                "SaleAmount / Actions",
                "SaleAmount / ActionCost",
                "stored",
                "ActionCost + CPCCost + Adjustments",
                "TotalCost / Clicks",
            ]
        );
    }

    #[test]
    fn quotients_are_exact_to_the_millionth() {
        let tally = tally(&[
            (Stored::Clicks, 3),
            (Stored::Actions, 2),
            (Stored::SaleAmount, 10_000_000),
            (Stored::ActionCost, 4_000_000),
            (Stored::CpcCost, 1_000_001),
        ]);
        assert_eq!(TOTAL_COST.value(&tally), Some(5_000_001));
        assert_eq!(CPC.value(&tally), Some(1_666_667));
        assert_eq!(CONVERSION_RATE.value(&tally), Some(666_667));
        assert_eq!(EPC.value(&tally), Some(1_333_333));
        assert_eq!(AOV.value(&tally), Some(5_000_000));
        assert_eq!(ROAS.value(&tally), Some(2_500_000));
        assert_eq!(SALE_AMOUNT.value(&tally), Some(10_000_000));
    }

    #[test]
    fn dividing_by_nothing_is_no_figure() {
        let tally = tally(&[(Stored::Actions, 2)]);
        for measure in [CONVERSION_RATE, EPC, ROAS] {
            assert_eq!(measure.value(&tally), None, "{}", measure.name);
        }
        assert_eq!(AOV.value(&tally), Some(0));
    }

    #[test]
    fn halves_go_to_the_even_millionth() {
        for (dividend, divisor, quotient) in [
            (1, 2, 0),
            (3, 2, 2),
            (5, 2, 2),
            (-1, 2, 0),
            (-3, 2, -2),
            (1, -2, 0),
            (3, -2, -2),
            (7, 3, 2),
            (8, 3, 3),
            (-8, 3, -3),
            (8, -3, -3),
            (-7, 3, -2),
        ] {
            assert_eq!(
                divide_half_even(dividend, divisor),
                Some(quotient),
                "{dividend} / {divisor}"
            );
        }
        assert_eq!(divide_half_even(1, 0), None);
    }
}
