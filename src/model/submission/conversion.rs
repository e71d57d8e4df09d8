//! A conversion as a brand submitted it.

use super::order::Order;
use super::reference::{Call, Reference};
use crate::model::click::Network;
use crate::model::click_id::ClickId;
use crate::model::id::{EventTypeId, JobId, PartnerId, ProgramId};
use crate::model::time::Millis;

/// Longest order id, in bytes.
pub const ORDER_ID_BYTES_MAX: usize = 64;

/// When the event happened, as precisely as the brand said it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventTime {
    /// `EventDate=NOW`: the time of the submission itself.
    #[default]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// No click id was sent.
    #[default]
    None,
    /// A click id was sent that does not verify.
    Forged,
    /// The tag holds; this is what it says.
    Verified(ClickId),
}

/// Where a submission came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A request of its own.
    #[default]
    Api,
    /// A line of an uploaded file.
    Batch {
        /// The job that read it.
        job: JobId,
        /// The line, from 1.
        line: u64,
    },
    /// A row of an import.
    Import {
        /// The job that read it.
        job: JobId,
        /// The row, from 1, in the order of their own times.
        row: u64,
    },
}

/// Hash of the canonical business fields: equal for exact retries, whatever their field order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PayloadHash(pub [u8; 16]);

/// One submitted conversion. Its time of receipt is the mint time of its event number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Every other attribution key that was sent, sorted, each once.
    pub references: Vec<Reference>,
    /// Its money, in the program's currency.
    pub order: Order,
    /// `CustomerStatus`.
    pub customer_status: Option<Box<str>>,
    /// The network of `IpAddress`.
    pub network: Option<Network>,
    /// What was said about a phone call.
    pub call: Option<Call>,
    /// Where it came from.
    pub origin: Origin,
    /// It tries out a brand's integration: it is credited to nobody and earns nothing.
    pub is_test: bool,
    /// A signature of its request verified.
    pub is_signed: bool,
    /// Hash of the business fields.
    pub payload: PayloadHash,
    /// Every field as received, sorted by name; `IpAddress` as its network.
    pub fields: Vec<(Box<str>, Box<str>)>,
}

impl Submission {
    /// Whether it names a partner, and none of those is `partner`: what it says of a link is then
    /// of a link of another.
    #[must_use]
    pub fn names_another(&self, partner: PartnerId) -> bool {
        let mut named = self.references.iter();
        named.any(|named| matches!(named, Reference::Partner(named) if *named != partner))
    }

    /// The value of a field by its published name, unless it is empty.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let at = self
            .fields
            .binary_search_by(|(listed, _)| (**listed).cmp(name))
            .ok()?;
        let value = self.fields.get(at).map(|(_, value)| &**value);
        value.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name_unless_it_is_empty() {
        let pair = |name: &str, value: &str| (name.into(), value.into());
        let submission = Submission {
            fields: vec![pair("Amount", "1"), pair("Note", ""), pair("Text1", "t")],
            ..Submission::default()
        };
        assert_eq!(submission.field("Amount"), Some("1"));
        assert_eq!(submission.field("Text1"), Some("t"));
        for name in ["Note", "Text", "amount", ""] {
            assert_eq!(submission.field(name), None, "{name}");
        }
    }
}
