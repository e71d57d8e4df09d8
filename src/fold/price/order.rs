//! The price of a sale by a payout: restrictions, ranked groups, rounding.

use crate::catalog::snapshot::{ExceptionLists, Level, Payout, Price, Rule};
use crate::model::currency::Currency;
use crate::model::money::Money;
use crate::model::spread;

use super::limit::Cut;
use super::sale::{Known, Sale, Sold};

/// What a sale costs before limits, and how that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Priced {
    /// Whether the order or each item is priced.
    pub(in crate::fold) level: Level,
    /// What was priced: the order, or each item.
    pub(in crate::fold) lines: Vec<Line>,
    /// What each item costs, in the order of the sale's items.
    pub(in crate::fold) shares: Vec<Share>,
}

/// One price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Line {
    /// The number of the item; 0 is the order.
    pub(in crate::fold) item: u16,
    /// A restriction holds, so it earns nothing.
    pub(in crate::fold) is_restricted: bool,
    /// The payout group by its rank from 0; none is the default.
    pub(in crate::fold) group: Option<u16>,
    /// What a rate is taken of.
    pub(in crate::fold) base: Money,
    /// The price.
    pub(in crate::fold) price: Price,
    /// What comes of it.
    pub(in crate::fold) cost: Money,
}

/// What one item costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Share {
    /// The number of the item; 0 is an order without items.
    pub(in crate::fold) item: u16,
    /// The payout group that priced it.
    pub(in crate::fold) group: Option<u16>,
    /// What it costs.
    pub(in crate::fold) cost: Money,
    /// What limits took of it.
    pub(in crate::fold) cut: Cut,
}

impl Priced {
    /// Whether a restriction took anything.
    pub(in crate::fold) fn is_restricted(&self) -> bool {
        self.lines.iter().any(|line| line.is_restricted)
    }

    /// The group of the order, or of all its items where they have the same.
    pub(in crate::fold) fn group(&self) -> Option<u16> {
        let first = self.lines.first()?.group;
        let is_one = self.lines.iter().all(|line| line.group == first);
        first.filter(|_| is_one)
    }

    /// What it costs in all.
    pub(in crate::fold) fn cost(&self) -> Money {
        sum(&self.shares)
    }
}

/// What `shares` come to.
pub(in crate::fold) fn sum(shares: &[Share]) -> Money {
    let costs = shares.iter().map(|share| share.cost.0);
    Money(costs.fold(0, i64::saturating_add))
}

/// Prices `sale` by `payout`.
pub(in crate::fold) fn price(sale: &Sale<'_>, payout: &Payout, lists: &ExceptionLists) -> Priced {
    let asked = Asked { sale, lists };
    let (lines, shares) = match payout.level {
        // Clicks have prices of their own and never come here.
        Level::Order | Level::Click => {
            let base = sale.amount.unwrap_or_default();
            let line = asked.line(payout, &sale.items, (0, 1, base));
            (vec![line], asked.spread(line))
        }
        Level::Item => {
            let line = |item: &Sold<'_>| {
                let of = (item.number, item.units, item.net);
                asked.line(payout, std::slice::from_ref(item), of)
            };
            let lines: Vec<Line> = sale.items.iter().map(line).collect();
            let shares = lines.iter().map(|line| Share {
                item: line.item,
                group: line.group,
                cost: line.cost,
                cut: Cut::default(),
            });
            let shares = shares.collect();
            (lines, shares)
        }
    };
    Priced {
        level: payout.level,
        lines,
        shares,
    }
}

/// Answers rules about one sale.
struct Asked<'a> {
    sale: &'a Sale<'a>,
    lists: &'a ExceptionLists,
}

impl Asked<'_> {
    /// Prices `items` together: number, units and base of what is priced.
    fn line(
        &self,
        payout: &Payout,
        items: &[Sold<'_>],
        (item, units, base): (u16, u32, Money),
    ) -> Line {
        let mut restrictions = payout.restrictions.iter();
        let is_restricted = restrictions.any(|rules| self.hold(rules, items));
        let mut groups = (0_u16..).zip(&payout.groups);
        let found = groups.find(|(_, group)| self.hold(&group.rules, items));
        let (group, price) = match found {
            _ if is_restricted => (None, payout.price),
            Some((rank, group)) => (Some(rank), group.price),
            None => (None, payout.price),
        };
        let cost = if is_restricted {
            Money::ZERO
        } else {
            cost(price, units, base, self.sale.currency)
        };
        Line {
            item,
            is_restricted,
            group,
            base,
            price,
            cost,
        }
    }

    /// Whether all rules hold. A rule about items holds when it does for any of them.
    fn hold(&self, rules: &[Rule], items: &[Sold<'_>]) -> bool {
        let holds = |rule: &Rule, item| {
            let sale = self.sale;
            rule.holds(&Known { sale, item }, self.lists)
        };
        rules
            .iter()
            .all(|rule| items.iter().any(|item| holds(rule, item)))
    }

    /// Spreads the cost of the order over its items as they share its amount, or by units where
    /// there is none.
    fn spread(&self, line: Line) -> Vec<Share> {
        let items = &self.sale.items;
        let mut weights: Vec<i64> = items.iter().map(|item| item.net.0).collect();
        if weights.iter().all(|weight| *weight == 0) {
            weights = items.iter().map(|item| item.units.into()).collect();
        }
        let unit = Money::unit(self.sale.currency);
        let costs = spread::over(line.cost.0, &weights, unit);
        let shares = items.iter().zip(costs).map(|(item, cost)| Share {
            item: item.number,
            group: line.group,
            cost: Money(cost),
            cut: Cut::default(),
        });
        shares.collect()
    }
}

/// A flat price counts for each unit; a rate is rounded half to even once.
fn cost(price: Price, units: u32, base: Money, currency: Currency) -> Money {
    match price {
        Price::Flat(amount) => Money(amount.0.saturating_mul(units.into())),
        Price::Rate(rate) => base.share(rate, currency),
    }
}
