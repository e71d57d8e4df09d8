//! What limits leave of a price.
//!
//! A limit looks at the payouts of one payout group or of the whole event type, within a period of
//! the action date and of all actions or those of one customer, order or click. Groups' own limits
//! come before those of the event type, each in the contract's order. An action uses up what it is
//! paid, and counts as one action where it is paid anything: what a limit took uses up nothing, and
//! is never paid later on its own account.

use crate::catalog::snapshot::{Limit, LimitOf, Payout, Period, Scope};
use crate::derived::{Counted, Counter, Hold};
use crate::model::id::EventNumber;
use crate::model::money::Money;
use crate::model::submission::{PersonKind, Reference, Submission};
use crate::model::time::Day;

use super::order::{Share, sum};
use super::period::first_day;
use crate::model::action::disposition::{OVERLIMIT_ACTIONCAP, OVERLIMIT_BUDGET};

/// What tells the actions of one scope from those of another.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Whose<'a> {
    /// The conversion; a click that is paid by itself has none, and no customer or order.
    pub(in crate::fold) submission: Option<&'a Submission>,
    /// The click; without one a limit of each click has nothing to count.
    pub(in crate::fold) click: Option<EventNumber>,
    /// The day of the action.
    pub(in crate::fold) day: Day,
}

/// A limit that some shares fall under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Claim {
    /// The payout group it is of; none is the whole event type.
    pub(in crate::fold) group: Option<u16>,
    /// What it counts.
    pub(in crate::fold) of: LimitOf,
    /// Its counter.
    pub(in crate::fold) counted: Counted,
}

/// Which limits took anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::fold) struct Cut {
    /// A limit on payouts took something.
    pub(in crate::fold) budget: bool,
    /// A limit on the number of actions did.
    pub(in crate::fold) count: bool,
}

impl Cut {
    /// The published reason of what was taken; none when nothing was.
    pub(in crate::fold) fn reason(self) -> Option<&'static str> {
        if self.count {
            Some(OVERLIMIT_ACTIONCAP)
        } else {
            self.budget.then_some(OVERLIMIT_BUDGET)
        }
    }
}

/// The limits of `payout` that `shares` fall under, in the order in which they take.
pub(in crate::fold) fn claims(payout: &Payout, shares: &[Share], whose: &Whose<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let groups = (0_u16..).zip(&payout.groups);
    for (rank, group) in groups {
        if shares.iter().any(|share| share.group == Some(rank)) {
            let key = group_key(payout, rank);
            let of_group = group.limits.iter();
            claims.extend(of_group.filter_map(|limit| claim(limit, (Some(rank), key), whose)));
        }
    }
    let of_all = payout.limits.iter();
    claims.extend(of_all.filter_map(|limit| claim(limit, (None, 0), whose)));
    claims
}

fn claim(limit: &Limit, (group, key): (Option<u16>, u64), whose: &Whose<'_>) -> Option<Claim> {
    Some(Claim {
        group,
        of: limit.of,
        counted: Counted {
            group: key,
            period: period_code(limit.period),
            from: first_day(limit.period, whose.day),
            scope: scope_code(limit.scope),
            whose: whose.of(limit.scope)?,
        },
    })
}

impl Whose<'_> {
    /// The one of `scope`; none where nobody knows, and then there is no limit.
    fn of(&self, scope: Scope) -> Option<[u8; 16]> {
        match scope {
            Scope::All => Some([0; 16]),
            Scope::Customer => self.customer(),
            Scope::Order => {
                let order_id = &self.submission?.order_id;
                Some(first_bytes(&[order_id.as_bytes()]))
            }
            Scope::Click => self.click.map(|click| u128::from(click.0).to_be_bytes()),
        }
    }

    /// The brand's own number of the customer, or else the profile of its site.
    fn customer(&self) -> Option<[u8; 16]> {
        let submission = self.submission?;
        let of = |kind: PersonKind| {
            let mut references = submission.references.iter();
            references.find_map(|reference| match reference {
                Reference::Person(person) if person.kind == kind => Some(person.id.0),
                _ => None,
            })
        };
        of(PersonKind::Customer).or_else(|| of(PersonKind::Profile))
    }
}

