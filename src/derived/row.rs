//! The values of the derived families: what the fold has decided about clicks and submissions.
//!
//! Each value begins with its format byte. Writing gives the only bytes that read back as the same
//! value; reading takes any bytes and either gives the value or says what is wrong.

use std::fmt;

use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::refusal::Refusal;
use crate::model::time::{Day, Millis};

use super::bytes::{Part, Reader, Why, push_varint};
use super::key::ActionKey;

/// Format of every value of this file.
const FORMAT: u8 = 1;

/// What a click is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The first click of its visitor within the program's window.
    Unique,
    /// A further click of its visitor within the window.
    Duplicate,
    /// A robot, a tool, or nothing that calls itself a browser.
    Robot,
    /// A prefetch or prerender.
    Prefetch,
    /// A HEAD request.
    Head,
}

impl Class {
    /// Every class with its stored byte and its label in listings and metrics.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::Unique, 1, "unique"),
        (Self::Duplicate, 2, "duplicate"),
        (Self::Robot, 3, "robot"),
        (Self::Prefetch, 4, "prefetch"),
        (Self::Head, 5, "head"),
    ];

    /// The label.
    #[must_use]
    pub fn label(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.2)
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Unique => 1,
            Self::Duplicate => 2,
            Self::Robot => 3,
            Self::Prefetch => 4,
            Self::Head => 5,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == byte).map(|row| row.0)
    }
}

/// What keeps a click from being paid, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reasons(pub u16);

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $label:literal;)*) => {
        impl Reasons {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every reason with its label, in bit order.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $label)),*];
        }
    };
}

reasons! {
    /// The user agent is on the robot list.
    ROBOT = 0, "robot";
    /// No user agent was sent.
    NO_USER_AGENT = 1, "no_user_agent";
    /// A prefetch or prerender.
    PREFETCH = 2, "prefetch";
    /// A HEAD request.
    HEAD = 3, "head";
    /// Not the first click of its visitor within the window.
    DUPLICATE = 4, "duplicate";
    /// The catalogue did not know the partner.
    UNKNOWN_PARTNER = 5, "unknown_partner";
    /// The partner was not active.
    INACTIVE_PARTNER = 6, "inactive_partner";
    /// The partner's contract had ended.
    ENDED_CONTRACT = 7, "ended_contract";
    /// The partner had no contract yet.
    NOT_JOINED = 8, "not_joined";
    /// The program was not active.
    PAUSED_PROGRAM = 9, "paused_program";
    /// The deep link was refused.
    MALFORMED_DEEP_LINK = 10, "malformed_deep_link";
    /// The ad had expired and the program does not pay for that.
    EXPIRED_AD = 11, "expired_ad";
}

impl Reasons {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// Whether any reason of `other` is set here.
    #[must_use]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Adds the reasons of `other`.
    pub fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The labels of the set reasons, in bit order.
    pub fn labels(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .iter()
            .filter(move |(reason, _)| self.any(*reason))
            .map(|(_, label)| *label)
    }
}

/// Value of `verdicts`: what one stored click counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is taken for.
    pub class: Class,
    /// What keeps it from being paid.
    pub reasons: Reasons,
    /// The slot it was committed in: with partner and number the key of its row in the log.
    pub slot: Slot,
}

impl Verdict {
    /// Whether it is payable: unique, and nothing speaks against it.
    #[must_use]
    pub fn payable(&self) -> bool {
        self.class == Class::Unique && self.reasons == Reasons::NONE
    }

    /// The partner that reports count it under.
    #[must_use]
    pub fn bucket(&self, partner: PartnerId) -> PartnerId {
        if self.reasons.any(Reasons::UNKNOWN_PARTNER) {
            PartnerId::UNKNOWN
        } else {
            partner
        }
    }

    pub(super) fn encode(self) -> [u8; 8] {
        let [s0, s1, s2, s3] = self.slot.0.to_be_bytes();
        let [r0, r1] = self.reasons.0.to_be_bytes();
        [FORMAT, self.class.byte(), r0, r1, s0, s1, s2, s3]
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let class = Class::from_byte(reader.part()?).ok_or("unknown class")?;
        let reasons = u16::from_be_bytes(reader.array()?);
        let slot = reader.part()?;
        reader.end()?;
        if reasons >> Reasons::ALL.len() != 0 {
            return Err("unknown reason");
        }
        Ok(Self {
            class,
            reasons: Reasons(reasons),
            slot,
        })
    }
}

/// Value of `windows`: when a visitor last clicked. Both are own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Of the last unique click.
    pub unique: Millis,
    /// Of the last click, unique or not.
    pub click: Millis,
}

impl Window {
    pub(super) fn encode(self) -> [u8; 17] {
        let mut out = [0; 17];
        let mut at = 0;
        FORMAT.write(&mut out, &mut at);
        self.unique.write(&mut out, &mut at);
        self.click.write(&mut out, &mut at);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let window = Self {
            unique: reader.part()?,
            click: reader.part()?,
        };
        reader.end()?;
        Ok(window)
    }
}

/// Value of `waiting`: nothing beyond its format, since the key names the submission.
pub(super) const WAITING_VALUE: [u8; 1] = [FORMAT];

pub(super) fn decode_waiting(bytes: &[u8]) -> Result<(), Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    reader.end()
}

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
    pub(super) fn encode(&self) -> Vec<u8> {
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

    pub(super) fn decode(key: &ActionKey, bytes: &[u8]) -> Result<Self, Why> {
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

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionOutcome {
    /// It became this action.
    Credited(ActionId),
    /// It earns nothing.
    Refused(Refusal),
    /// Its click id verifies but the click is not stored yet.
    Waiting,
}

/// Value of `outcomes`: what became of a submission, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The slot whose fold said so.
    pub slot: Slot,
    /// What it said.
    pub outcome: SubmissionOutcome,
}

impl Settled {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        out.extend_from_slice(&self.slot.0.to_be_bytes());
        match self.outcome {
            SubmissionOutcome::Credited(id) => {
                out.push(1);
                out.extend_from_slice(&id.event_type.0.to_be_bytes());
                push_varint(&mut out, u128::from(id.order));
            }
            SubmissionOutcome::Refused(refusal) => out.extend_from_slice(&[2, refusal.byte()]),
            SubmissionOutcome::Waiting => out.push(3),
        }
        out
    }

    pub(super) fn decode(program: ProgramId, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let slot = reader.part()?;
        let outcome = match reader.part()? {
            1_u8 => SubmissionOutcome::Credited(ActionId {
                program,
                event_type: reader.part()?,
                order: u64::try_from(reader.varint()?).map_err(|_| "malformed number")?,
            }),
            2 => {
                let refusal = Refusal::from_byte(reader.part()?).ok_or("unknown refusal")?;
                SubmissionOutcome::Refused(refusal)
            }
            3 => SubmissionOutcome::Waiting,
            _ => return Err("unknown outcome"),
        };
        reader.end()?;
        Ok(Self { slot, outcome })
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
