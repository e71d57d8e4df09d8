//! What refused conversions say against partners, by what is stored of them.

use crate::derived::{OrderKey, Path, View};
use crate::model::id::{PartnerId, SubmissionId};
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Origin, Submission};
use crate::model::tally::Stored;
use crate::model::time::Millis;

use super::super::error::FoldError;

/// Refusals of clicks that can't have led to the conversion.
const UNTRUE: [Refusal; 4] = [
    Refusal::ActionRefNotFound,
    Refusal::NoValidActionRef,
    Refusal::OutsideAssociationWindow,
    Refusal::MaxRecurrencesReached,
];

/// Against whom a refused conversion speaks, and in which measure; the unknown partner where its
/// click id is forged.
pub(super) fn against(
    view: &View<'_>,
    (id, submission): (SubmissionId, &Submission),
    refusal: Refusal,
) -> Result<Option<(PartnerId, Stored)>, FoldError> {
    let claimed = |partner| (partner, Stored::RefusedClaims);
    let path = view.path(id)?;
    // Why the click named did not earn it, where it is known.
    let own = path.as_ref().and_then(|path| {
        let step = path.steps.get(usize::from(path.named?));
        step.and_then(|step| step.verdict)
    });
    let is_untrue = [Some(refusal), own]
        .into_iter()
        .flatten()
        .all(|why| UNTRUE.contains(&why));
    match submission.claim {
        Claim::Forged => return Ok(Some(claimed(PartnerId::UNKNOWN))),
        Claim::Verified(click) if is_untrue => return Ok(Some(claimed(click.partner))),
        Claim::None | Claim::Verified(_) => {}
    }
    let Some(named) = path.and_then(|path| at(&path, path.named)) else {
        return Ok(None);
    };
    if is_untrue {
        return Ok(Some(claimed(named)));
    }
    let holder = match refusal {
        Refusal::ConvDuplicate => holder(view, submission)?,
        _ => None,
    };
    let taken = holder.filter(|holder| *holder != named);
    Ok(taken.map(|_| (named, Stored::TakenOrders)))
}

/// Who earned the first action of an order.
fn holder(view: &View<'_>, submission: &Submission) -> Result<Option<PartnerId>, FoldError> {
    let (program, event_type) = (submission.program, submission.event_type);
    let order = OrderKey::new(program, event_type, &submission.order_id);
    let Some(first) = view.actions_of(&order)?.first().copied() else {
        return Ok(None);
    };
    let Some(action) = view.action(first)? else {
        return Ok(None);
    };
    let path = view.path(action.submission)?;
    let earned = path.and_then(|path| at(&path, path.winner));
    Ok(Some(earned.unwrap_or(action.partner)))
}

fn at(path: &Path, place: Option<u8>) -> Option<PartnerId> {
    let step = path.steps.get(usize::from(place?));
    step.and_then(|step| step.touch.source.partner())
}

/// The moment whose day a refused conversion counts on.
pub(super) fn counted_at(id: SubmissionId, submission: &Submission) -> Millis {
    if let (Origin::Import { .. }, EventTime::At { start, .. }) =
        (submission.origin, submission.event)
    {
        start
    } else {
        id.number.time()
    }
}
