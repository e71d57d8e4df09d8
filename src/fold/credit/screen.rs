//! What speaks against a conversion as a whole, and against each of those that it refers to.
//!
//! The order of the checks is the order in which refusals take precedence.

use crate::catalog::snapshot::{
    CallTerms, Contract, CreditGroup, EventType, Found, Payout, Program, Risk,
};
use crate::derived::{OrderKey, Reasons, Source};
use crate::model::id::PartnerId;
use crate::model::refusal::Refusal;
use crate::model::submission::CallStatus;
use crate::model::time::Millis;

use super::super::click::classify::RISKS;
use super::super::error::FoldError;
use super::candidate::{Candidate, Candidates};
use super::case::Case;
use super::see::See;

/// A conversion that nothing speaks against as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sound<'a> {
    pub(super) case: Case<'a>,
    pub(super) program: &'a Program,
    pub(super) event_type: &'a EventType,
    /// The action date.
    pub(super) date: Millis,
    /// The event was too old to keep its own date.
    pub(super) late: bool,
}

/// A candidate that nothing speaks against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    /// How it stands against the others.
    pub(super) group: CreditGroup,
    /// What it would earn by; none for a channel, which earns nothing.
    pub(super) terms: Option<(&'a Contract, &'a Payout)>,
}

/// What speaks for or against something; the outer error is a store's.
type Asked<T> = Result<Result<T, Refusal>, FoldError>;

/// Screens a conversion as a whole.
pub(super) fn whole<'a>(
    case: &Case<'a>,
    candidates: &Candidates,
    see: &dyn See,
) -> Asked<Sound<'a>> {
    if candidates.all.is_empty() {
        return Ok(Err(Refusal::ActionRefNotFound));
    }
    let (date, late) = case.date();
    let submission = case.submission;
    if counted_before(case, date, see)? {
        return Ok(Err(Refusal::ConvDuplicate));
    }
    let mut all = candidates.all.iter();
    let paused = all.all(|candidate| candidate.reasons.any(Reasons::PAUSED_PROGRAM));
    let Some(program) = case.program().filter(|program| program.active && !paused) else {
        return Ok(Err(Refusal::CampaignNotFound));
    };
    let event_type = program.event_types.get(&submission.event_type);
    let taken = |event_type: &&EventType| event_type.active && !event_type.is_of_clicks();
    let Some(event_type) = event_type.filter(taken) else {
        return Ok(Err(Refusal::ActionTrackerNotActive));
    };
    if event_type.needs_items && submission.order.items.is_empty() {
        return Ok(Err(Refusal::NoItem));
    }
    let mut blocked = program.blocked_networks.iter();
    if let Some(network) = submission.network
        && blocked.any(|range| range.contains(network))
    {
        return Ok(Err(Refusal::BlacklistedSourceIp));
    }
    let sound = Sound {
        case: *case,
        program,
        event_type,
        date,
        late,
    };
    if let Some(terms) = &event_type.call
        && let Some(refusal) = call(&sound, terms, see)?
    {
        return Ok(Err(refusal));
    }
    if candidates.is_restricted {
        return Ok(Err(Refusal::RestrictedPromocode));
    }
    Ok(Ok(sound))
}

/// Whether its order has an action that it may not follow.
fn counted_before(case: &Case<'_>, date: Millis, see: &dyn See) -> Result<bool, FoldError> {
    let submission = case.submission;
    let order = OrderKey::new(
        submission.program,
        submission.event_type,
        &submission.order_id,
    );
    let Some(last) = see.last_action(&order)? else {
        return Ok(false);
    };
    let event_type = case
        .program()
        .and_then(|program| program.event_types.get(&submission.event_type));
    let window = event_type.and_then(|event_type| event_type.order_id_window);
    Ok(window.is_none_or(|window| date.since(last) < window))
}

