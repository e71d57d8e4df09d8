//! The model's credit: who earns a sale, by which payout, on which date.

use std::collections::BTreeSet;

use super::said::{Named, Sale};
use super::terms::{Catalogue, Limit, PARTNERS, Payout, Program};

/// Clocks may differ by so much, milliseconds.
const TOLERANCE: i64 = 120_000;
/// A click that is not stored so long after its time is lost, milliseconds.
const LOST_AFTER: i64 = 10_000;

/// What a sale earns.
#[derive(Clone, Debug)]
pub(crate) struct Earned {
    pub(crate) partner: u32,
    pub(crate) date: i64,
    pub(crate) payout: Payout,
    pub(crate) limits: Vec<Limit>,
    /// When the contract began.
    pub(crate) contract: i64,
    /// It locks when the brand says so.
    pub(crate) open: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Credit {
    /// Its click may still come.
    Waits,
    Refused(&'static str),
    Earned(Earned),
}

/// What is known when a sale is judged.
pub(crate) struct Known<'a> {
    pub(crate) received: i64,
    /// End of the slot that judges it.
    pub(crate) wall_end: i64,
    /// Number and partner of every stored click.
    pub(crate) clicks: &'a BTreeSet<(u64, u32)>,
    /// Its order has an action.
    pub(crate) doubled: bool,
    /// The catalogue of its own slot.
    pub(crate) terms: &'a Catalogue,
}

pub(crate) fn credit(sale: &Sale, known: &Known<'_>) -> Credit {
    let (program, event_type, _) = &sale.order;
    let Named::Click(click) = sale.named else {
        return Credit::Refused("ACTION_REF_NOT_FOUND");
    };
    let partner = click.partner.0;
    if click.program.0 != *program || !PARTNERS.contains(&partner) {
        return Credit::Refused("ACTION_REF_NOT_FOUND");
    }
    let clicked = click.number.time().0;
    let stored = known.clicks.contains(&(click.number.0, partner));
    if !stored && !click.unrecorded && known.wall_end < clicked + LOST_AFTER {
        return Credit::Waits;
    }
    if known.doubled {
        return Credit::Refused("CONV_DUPLICATE");
    }
    if known.terms.off.contains(&(*program, *event_type)) {
        return Credit::Refused("ACTIONTRACKER_NOT_ACTIVE");
    }
    if known.terms.left.contains(&partner) {
        return Credit::Refused("PARTNER_NOT_ACTIVE");
    }
    let (start, precision) = sale.event.unwrap_or((known.received, 0));
    if clicked > start + precision + TOLERANCE {
        return Credit::Refused("NO_VALID_ACTION_REF");
    }
    let is_late = known.received - start > Program::of(*program).late_limit;
    let date = if is_late { known.received } else { start };
    let contract = known.terms.contracts.iter().find(|contract| {
        (contract.program, contract.partner) == (*program, partner)
            && (contract.start..contract.end).contains(&date)
    });
    let Some(contract) = contract else {
        return Credit::Refused("CONTRACT_NOT_FOUND");
    };
    if date - clicked > contract.window {
        return Credit::Refused("OUTSIDE_ASSOCIATION_WINDOW");
    }
    match contract.payouts.iter().find(|row| row.0 == *event_type) {
        None => Credit::Refused("ACTIONTERMS_NOT_FOUND"),
        Some((_, payout, limits)) => Credit::Earned(Earned {
            partner,
            date,
            payout: *payout,
            limits: limits.clone(),
            contract: contract.start,
            open: contract.open,
        }),
    }
}
