//! The price of a click by a payout for clicks: restrictions and ranked groups, not rounded.

use std::borrow::Cow;

use crate::catalog::snapshot::{ExceptionLists, Facts, Payout, Price, Rule, Variable};
use crate::model::id::AdId;
use crate::model::money::Money;

use super::sale::Link;

/// What rules may ask about a click.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Known<'a> {
    /// The ad of its link.
    pub(in crate::fold) ad: AdId,
    /// What the link says besides; read only where a rule asks.
    pub(in crate::fold) link: &'a Link,
}

impl Facts for Known<'_> {
    fn text(&self, of: Variable) -> Option<Cow<'_, str>> {
        match of {
            Variable::AdId => Some(Cow::Owned(self.ad.to_string())),
            Variable::PropertyId => self.link.property.as_deref().map(Cow::Borrowed),
            Variable::SharedId => self.link.shared_id.as_deref().map(Cow::Borrowed),
            _ => None,
        }
    }

    fn number(&self, _: Variable) -> Option<i64> {
        None
    }
}

/// What a click costs before limits, and the rank of the group that says so; nothing where a
/// restriction holds.
pub(in crate::fold) fn price(
    known: &Known<'_>,
    payout: &Payout,
    lists: &ExceptionLists,
) -> Option<(Option<u16>, Money)> {
    let hold = |rules: &[Rule]| rules.iter().all(|rule| rule.holds(known, lists));
    if payout.restrictions.iter().any(|rules| hold(rules)) {
        return None;
    }
    let mut groups = (0_u16..).zip(&payout.groups);
    let found = groups.find(|(_, group)| hold(&group.rules));
    let (group, price) = match found {
        Some((rank, group)) => (Some(rank), group.price),
        None => (None, payout.price),
    };
    let cost = match price {
        Price::Flat(amount) => amount,
        // No catalogue has one: a click has no amount to take a share of.
        Price::Rate(_) => Money::ZERO,
    };
    Some((group, cost))
}