/// What speaks against a phone call.
fn call(sound: &Sound<'_>, terms: &CallTerms, see: &dyn See) -> Result<Option<Refusal>, FoldError> {
    let submission = sound.case.submission;
    let said = submission.call;
    if said.is_some_and(|call| call.status == CallStatus::Incomplete) {
        return Ok(Some(Refusal::CallIncomplete));
    }
    let (start, _) = sound.case.event();
    let zone = &sound.program.time_zone;
    if terms.hours.is_some_and(|hours| !hours.contain(start, zone)) {
        return Ok(Some(Refusal::CallOutsideDailyRange));
    }
    let talked = said.and_then(|call| call.talk_seconds).unwrap_or(0);
    if talked < terms.min_talk_seconds {
        return Ok(Some(Refusal::CallDurationTooShort));
    }
    if let Some(caller) = sound.case.caller() {
        let last = see.last_call(submission.program, submission.event_type, caller)?;
        let apart = last.map(|last| sound.date.since(last).saturating_abs());
        if apart.is_some_and(|apart| apart < terms.duplicate_window) {
            return Ok(Some(Refusal::CallDuplicate));
        }
    }
    Ok((!terms.pays).then_some(Refusal::CallForCallPerConvAt))
}

impl<'a> Sound<'a> {
    /// Whether the conversion is a phone call.
    pub(super) fn is_call(&self) -> bool {
        self.event_type.call.is_some()
    }

    /// The contract of a partner that was in force on the action date.
    pub(super) fn contract(&self, partner: PartnerId) -> Option<&'a Contract> {
        let program = self.case.submission.program;
        match self.case.catalog.contract(program, partner, self.date) {
            Found::InForce(contract) => Some(contract),
            Found::Ended | Found::NotJoined => None,
        }
    }

    /// Screens one candidate.
    pub(super) fn screen(&self, candidate: &Candidate, see: &dyn See) -> Asked<Standing<'a>> {
        let partner = match &candidate.touch.source {
            Source::Channel(name) => return Ok(self.channel(name)),
            Source::Click { partner, .. }
            | Source::Code(partner)
            | Source::Forced(partner)
            | Source::Url(partner) => *partner,
        };
        let standing = match self.earns(candidate, partner) {
            Ok(standing) => standing,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(click) = candidate.click()
            && let Some((_, payout)) = standing.terms
            && let Some(most) = payout.recurrences_max
        {
            let submission = self.case.submission;
            let earned = see.earned(submission.program, submission.event_type, &click)?;
            if earned >= most {
                return Ok(Err(Refusal::MaxRecurrencesReached));
            }
        }
        Ok(Ok(standing))
    }

    /// How a channel of the brand's own stands, if it takes part at all.
    fn channel(&self, name: &str) -> Result<Standing<'a>, Refusal> {
        let channel = self.program.channels.named(name);
        let group = channel.and_then(|channel| channel.credit_group);
        let group = group.ok_or(Refusal::NoValidActionRef)?;
        Ok(Standing { group, terms: None })
    }

    fn earns(&self, candidate: &Candidate, partner: PartnerId) -> Result<Standing<'a>, Refusal> {
        let reasons = candidate.reasons;
        if reasons.any(Reasons::PAUSED_PROGRAM) {
            return Err(Refusal::CampaignNotFound);
        }
        let active = self.case.catalog.partner(partner);
        let active = active.is_some_and(|partner| partner.active);
        if !active || reasons.any(Reasons::INACTIVE_PARTNER) {
            return Err(Refusal::PartnerNotActive);
        }
        if reasons.any(Reasons::MALFORMED_DEEP_LINK) {
            return Err(Refusal::Malformed);
        }
        if self.program.risk == Risk::Strict && reasons.any(RISKS) {
            return Err(Refusal::NoValidActionRef);
        }
        let clicked = candidate.click().map(|click| click.time);
        if clicked.is_some_and(|clicked| clicked > self.case.last_click()) {
            return Err(Refusal::NoValidActionRef);
        }
        let outside = Reasons(Reasons::ENDED_CONTRACT.0 | Reasons::NOT_JOINED.0);
        let contract = self.contract(partner);
        let contract = contract.filter(|_| !reasons.any(outside));
        let contract = contract.ok_or(Refusal::ContractNotFound)?;
        if clicked.is_some_and(|clicked| self.date.since(clicked) > contract.referral_window) {
            return Err(Refusal::OutsideAssociationWindow);
        }
        let terms = &contract.terms;
        let referring = candidate.referring_type(self.is_call());
        if !terms.accepts.contains(referring) {
            return Err(Refusal::RefTypeNotAccepted);
        }
        let payout = terms.payout(self.event_type.id, self.date, &self.program.time_zone);
        let payout = payout.ok_or(Refusal::ActionTermsNotFound)?;
        Ok(Standing {
            group: terms.credit_group,
            terms: Some((contract, payout)),
        })
    }
}
