//! Value of `actions`, and the name of an action.

use std::fmt;

use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, SubmissionId};
use crate::model::money::Money;
use crate::model::time::{Day, Millis};

use super::bytes::{FORMAT, Part, Reader, Why};
use super::key::ActionKey;

const RECOVERED: u8 = 1;
const LATE: u8 = 2;
const HAS_AMOUNT: u8 = 4;

/// Value of `actions`: a conversion credited to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The partner that earns it.
    pub partner: PartnerId,
    /// The ad of the click.
    pub ad: AdId,
    /// The click.
    pub click: EventNumber,
    /// The submission that was credited.
    pub submission: SubmissionId,
    /// The action date.
    pub date: Millis,
    /// The day of the action date in the program's zone, on which it counts.
    pub day: Day,
    /// The sale amount, in the program's currency, when one was sent.
    pub amount: Option<Money>,
    /// What the partner earns.
    pub cost: Money,
    /// The click was never stored; it is credited from the signed click id alone.
    pub recovered: bool,
    /// The event was older than the program takes, so the time of receipt is the action date.
    pub late: bool,
}

impl Action {
    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 58];
        let mut at = 0;
        let flags = (u8::from(self.recovered) * RECOVERED)
            | (u8::from(self.late) * LATE)
            | (u8::from(self.amount.is_some()) * HAS_AMOUNT);
        FORMAT.write(&mut out, &mut at);
        flags.write(&mut out, &mut at);
        self.partner.write(&mut out, &mut at);
        self.ad.0.write(&mut out, &mut at);
        self.click.write(&mut out, &mut at);
        self.submission.slot.write(&mut out, &mut at);
        self.submission.number.write(&mut out, &mut at);
        self.date.write(&mut out, &mut at);
        self.day.write(&mut out, &mut at);
        self.amount.unwrap_or_default().0.write(&mut out, &mut at);
        self.cost.0.write(&mut out, &mut at);
        out
    }

    pub(in crate::derived) fn decode(key: &ActionKey, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let flags: u8 = reader.part()?;
        if flags & !(RECOVERED | LATE | HAS_AMOUNT) != 0 {
            return Err("unknown flag");
        }
        let partner = reader.part()?;
        let ad = AdId(reader.part()?);
        let click = reader.part()?;
        let submission = SubmissionId {
            program: key.program,
            slot: reader.part()?,
            number: reader.part()?,
        };
        let date = reader.part()?;
        let day = reader.part()?;
        let amount = Money(reader.part()?);
        let cost = Money(reader.part()?);
        reader.end()?;
        let has_amount = flags & HAS_AMOUNT != 0;
        if !has_amount && amount != Money::ZERO {
            return Err("amount without its flag");
        }
        Ok(Self {
            partner,
            ad,
            click,
            submission,
            date,
            day,
            amount: has_amount.then_some(amount),
            cost,
            recovered: flags & RECOVERED != 0,
            late: flags & LATE != 0,
        })
    }
}

/// Names one action for ever: a function of program, event type and order id alone.
///
/// Its text form is `program.event type.order`, all in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The upper 52 bits of a hash of the order id, so that it is exact in any JSON reader.
    pub order: u64,
}

impl ActionId {
    /// The id of the action of an order.
    #[must_use]
    pub fn of(key: &ActionKey) -> Self {
        let hash = blake3::hash(&key.order_id);
        let first = hash.as_bytes().first_chunk::<8>().copied();
        Self {
            program: key.program,
            event_type: key.event_type,
            order: u64::from_be_bytes(first.unwrap_or_default()) >> 12,
        }
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.program, self.event_type, self.order)
    }
}
