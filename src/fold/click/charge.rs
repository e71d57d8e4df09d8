//! What a unique click comes to in a program that pays for clicks.
//!
//! In: a judged click, the catalogue of its slot, what is used up of limits. Out: its charge. A
//! charge is final: there is no pending click, and nothing takes one back.
//!
//! What clicks use up is added up here while a slot is folded and put into its last batch, so that
//! a slot that is begun again begins with what was used up before it. The clicks that have their
//! verdicts by then are charged again, in the same order and with the same result.

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Contract, Found, Payout, Program};
use crate::derived::{
    Batch, Charge, Class, Counted, Counter, CounterKey, Families, Held, Hold, Periods, Reasons,
};
use crate::log::Log;
use crate::model::id::EventTypeId;
use crate::model::money::Money;
use crate::model::time::Day;
use crate::registry::cpc::CpcError;

use super::super::error::FoldError;
use super::super::price::click::{Known, price};
use super::super::price::limit::{Cut, Whose, claims, clip, holds};
use super::super::price::order::Share;
use super::super::price::sale::Link;
use super::row::Row;

/// What clicks are charged by.
#[derive(Clone, Copy)]
pub(in crate::fold) struct Terms<'a, 'f> {
    pub(in crate::fold) log: &'a Log,
    pub(in crate::fold) families: &'a Families<'f>,
    pub(in crate::fold) catalog: &'a Catalog,
}

/// What the clicks of a slot use up of limits, with all that was used up before.
#[derive(Debug, Default)]
pub(in crate::fold) struct Charges(AHashMap<CounterKey, Counter>);

/// Each reason against a unique click with its code, the first that holds counts.
const REASONS: [(Reasons, CpcError); 7] = [
    (Reasons::UNKNOWN_PARTNER, CpcError::ContractNotFound),
    (Reasons::NOT_JOINED, CpcError::ContractNotFound),
    (Reasons::ENDED_CONTRACT, CpcError::ContractNotFound),
    (Reasons::INACTIVE_PARTNER, CpcError::InactivePartner),
    (Reasons::PAUSED_PROGRAM, CpcError::PausedProgram),
    (Reasons::MALFORMED_DEEP_LINK, CpcError::MalformedDeepLink),
    (Reasons::EXPIRED_AD, CpcError::ExpiredAd),
];

impl Charges {
    /// Forgets what a slot used up that was not folded to its end.
    pub(in crate::fold) fn begin_slot(&mut self) {
        self.0.clear();
    }

    /// Charges a click of `day`; nothing where it is not unique, or nobody pays for clicks.
    pub(in crate::fold) fn charge(
        &mut self,
        terms: Terms<'_, '_>,
        program: Option<&Program>,
        row: &Row,
        day: Day,
    ) -> Result<Option<Charge>, FoldError> {
        match program.and_then(|program| Some((program, program.click_event_type?))) {
            Some(paying) if row.verdict.class == Class::Unique => {
                self.of(terms, row, day, paying).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn of(
        &mut self,
        terms: Terms<'_, '_>,
        row: &Row,
        day: Day,
        (program, event_type): (&Program, EventTypeId),
    ) -> Result<Charge, FoldError> {
        let mut reasons = REASONS.iter();
        if let Some((_, error)) = reasons.find(|(reason, _)| row.verdict.reasons.any(*reason)) {
            return Ok(Charge::unpaid(*error));
        }
        let found = terms.catalog.contract(row.program, row.partner, row.time);
        let Found::InForce(contract) = found else {
            return Ok(Charge::unpaid(CpcError::ContractNotFound));
        };
        let own = program.event_types.get(&event_type);
        let payout = own
            .filter(|own| own.active)
            .and_then(|own| contract.terms.payout(own.id, row.time, &program.time_zone));
        let Some(payout) = payout else {
            return Ok(Charge::unpaid(CpcError::ClickTrackerNotFound));
        };
        let link = if Link::is_asked_by(payout) {
            Link::read(terms.log, row.verdict.slot, row.partner, row.number)?
        } else {
            Link::default()
        };
        let known = Known {
            ad: row.facets.ad(),
            link: &link,
        };
        let Some((group, cost)) = price(&known, payout, &program.lists) else {
            return Ok(Charge::unpaid(CpcError::Restricted));
        };
        let share = Share {
            group,
            cost,
            ..Share::default()
        };
        self.limit(terms, row, (day, event_type), (contract, payout), share)
    }

    /// What limits leave of a price, which is used up at once.
    fn limit(
        &mut self,
        terms: Terms<'_, '_>,
        row: &Row,
        (day, event_type): (Day, EventTypeId),
        (contract, payout): (&Contract, &Payout),
        share: Share,
    ) -> Result<Charge, FoldError> {
        let key = |counted: Counted| CounterKey {
            program: row.program,
            partner: row.partner,
            contract: contract.start,
            event_type,
            group: counted.group,
            period: counted.period,
            from: counted.from,
            scope: counted.scope,
            whose: counted.whose,
        };
        let mut shares = [share];
        let whose = Whose {
            submission: None,
            click: None,
            day,
        };
        let claims = claims(payout, &shares, &whose);
        let mut used = Vec::with_capacity(claims.len());
        for claim in &claims {
            used.push(self.used(terms.families, key(claim.counted))?);
        }
        clip(&mut shares, &claims, &used);
        let holds = holds(&shares, &claims);
        for hold in &holds {
            let counter = self.used(terms.families, key(hold.counted))?;
            self.0.insert(key(hold.counted), counter.with(hold));
        }
        let [share] = shares;
        Ok(Charge {
            cost: share.cost,
            adjusted: Money::ZERO,
            error: error(share.cut),
            held: (!holds.is_empty()).then(|| held(event_type, contract, &holds)),
        })
    }

    fn used(&mut self, families: &Families<'_>, key: CounterKey) -> Result<Counter, FoldError> {
        if let Some(counter) = self.0.get(&key) {
            return Ok(*counter);
        }
        let counter = families.counter(key)?;
        self.0.insert(key, counter);
        Ok(counter)
    }

    /// Puts what is used up into the slot's last batch.
    pub(in crate::fold) fn write(&mut self, batch: &mut Batch<'_>) {
        let mut rows: Vec<(CounterKey, Counter)> = self.0.drain().collect();
        rows.retain(|(_, counter)| counter.actions > 0);
        rows.sort_unstable_by_key(|row| row.0);
        for (key, counter) in rows {
            batch.set_counter(key, counter);
        }
    }
}

fn error(cut: Cut) -> Option<CpcError> {
    if cut.count {
        Some(CpcError::OverlimitActioncap)
    } else {
        cut.budget.then_some(CpcError::OverlimitBudget)
    }
}

/// What is used up, once for each period: it is always the whole of what the click is paid.
fn held(event_type: EventTypeId, contract: &Contract, holds: &[Hold]) -> Held {
    let mut held = Held {
        event_type,
        contract: contract.start,
        all: Periods::default(),
        group: None,
    };
    for hold in holds {
        let counted = hold.counted;
        if counted.is_of_all() {
            held.all = held.all.with(counted.period);
        } else {
            let before = held.group.unwrap_or_default().1;
            held.group = Some((counted.group, before.with(counted.period)));
        }
    }
    held
}
