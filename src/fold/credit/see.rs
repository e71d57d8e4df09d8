//! What a decision may ask: the stores behind the desk, or a map in tests.

use std::ops::RangeInclusive;

use crate::derived::{OrderKey, Reasons, Signs, Touch, Verdict};
use crate::model::id::{EventTypeId, Slot};
use crate::model::submission::{Fingerprint, Person};
use crate::model::time::Millis;

use super::super::error::FoldError;
use super::case::Clicked;
use crate::model::id::ProgramId;

/// What is known of a click that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Stored {
    /// What speaks against it.
    pub(in crate::fold) reasons: Reasons,
    /// What else speaks against it.
    pub(in crate::fold) signs: Signs,
    /// Where its row lies in the log.
    pub(in crate::fold) slot: Slot,
}

impl Stored {
    /// What a verdict says.
    pub(in crate::fold) fn of(verdict: Verdict) -> Self {
        Self {
            reasons: verdict.reasons,
            signs: verdict.signs,
            slot: verdict.slot,
        }
    }
}

/// What a decision may ask about the state up to it. Nothing here depends on a clock.
pub(in crate::fold) trait See {
    /// What is known of a click; none when it was never stored.
    fn stored(&self, program: ProgramId, click: &Clicked) -> Result<Option<Stored>, FoldError>;

    /// The touches of all names of a person within `times`, the newest first, each once.
    fn journey(
        &self,
        program: ProgramId,
        persons: &[Person],
        times: &RangeInclusive<Millis>,
    ) -> Result<Vec<Touch>, FoldError>;

    /// The imported click with this `ExternalClickId`.
    fn external(&self, program: ProgramId, of: Fingerprint) -> Result<Option<Touch>, FoldError>;

    /// How many actions of an event type a click has earned.
    fn earned(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        click: &Clicked,
    ) -> Result<u32, FoldError>;

    /// The action date of the newest action of an order.
    fn last_action(&self, order: &OrderKey) -> Result<Option<Millis>, FoldError>;

    /// The action date of the last call of a caller that earned something.
    fn last_call(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        caller: Fingerprint,
    ) -> Result<Option<Millis>, FoldError>;
}
