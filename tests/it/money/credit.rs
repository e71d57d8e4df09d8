//! The model's credit: who earns a sale, by which payout, on which date.

use std::collections::BTreeSet;

use super::people::{People, Step};
use super::said::{Name, Named, Sale};
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
    pub(crate) people: &'a People,
    /// Its order has an action.
    pub(crate) doubled: bool,
    /// The catalogue of its own slot.
    pub(crate) terms: &'a Catalogue,
}

pub(crate) fn credit(sale: &Sale, known: &Known<'_>) -> Credit {
    let program = sale.order.0;
    let steps = match sale.named {
        Named::Nothing | Named::Forged => Vec::new(),
        Named::Person(name) => journey(sale, known, name),
        Named::Click(click) => {
            let (number, partner) = (click.number.0, click.partner.0);
            if click.program.0 != program || !PARTNERS.contains(&partner) {
                return Credit::Refused("ACTION_REF_NOT_FOUND");
            }
            let time = click.number.time().0;
            let is_stored = known.clicks.contains(&(number, partner));
            if !is_stored && !click.unrecorded && known.wall_end < time + LOST_AFTER {
                return Credit::Waits;
            }
            vec![Step {
                time,
                number,
                partner: Some(partner),
            }]
        }
    };
    if steps.is_empty() {
        return Credit::Refused("ACTION_REF_NOT_FOUND");
    }
    if known.doubled {
        return Credit::Refused("CONV_DUPLICATE");
    }
    if known.terms.off.contains(&(program, sale.order.1)) {
        return Credit::Refused("ACTIONTRACKER_NOT_ACTIVE");
    }
    let fates: Vec<_> = steps.iter().map(|step| fate(sale, known, step)).collect();
    // The last click that may earn does; else what all have in common is why none does.
    let shared = match &fates[0] {
        Err(code) if fates.iter().all(|fate| fate.as_ref().err() == Some(code)) => code,
        _ => "NO_VALID_ACTION_REF",
    };
    let mut earned = fates.into_iter().rev().flatten();
    earned
        .next()
        .map_or(Credit::Refused(shared), Credit::Earned)
}

/// What led a person to a sale, the oldest first: no older than any contract's window.
fn journey(sale: &Sale, known: &Known<'_>, name: Name) -> Vec<Step> {
    let program = sale.order.0;
    let own = known.terms.contracts.iter();
    let own = own.filter(|contract| contract.program == program);
    let back = own.map(|contract| contract.window).max().unwrap_or(0);
    let (start, precision) = sale.event.unwrap_or((known.received, 0));
    let reach = start - back..=start + precision + TOLERANCE;
    let steps = known.people.journey(program, name, &reach);
    steps.into_iter().collect()
}

/// What a sale earns by one step, or why nothing.
fn fate(sale: &Sale, known: &Known<'_>, step: &Step) -> Result<Earned, &'static str> {
    let (program, event_type, _) = &sale.order;
    let clicked = step.time;
    let partner = step.partner.ok_or("NO_VALID_ACTION_REF")?;
    if known.terms.left.contains(&partner) {
        return Err("PARTNER_NOT_ACTIVE");
    }
    let (start, precision) = sale.event.unwrap_or((known.received, 0));
    if clicked > start + precision + TOLERANCE {
        return Err("NO_VALID_ACTION_REF");
    }
    let is_late = known.received - start > Program::of(*program).late_limit;
    let date = if is_late { known.received } else { start };
    let contract = known.terms.contracts.iter().find(|contract| {
        (contract.program, contract.partner) == (*program, partner)
            && (contract.start..contract.end).contains(&date)
    });
    let contract = contract.ok_or("CONTRACT_NOT_FOUND")?;
    if date - clicked > contract.window {
        return Err("OUTSIDE_ASSOCIATION_WINDOW");
    }
    let row = contract.payouts.iter().find(|row| row.0 == *event_type);
    let (_, payout, limits) = row.ok_or("ACTIONTERMS_NOT_FOUND")?;
    Ok(Earned {
        partner,
        date,
        payout: *payout,
        limits: limits.clone(),
        contract: contract.start,
        open: contract.open,
    })
}
