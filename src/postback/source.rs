//! Where new events come from.
//!
//! The daemon implements [`Source`] over the notices of sealed slots, the actions and the
//! catalogue in force; a test makes events up. Called on the postbacks thread only.

use super::error::PostbackError;
use super::ledger::{Pending, Place};

/// Events of one destination, rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// In order of place.
    pub events: Vec<(Place, Pending)>,
    /// How far the notices were looked at, whether they were for this destination or not; nothing
    /// if there was none to look at.
    pub cursor: Option<Place>,
    /// Whether there is more to look at now.
    pub has_more: bool,
}

/// Renders notices into events.
pub trait Source: Send {
    /// The destinations that events are sent to now. The events of others wait.
    fn destinations(&mut self) -> Vec<u32>;

    /// The next events of `destination` after the place `after`; without one, from where a new
    /// destination begins. At most `most` events and no more work than a few milliseconds.
    ///
    /// # Errors
    /// A store failed or is damaged.
    fn next(
        &mut self,
        destination: u32,
        after: Option<Place>,
        most: usize,
    ) -> Result<Taken, PostbackError>;

    /// The event at `place` once more; nothing if there is none any more.
    ///
    /// # Errors
    /// A store failed or is damaged.
    fn again(&mut self, destination: u32, place: Place) -> Result<Option<Pending>, PostbackError>;
}
