//! How an action comes to its cost, told afterwards: the same price again, with its parts.
//!
//! In: the action and its lines as stored, its conversion, and the catalogue of the conversion's
//! slot. Out: lines, limits and the rules that count. For explanations, on any thread.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{
    Found, Level, LimitOf, Payout, Price, Program, Rule, Scope, Terms, Values,
};
use crate::derived::{Action, ActionFlags, ActionId, ActionItem};
use crate::log::Log;
use crate::model::money::Money;
use crate::model::submission::Submission;

use super::super::error::FoldError;
use super::super::price::limit::{Claim, period_word, scope_word};
use super::super::price::order::Priced;
use super::bill::{Bill, link, terms};
use super::modify::Standing;

/// How an action comes to its cost.
#[derive(Clone, Debug)]
pub struct Reckoning {
    /// The scheduled terms that count, if any do.
    pub scheduled: Option<String>,
    /// Whether the order or each item is priced.
    pub level: Level,
    /// Each price, before limits.
    pub lines: Vec<Reckoned>,
    /// The limits it falls under, in the order in which they take.
    pub limits: Vec<Limited>,
    /// What it costs before limits as it stands now.
    pub before_limits: Money,
    /// Ids of the rules that count, in their order.
    pub rules: Vec<&'static str>,
}

/// One price.
#[derive(Clone, Debug)]
pub struct Reckoned {
    /// The number of the item; 0 is the order.
    pub item: u16,
    /// A restriction of the contract takes all of it.
    pub is_restricted: bool,
    /// The payout group and its rank from 1; none is the default.
    pub group: Option<(u16, String)>,
    /// What a rate is taken of.
    pub base: Money,
    /// The price.
    pub price: Price,
    /// What comes of it.
    pub cost: Money,
}

/// One limit.
#[derive(Clone, Debug)]
pub struct Limited {
    /// The payout group it is of; none is the event type.
    pub group: Option<String>,
    /// What it counts, and the most of it.
    pub of: LimitOf,
    /// The length of its period, and whose actions it counts.
    pub words: (&'static str, &'static str),
    /// What the action uses up of it.
    pub used: Money,
}

/// Prices an action again by the terms that it was priced by; none where the rules in force know
/// no such terms, as of an action that is there by its settlement alone.
///
/// # Errors
/// The log fails.
pub fn reckon(
    log: &Log,
    (id, action, items): (ActionId, Action, Vec<ActionItem>),
    submission: &Submission,
    catalog: &Catalog,
) -> Result<Option<Reckoning>, FoldError> {
    let standing = Standing { action, items };
    let Some((program, payout)) = terms(id, &standing, catalog) else {
        return Ok(None);
    };
    let bill = Bill {
        currency: program.currency,
        lists: &program.lists,
        payout,
        submission,
        link: link(log, &standing.action, payout)?,
    };
    let (priced, claims) = standing.price(&bill);
    let scheduled = scheduled(id, &standing.action, program, catalog);
    let mut rules = price_rules(&priced, &bill, scheduled.is_some(), &standing.action);
    rules.extend(limit_rules(payout, &claims, &standing));
    rules.sort_unstable();
    let name = |rank: u16| {
        let group = payout.groups.get(usize::from(rank));
        group
            .map(|group| group.name.to_string())
            .unwrap_or_default()
    };
    let lines = priced.lines.iter().map(|line| Reckoned {
        item: line.item,
        is_restricted: line.is_restricted,
        group: line.group.map(|rank| (rank.saturating_add(1), name(rank))),
        base: line.base,
        price: line.price,
        cost: line.cost,
    });
    let limits = claims.iter().map(|claim| Limited {
        group: claim.group.map(name),
        of: claim.of,
        words: (
            period_word(claim.counted.period),
            scope_word(claim.counted.scope),
        ),
        used: used(&standing.action, claim),
    });
    Ok(Some(Reckoning {
        scheduled,
        level: priced.level,
        lines: lines.collect(),
        limits: limits.collect(),
        before_limits: priced.cost(),
        rules,
    }))
}

fn used(action: &Action, claim: &Claim) -> Money {
    let mut holds = action.holds.iter();
    let own = holds.find(|hold| hold.counted == claim.counted);
    own.map_or(Money::ZERO, |hold| hold.cost)
}

/// The scheduled terms that price the action.
fn scheduled(
    id: ActionId,
    action: &Action,
    program: &Program,
    catalog: &Catalog,
) -> Option<String> {
    let Found::InForce(contract) = catalog.contract(id.program, action.partner, action.date) else {
        return None;
    };
    let Terms { scheduled, .. } = &*contract.terms;
    let mut all = scheduled.iter();
    let found = all.find(|scheduled| {
        let pays = scheduled.payouts.get(&id.event_type).is_some();
        pays && scheduled.is_in_force(action.date, &program.time_zone)
    });
    found.map(|scheduled| scheduled.name.to_string())
}

/// The rules of payouts that count for an action.
fn price_rules(
    priced: &Priced,
    bill: &Bill<'_>,
    is_scheduled: bool,
    action: &Action,
) -> Vec<&'static str> {
    let payout = bill.payout;
    let groups = payout.groups.iter().map(|group| &group.rules);
    let asked: Vec<&Rule> = payout.restrictions.iter().chain(groups).flatten().collect();
    let any = |is: fn(&Values) -> bool| asked.iter().any(|rule| is(&rule.values));
    let items = &bill.submission.order.items;
    let has_rate = |price: Price| matches!(price, Price::Rate(_));
    let counts = [
        (is_scheduled, "P01"),
        (priced.is_restricted(), "P02"),
        (!payout.groups.is_empty(), "P03"),
        (!asked.is_empty(), "P04"),
        (
            any(|values| matches!(values, Values::Texts(_) | Values::Pattern(_))),
            "P05",
        ),
        (any(|values| matches!(values, Values::Numbers(_))), "P06"),
        (!asked.is_empty(), "P07"),
        (any(|values| matches!(values, Values::Lists(_))), "P08"),
        (true, "P09"),
        (priced.lines.iter().any(|line| has_rate(line.price)), "P10"),
        (
            !items.is_empty() && items.iter().all(|item| item.net.is_none()),
            "P11",
        ),
        (action.updates > 1, "P12"),
    ];
    counting(&counts)
}

/// The rules of limits that count for an action.
fn limit_rules(payout: &Payout, claims: &[Claim], standing: &Standing) -> Vec<&'static str> {
    let Standing { action, items } = standing;
    let of_groups = payout.groups.iter().flat_map(|group| &group.limits);
    let mut limits = payout.limits.iter().chain(of_groups);
    let is_any = !claims.is_empty();
    let (budget, count) = (
        action.flags.any(ActionFlags::OVERLIMIT_BUDGET),
        action.flags.any(ActionFlags::OVERLIMIT_COUNT),
    );
    let counts = [
        (budget, "L01"),
        (count, "L02"),
        (claims.len() > 1, "L03"),
        (is_any, "L04"),
        (limits.any(|limit| limit.scope == Scope::Customer), "L05"),
        (is_any, "L06"),
        (is_any, "L07"),
        (is_any && action.updates > 1, "L08"),
        ((budget || count) && !items.is_empty(), "L09"),
        (claims.iter().any(|claim| claim.group.is_some()), "L10"),
    ];
    counting(&counts)
}

fn counting(counts: &[(bool, &'static str)]) -> Vec<&'static str> {
    let counts = counts.iter().filter(|(counts, _)| *counts);
    counts.map(|(_, id)| *id).collect()
}
