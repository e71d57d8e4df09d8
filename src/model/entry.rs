//! Everything a brand says, and what locked of it, in the one order in which the log keeps it.

use super::action::change::Change;
use super::action::settlement::Settlement;
use super::id::{EventTypeId, ProgramId};
use super::submission::{Origin, Submission};

/// One stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A conversion happened.
    Conversion(Submission),
    /// An action is to be changed or taken back.
    Change(Change),
    /// An action has locked, and came to this. Said by the daemon itself.
    Settlement(Settlement),
}

impl Entry {
    /// The conversion, if it is one.
    #[must_use]
    pub fn into_conversion(self) -> Option<Submission> {
        match self {
            Self::Conversion(submission) => Some(submission),
            Self::Change(_) | Self::Settlement(_) => None,
        }
    }

    /// Where it came from; a settlement is the daemon's own.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Conversion(submission) => submission.origin,
            Self::Change(change) => change.origin,
            Self::Settlement(_) => Origin::Api,
        }
    }

    /// The program, event type and order it speaks of.
    #[must_use]
    pub fn order(&self) -> (ProgramId, EventTypeId, &str) {
        match self {
            Self::Conversion(submission) => (
                submission.program,
                submission.event_type,
                &submission.order_id,
            ),
            Self::Change(change) => (change.program, change.event_type, &change.order_id),
            Self::Settlement(settlement) => (
                settlement.program,
                settlement.event_type,
                &settlement.order_id,
            ),
        }
    }
}
