//! What an action came to when it locked.

use super::super::id::{EventTypeId, PartnerId, ProgramId};
use super::super::money::Money;
use super::super::time::{Day, Millis};

/// The figures of an action as they stood when it locked, for ever: whatever rules the log is
/// folded by later, these are what the partner is paid by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The order that the action came from.
    pub order_id: Box<str>,
    /// The number of the action.
    pub action: u64,
    /// The partner that earns it.
    pub partner: PartnerId,
    /// The action date.
    pub date: Millis,
    /// The day on which it counts.
    pub day: Day,
    /// When it locked.
    pub locking: Millis,
    /// The sale amount.
    pub amount: Option<Money>,
    /// What the partner earns.
    pub cost: Money,
    /// What the partner earns, or earned before the reversal.
    pub gross_cost: Money,
    /// Whether it was reversed.
    pub reversed: bool,
}
