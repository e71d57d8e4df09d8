//! What a refused conversion says against the partner whose click it names: it can't have come of
//! that click, or its order is another partner's.
//!
//! In: the conversion, its path and why it is refused. Out: one more of a measure of risk. At the
//! desk, on the fold's thread.

use crate::derived::{OrderKey, Path, Step};
use crate::model::id::PartnerId;
use crate::model::refusal::Refusal;
use crate::model::submission::{Claim, EventTime, Origin};
use crate::model::tally::Stored;
use crate::model::time::Millis;

use super::super::cells::Spot;
use super::super::credit::case::Case;
use super::super::days;
use super::super::error::FoldError;
use super::desk::Desk;

impl Desk<'_, '_> {
    /// Counts a refused conversion against a partner, if it says something.
    pub(super) fn hold_against(
        &mut self,
        case: &Case<'_>,
        path: &Path,
        refusal: Refusal,
    ) -> Result<(), FoldError> {
        let submission = case.submission;
        if submission.is_test {
            return Ok(());
        }
        let (partner, measure) = if let Some(partner) = claimant(case, path, refusal) {
            (partner, Stored::RefusedClaims)
        } else if let Some(partner) = self.taker(case, path, refusal)? {
            (partner, Stored::TakenOrders)
        } else {
            return Ok(());
        };
        let at = said_at(case);
        let program = case.catalog.program(submission.program);
        let spot = Spot::new(
            submission.program,
            program.map_or_else(
                || at.utc_day(),
                |program| days::day_in(&program.time_zone, at),
            ),
            partner,
        );
        self.folder.cells.refused(spot, measure);
        Ok(())
    }

    /// Whose click is named with an order that another partner's click earned first, whoever it was
    /// settled for later.
    fn taker(
        &self,
        case: &Case<'_>,
        path: &Path,
        refusal: Refusal,
    ) -> Result<Option<PartnerId>, FoldError> {
        let Some(taker) = named(path).filter(|_| refusal == Refusal::ConvDuplicate) else {
            return Ok(None);
        };
        let submission = case.submission;
        let order = OrderKey::new(
            submission.program,
            submission.event_type,
            &submission.order_id,
        );
        let Some(first) = self.batch.actions_of(&order)?.first().copied() else {
            return Ok(None);
        };
        let action = self.batch.action(first)?;
        let action = action.ok_or(FoldError::ActionMissing(first))?;
        let path = self.batch.path_of(action.submission)?;
        let holder = path.as_ref().and_then(|path| partner(path, path.winner));
        let is_own = holder.unwrap_or(action.partner) == taker;
        Ok((!is_own).then_some(taker))
    }
}

/// Whose click it names that can't have led to it. Where its click id is forged, or names a partner
/// that nobody knows, it is the unknown one's, as such clicks are; what names an imported click
/// that is not known is nobody's.
fn claimant(case: &Case<'_>, path: &Path, refusal: Refusal) -> Option<PartnerId> {
    let own = step(path, path.named).and_then(|step| step.verdict);
    let is_untrue = is_untrue(refusal) && own.is_none_or(is_untrue);
    match case.submission.claim {
        Claim::Forged => Some(PartnerId::UNKNOWN),
        _ if !is_untrue => None,
        Claim::Verified(click) => {
            let known = case.catalog.partner(click.partner);
            Some(known.map_or(PartnerId::UNKNOWN, |_| click.partner))
        }
        Claim::None => named(path),
    }
}

/// Whether a click that is refused so can't have led to the conversion. Where several clicks are
/// refused, each for its own reason, that of the click named counts besides.
fn is_untrue(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::ActionRefNotFound
            | Refusal::NoValidActionRef
            | Refusal::OutsideAssociationWindow
            | Refusal::MaxRecurrencesReached
    )
}

/// The partner of the click that a conversion names.
fn named(path: &Path) -> Option<PartnerId> {
    partner(path, path.named)
}

fn partner(path: &Path, place: Option<u8>) -> Option<PartnerId> {
    step(path, place)?.touch.source.partner()
}

fn step(path: &Path, place: Option<u8>) -> Option<&Step> {
    path.steps.get(usize::from(place?))
}

/// When it was said: what is imported keeps its own time.
fn said_at(case: &Case<'_>) -> Millis {
    match (case.submission.origin, case.submission.event) {
        (Origin::Import { .. }, EventTime::At { start, .. }) => start,
        _ => case.id.number.time(),
    }
}
