//! What an action costs: the price of what is sold, less what limits take.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{ExceptionLists, Found, Payout, Program};
use crate::derived::{Action, ActionFlags, ActionId, ActionItem, Counter, Hold, Referred};
use crate::log::Log;
use crate::model::currency::Currency;
use crate::model::money::Money;
use crate::model::spread;
use crate::model::submission::Submission;
use crate::model::time::Millis;

use super::super::error::FoldError;
use super::super::price::limit::{Claim, Whose, claims, clip, holds};
use super::super::price::order::{Priced, price, sum};
use super::super::price::sale::{Link, Sale, Sold};
use super::desk::Desk;
use super::modify::Standing;

/// What an action is priced by.
#[derive(Clone, Debug)]
pub(super) struct Bill<'a> {
    /// The currency of the program.
    pub(super) currency: Currency,
    /// Lists that rules name.
    pub(super) lists: &'a ExceptionLists,
    /// The payout of its contract at the action date.
    pub(super) payout: &'a Payout,
    /// The conversion.
    pub(super) submission: &'a Submission,
    /// What its click says of its link.
    pub(super) link: Link,
}

/// The lines of a conversion before they are priced. Where items were sent without money, they
/// share the amount of the order by their units.
pub(super) fn lines(submission: &Submission, unit: i64) -> Vec<ActionItem> {
    let items = &submission.order.items;
    let amount = submission.order.amount.unwrap_or_default();
    let units: Vec<i64> = items.iter().map(|item| item.units.into()).collect();
    let shares = spread::over(amount.0, &units, unit);
    let is_priced = items.iter().any(|item| item.net.is_some());
    let lines = items.iter().zip(shares).map(|(item, share)| ActionItem {
        number: item.number,
        units: item.units,
        net: if is_priced {
            item.net.unwrap_or_default()
        } else {
            Money(share)
        },
        rebate: item.rebate,
        sku: item.sku.clone(),
        category: item.category.clone(),
        name: item.name.clone(),
        ..ActionItem::default()
    });
    lines.collect()
}

impl Standing {
    /// What the action costs before limits, and the limits it falls under.
    pub(super) fn price(&self, bill: &Bill<'_>) -> (Priced, Vec<Claim>) {
        let action = &self.action;
        let sale = Sale {
            currency: bill.currency,
            amount: action.amount,
            items: Sold::of(&self.items, action.amount, bill.submission),
            customer_status: action.customer_status.as_deref(),
            referring_type: action.referring_type,
            ad: action.ad,
            link: &bill.link,
            submission: bill.submission,
        };
        let priced = price(&sale, bill.payout, bill.lists);
        let whose = Whose {
            submission: Some(bill.submission),
            click: action.click.map(|click| click.number),
            day: action.day,
        };
        let claims = claims(bill.payout, &priced.shares, &whose);
        (priced, claims)
    }

    /// Sets what the action and its lines cost, where other actions use up `used` of the limits.
    pub(super) fn charge(
        &mut self,
        (priced, claims): (&Priced, &[Claim]),
        used: &[Counter],
        received: Millis,
    ) {
        let mut shares = priced.shares.clone();
        clip(&mut shares, claims, used);
        let action = &mut self.action;
        action.cost = sum(&shares);
        action.gross_cost = action.cost;
        action.group = priced.group();
        action.holds = holds(&shares, claims);
        let (budget, count) = (
            shares.iter().any(|share| share.cut.budget),
            shares.iter().any(|share| share.cut.count),
        );
        action.flags = action
            .flags
            .with(ActionFlags::RESTRICTED, priced.is_restricted())
            .with(ActionFlags::OVERLIMIT_BUDGET, budget)
            .with(ActionFlags::OVERLIMIT_COUNT, count);
        for item in &mut self.items {
            let share = shares.iter().find(|share| share.item == item.number);
            let share = share.copied().unwrap_or_default();
            let is_new = share.cost != item.cost || item.adjusted.is_none();
            if let Some(reason) = share.cut.reason().filter(|_| is_new) {
                item.adjusted = Some((received, reason.into()));
            }
            (item.cost, item.group) = (share.cost, share.group);
        }
    }
}

impl Desk<'_, '_> {
    /// Prices `after` and takes what limits leave no room for; what the action held before counts
    /// as room. Gives what it would cost without limits.
    pub(super) fn charge(
        &self,
        id: ActionId,
        before: &[Hold],
        after: &mut Standing,
        bill: &Bill<'_>,
        received: Millis,
    ) -> Result<Money, FoldError> {
        let (priced, claims) = after.price(bill);
        let mut used = Vec::with_capacity(claims.len());
        for claim in &claims {
            let (partner, contract) = (after.action.partner, after.action.contract);
            let counter = self
                .batch
                .counter(claim.counted.key(id, partner, contract))?;
            let own = before.iter().find(|hold| hold.counted == claim.counted);
            used.push(own.map_or(counter, |own| counter.without(own)));
        }
        after.charge((&priced, &claims), &used, received);
        Ok(priced.cost())
    }
}

/// What the click of an action says of its link, when any rule asks for it; nothing of a lost
/// click.
pub(super) fn link(log: &Log, action: &Action, payout: &Payout) -> Result<Link, FoldError> {
    if !Link::is_asked_by(payout) {
        return Ok(Link::default());
    }
    let Some(Referred {
        number,
        slot: Some(slot),
        ..
    }) = action.click
    else {
        return Ok(Link::default());
    };
    Link::read(log, slot, action.partner, number)
}

/// The program and the payout that an action was credited by.
pub(super) fn terms<'a>(
    id: ActionId,
    standing: &Standing,
    catalog: &'a Catalog,
) -> Option<(&'a Program, &'a Payout)> {
    let action = &standing.action;
    let program = catalog.program(id.program)?;
    match catalog.contract(id.program, action.partner, action.date) {
        Found::InForce(contract) => {
            let zone = &program.time_zone;
            let payout = contract.terms.payout(id.event_type, action.date, zone)?;
            Some((program, payout))
        }
        Found::Ended | Found::NotJoined => None,
    }
}