/// Names a group by its name, which stays when ranks change, and by its place among those of the
/// same name. Never 0, which is the event type.
fn group_key(payout: &Payout, rank: u16) -> u64 {
    let before = payout.groups.iter().take(rank.into());
    let name = payout
        .groups
        .get(usize::from(rank))
        .map(|group| &group.name);
    let same = before.filter(|group| Some(&group.name) == name).count();
    let name = name.map(|name| name.as_bytes()).unwrap_or_default();
    let [a, b, c, d, e, f, g, h, ..] = first_bytes(&[&same.to_be_bytes(), name]);
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1)
}

fn first_bytes(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let hash = hasher.finalize();
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The stored number of a period; never renumbered.
fn period_code(period: Period) -> u8 {
    match period {
        Period::Day => 1,
        Period::Week => 2,
        Period::Month => 3,
        Period::Quarter => 4,
        Period::Contract => 5,
    }
}

/// The period of a stored number, in words.
pub(in crate::fold) fn period_word(code: u8) -> &'static str {
    match code {
        1 => "day",
        2 => "week",
        3 => "month",
        4 => "quarter",
        _ => "contract",
    }
}

/// The scope of a stored number, in words.
pub(in crate::fold) fn scope_word(code: u8) -> &'static str {
    match code {
        2 => "customer",
        3 => "order",
        4 => "click",
        _ => "all",
    }
}

/// The stored number of a scope; never renumbered.
fn scope_code(scope: Scope) -> u8 {
    match scope {
        Scope::All => 1,
        Scope::Customer => 2,
        Scope::Order => 3,
        Scope::Click => 4,
    }
}

impl Claim {
    fn is_of(&self, share: &Share) -> bool {
        self.group.is_none() || self.group == share.group
    }

    /// Takes from `shares` what is beyond the limit after `used` by other actions.
    fn clip(&self, shares: &mut [Share], used: Counter) {
        let own = shares.iter().filter(|share| self.is_of(share));
        let own: i128 = own.map(|share| i128::from(share.cost.0)).sum();
        let room = match self.of {
            LimitOf::Payout(most) => (i128::from(most.0) - used.cost).max(0),
            LimitOf::Actions(most) if used.actions < u64::from(most) => own,
            LimitOf::Actions(_) => 0,
        };
        let mut over = own - room;
        if over <= 0 {
            return;
        }
        for share in shares.iter_mut().rev().filter(|share| self.is_of(share)) {
            let cost = i128::from(share.cost.0);
            let taken = over.min(cost);
            if taken == 0 {
                continue;
            }
            over -= taken;
            share.cost = Money(i64::try_from(cost - taken).unwrap_or(0));
            match self.of {
                LimitOf::Payout(_) => share.cut.budget = true,
                LimitOf::Actions(_) => share.cut.count = true,
            }
        }
    }
}

/// Takes from `shares` what is beyond any limit. `used` is what other actions use up, in the order
/// of `claims`.
pub(in crate::fold) fn clip(shares: &mut [Share], claims: &[Claim], used: &[Counter]) {
    for (claim, used) in claims.iter().zip(used) {
        claim.clip(shares, *used);
    }
}

/// What an action of these shares uses up, once for each counter.
pub(in crate::fold) fn holds(shares: &[Share], claims: &[Claim]) -> Vec<Hold> {
    let mut holds: Vec<Hold> = Vec::new();
    for claim in claims {
        let own = shares.iter().filter(|share| claim.is_of(share));
        let own: Vec<Share> = own.copied().collect();
        let cost = sum(&own);
        let is_known = holds.iter().any(|hold| hold.counted == claim.counted);
        if cost > Money::ZERO && !is_known {
            holds.push(Hold {
                counted: claim.counted,
                cost,
            });
        }
    }
    holds
}
