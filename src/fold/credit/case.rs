//! Who is credited for a conversion, and what it costs: pure rules, no store.
//!
//! The order of the checks is the order in which refusals take precedence.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Contract, Found, Payout, Program};
use crate::derived::Reasons;
use crate::model::click_id::ClickId;
use crate::model::id::SubmissionId;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Submission};
use crate::model::time::{MINUTE, Millis, SECOND};

/// How much later than the event a click may be and still earn it: clocks differ.
const TOLERANCE: i64 = 2 * MINUTE;

/// How long after its mint time a click that is not stored counts as lost.
pub(in crate::fold) const LOST_AFTER: i64 = 10 * SECOND;

/// The click that a submission refers to, when it may be credited at all.
///
/// # Errors
/// Nothing refers to it, or what does is none of this program's or of no known partner.
pub(in crate::fold) fn reference(
    submission: &Submission,
    catalog: &Catalog,
) -> Result<ClickId, Refusal> {
    match submission.claim {
        Claim::Verified(id)
            if id.program == submission.program && catalog.partner(id.partner).is_some() =>
        {
            Ok(id)
        }
        Claim::None | Claim::Forged | Claim::Verified(_) => Err(Refusal::ActionRefNotFound),
    }
}

/// A submission with what was found about its click and its order.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Case<'a> {
    /// Its id; the mint time of its number is when it was received.
    pub(in crate::fold) id: SubmissionId,
    /// What was submitted.
    pub(in crate::fold) submission: &'a Submission,
    /// The click that [`reference()`] gave.
    pub(in crate::fold) click: ClickId,
    /// What speaks against the click; `None` when it was never stored.
    pub(in crate::fold) reasons: Option<Reasons>,
    /// Whether the order has an action already.
    pub(in crate::fold) credited: bool,
}

/// The action date, and whether the event was too old to keep its own.
pub(in crate::fold) fn action_date(
    event: EventTime,
    received: Millis,
    late_limit: i64,
) -> (Millis, bool) {
    match event {
        EventTime::At { start, .. } if received.since(start) > late_limit => (received, true),
        EventTime::At { start, .. } => (start, false),
        EventTime::Now => (received, false),
    }
}

/// Whether a click was made too late to have led to the event. The event is taken as it was sent,
/// also where its date is too old to count.
fn click_is_after(click: Millis, event: EventTime, received: Millis) -> bool {
    let (start, precision) = match event {
        EventTime::Now => (received, 0),
        EventTime::At { start, precision } => (start, precision),
    };
    click.since(start) > precision.saturating_add(TOLERANCE)
}

/// Who earns a conversion, and by what terms.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Winner<'a> {
    /// The program.
    pub(in crate::fold) program: &'a Program,
    /// The click that earns it.
    pub(in crate::fold) click: ClickId,
    /// The action date.
    pub(in crate::fold) date: Millis,
    /// The event was too old to keep its own date.
    pub(in crate::fold) late: bool,
    /// The contract that it is earned by.
    pub(in crate::fold) contract: &'a Contract,
    /// What it is priced by.
    pub(in crate::fold) payout: &'a Payout,
}

/// Credits a submission.
///
/// # Errors
/// The refusal of highest precedence.
pub(in crate::fold) fn credit<'a>(
    case: &Case<'_>,
    catalog: &'a Catalog,
) -> Result<Winner<'a>, Refusal> {
    let Case {
        id,
        submission,
        click,
        ..
    } = *case;
    let reasons = case.reasons.unwrap_or_default();
    let (received, clicked) = (id.number.time(), click.number.time());
    if reasons.any(Reasons::UNKNOWN_PARTNER) {
        return Err(Refusal::ActionRefNotFound);
    }
    if case.credited {
        return Err(Refusal::ConvDuplicate);
    }
    let program = catalog
        .program(submission.program)
        .filter(|program| program.active && !reasons.any(Reasons::PAUSED_PROGRAM))
        .ok_or(Refusal::CampaignNotFound)?;
    if !program
        .event_types
        .get(&submission.event_type)
        .is_some_and(|event_type| event_type.active)
    {
        return Err(Refusal::ActionTrackerNotActive);
    }
    let active = catalog
        .partner(click.partner)
        .is_some_and(|partner| partner.active);
    if !active || reasons.any(Reasons::INACTIVE_PARTNER) {
        return Err(Refusal::PartnerNotActive);
    }
    if reasons.any(Reasons::MALFORMED_DEEP_LINK) {
        return Err(Refusal::Malformed);
    }
    if click_is_after(clicked, submission.event, received) {
        return Err(Refusal::NoValidActionRef);
    }
    let (date, late) = action_date(submission.event, received, program.late_limit);
    let outside_contract = Reasons(Reasons::ENDED_CONTRACT.0 | Reasons::NOT_JOINED.0);
    let contract = match catalog.contract(submission.program, click.partner, date) {
        Found::InForce(contract) if !reasons.any(outside_contract) => contract,
        Found::InForce(_) | Found::Ended | Found::NotJoined => {
            return Err(Refusal::ContractNotFound);
        }
    };
    if date.since(clicked) > contract.referral_window {
        return Err(Refusal::OutsideAssociationWindow);
    }
    let payout = contract
        .terms
        .payout(submission.event_type, date, &program.time_zone);
    Ok(Winner {
        program,
        click,
        date,
        late,
        contract,
        payout: payout.ok_or(Refusal::ActionTermsNotFound)?,
    })
}
