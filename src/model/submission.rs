//! A conversion as a brand submitted it, checked for form but not yet credited.

use super::click_id::ClickId;
use super::id::{EventTypeId, ProgramId};
use super::money::Money;
use super::time::Millis;

/// Longest order id, in bytes.
pub const ORDER_ID_BYTES_MAX: usize = 64;

/// When the event happened, as precisely as the brand said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventTime {
    /// `EventDate=NOW`: the time of the submission itself.
    Now,
    /// Some time in `start .. start + precision` (a day, a minute, a second or a millisecond).
    At {
        /// The first millisecond that was meant.
        start: Millis,
        /// How many milliseconds were meant.
        precision: i64,
    },
}

/// What the submitted click id turned out to be when it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// No click id was sent.
    None,
    /// A click id was sent that does not verify.
    Forged,
    /// The tag holds; this is what it says.
    Verified(ClickId),
}

/// Hash of the canonical business fields: equal for exact retries, whatever their field order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PayloadHash(pub [u8; 16]);

/// One submitted conversion. Its time of receipt is the mint time of its event number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// `CampaignId`.
    pub program: ProgramId,
    /// Resolved from `ActionTrackerId`, `EventTypeId` or `EventTypeCode`.
    pub event_type: EventTypeId,
    /// `OrderId`, 1 to [`ORDER_ID_BYTES_MAX`] bytes, compared as bytes.
    pub order_id: Box<str>,
    /// `EventDate`.
    pub event: EventTime,
    /// `ClickId`.
    pub claim: Claim,
    /// The base of a rate payout and the sale amount, in the program's currency; absent when the
    /// brand sent no money.
    pub amount: Option<Money>,
    /// `CustomerId`.
    pub customer_id: Option<Box<str>>,
    /// Hash of the business fields.
    pub payload: PayloadHash,
    /// Every field as received, sorted by name.
    pub fields: Vec<(Box<str>, Box<str>)>,
}
