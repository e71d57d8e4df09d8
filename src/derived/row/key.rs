//! The keys of the derived families.
//!
//! Fixed numbers, big-endian, signed ones with the sign flipped: the byte order of two keys is the
//! order of their fields as listed. Program always comes before anything that varies inside it.

use std::fmt;
use std::str::FromStr;

use crate::model::click::Visitor;
use crate::model::id::{
    AdId, EventNumber, EventTypeId, JobId, JudgementVersion, PartnerId, ProgramId, Slot,
    SubmissionId,
};
use crate::model::submission::Fingerprint;
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CubeId, Granularity};

use super::bytes::{Part, Reader, Why};

macro_rules! wrapped {
    ($($name:ident($int:ty);)*) => {
        $(impl Part for $name {
            const LEN: usize = <$int>::LEN;
            fn write(self, out: &mut [u8], at: &mut usize) {
                self.0.write(out, at);
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
                from.part().map(Self)
            }
        })*
    };
}

wrapped! {
    JudgementVersion(u32);
    ProgramId(u32);
    PartnerId(u32);
    EventTypeId(u32);
    AdId(u32);
    JobId(u64);
    Slot(u32);
    EventNumber(u64);
    Visitor(u64);
    Day(i32);
    Millis(i64);
    CubeId(u8);
}

impl Part for Granularity {
    const LEN: usize = 1;
    fn write(self, out: &mut [u8], at: &mut usize) {
        self.byte().write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        Self::from_byte(from.part()?).ok_or("unknown granularity")
    }
}

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $name {
                /// Bytes of the key.
                pub const LEN: usize = 0 $(+ <$type as Part>::LEN)*;

                /// The stored key.
                #[must_use]
                pub fn encode(self) -> [u8; Self::LEN] {
                    let mut out = [0; Self::LEN];
                    let mut at = 0;
                    $(self.$field.write(&mut out, &mut at);)*
                    out
                }

                /// Reads a stored key.
                ///
                /// # Errors
                /// What is wrong with the bytes.
                pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
                    let mut reader = Reader(bytes);
                    $(let $field = reader.part()?;)*
                    reader.end()?;
                    Ok(Self { $($field,)* })
                }
            }
        )*
    };
}

pub(in crate::derived) use key;

key! {
    /// Of `verdicts`: one stored click.
    VerdictKey {
        /// The program of its link.
        program: ProgramId,
        /// The partner number of its link, also when unknown.
        partner: PartnerId,
        /// The UTC day of its own time.
        day: Day,
        /// Its own time.
        time: Millis,
        /// Its number.
        number: EventNumber,
    }

    /// Of `windows`: one visitor of one partner's links under the salt of one day.
    WindowKey {
        /// The program.
        program: ProgramId,
        /// The UTC day of the salt.
        day: Day,
        /// The partner number of the link, also when unknown.
        partner: PartnerId,
        /// The visitor.
        visitor: Visitor,
    }

    /// Of `job_windows`: one visitor of one partner's links, as one import tells them apart.
    JobWindowKey {
        /// The program.
        program: ProgramId,
        /// The import.
        job: JobId,
        /// The partner number of the link, also when unknown.
        partner: PartnerId,
        /// The visitor.
        visitor: Visitor,
    }

    /// Of `externals`: one imported click.
    ExternalKey {
        /// The program of its link.
        program: ProgramId,
        /// Its name in the other system.
        external: Fingerprint,
    }

    /// Of `waiting`: one submission whose click is not stored yet.
    WaitingKey {
        /// The program it was submitted to.
        program: ProgramId,
        /// From when on the click counts as lost.
        due: Millis,
        /// The slot of the submission.
        slot: Slot,
        /// The number of the submission.
        number: EventNumber,
    }

    /// Of `outcomes`: one submission.
    OutcomeKey {
        /// The program it was submitted to.
        program: ProgramId,
        /// The slot of the submission.
        slot: Slot,
        /// The number of the submission.
        number: EventNumber,
    }

    /// Of `actions` and `items`: names one action for ever. Its text form is
    /// `program.event type.order`, all in decimal.
    ActionId {
        /// The program.
        program: ProgramId,
        /// The event type.
        event_type: EventTypeId,
        /// 52 bits made of the order id, so that the number is exact in any JSON reader.
        order: u64,
    }

    /// Of `updates`: one change of an action, the first of which is that it was tracked.
    UpdateKey {
        /// The action.
        action: ActionId,
        /// Counts the updates of the action from 1.
        number: u32,
    }

    /// Of `notices`: the place of one notice in the order of the fold.
    NoticeKey {
        /// The program.
        program: ProgramId,
        /// The slot that was folded.
        slot: Slot,
        /// Counts the notices of the slot from 0, those of all programs together.
        sequence: u32,
    }

    /// Of `counters`: what actions use up of the limits of one contract.
    CounterKey {
        /// The program.
        program: ProgramId,
        /// The partner.
        partner: PartnerId,
        /// When the contract began.
        contract: Millis,
        /// The event type.
        event_type: EventTypeId,
        /// Which payout group; 0 is the event type as a whole.
        group: u64,
        /// The length of the period.
        period: u8,
        /// The first day of the period in the program's zone.
        from: Day,
        /// Whose actions are counted together.
        scope: u8,
        /// The one of that scope.
        whose: [u8; 16],
    }

    /// Of `index`: an action under one of its times.
    IndexKey {
        /// The program.
        program: ProgramId,
        /// Which time.
        kind: IndexKind,
        /// The time.
        at: Millis,
        /// The event type of the action.
        event_type: EventTypeId,
        /// The number of the action.
        order: u64,
        /// The number of the update that set the time; 0 where it never changes.
        update: u32,
    }

    /// Of `aggregates`: the place of a cell; the bytes of its facet stand behind these.
    CellKey {
        /// The cube.
        cube: CubeId,
        /// The program.
        program: ProgramId,
        /// The length of the bucket.
        granularity: Granularity,
        /// The day in the program's zone.
        day: Day,
        /// The partner; 0 for all that the catalogue does not know.
        partner: PartnerId,
    }
}

impl VerdictKey {
    /// The key of a click whose own time is its mint time.
    #[must_use]
    pub fn of_live(program: ProgramId, partner: PartnerId, number: EventNumber) -> Self {
        let time = number.time();
        Self {
            program,
            partner,
            day: time.utc_day(),
            time,
            number,
        }
    }
}

impl From<SubmissionId> for OutcomeKey {
    fn from(id: SubmissionId) -> Self {
        Self {
            program: id.program,
            slot: id.slot,
            number: id.number,
        }
    }
}

impl OutcomeKey {
    /// The submission it belongs to.
    #[must_use]
    pub fn submission(self) -> SubmissionId {
        SubmissionId {
            slot: self.slot,
            program: self.program,
            number: self.number,
        }
    }
}

impl WaitingKey {
    /// The submission that waits.
    #[must_use]
    pub fn submission(self) -> SubmissionId {
        SubmissionId {
            slot: self.slot,
            program: self.program,
            number: self.number,
        }
    }
}

/// The times that actions are indexed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexKind {
    /// When an update was received.
    Updated,
    /// The action date.
    Dated,
    /// When the action locks.
    Locking,
    /// When the action locks, until it is settled.
    Due,
}

impl IndexKind {
    const ALL: [Self; 4] = [Self::Updated, Self::Dated, Self::Locking, Self::Due];
}

impl Part for IndexKind {
    const LEN: usize = 1;
    fn write(self, out: &mut [u8], at: &mut usize) {
        let byte: u8 = match self {
            Self::Updated => 1,
            Self::Dated => 2,
            Self::Locking => 3,
            Self::Due => 4,
        };
        byte.write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        let byte: u8 = from.part()?;
        let at = usize::from(byte).checked_sub(1).ok_or("unknown index")?;
        Self::ALL.get(at).copied().ok_or("unknown index")
    }
}

impl Part for ActionId {
    const LEN: usize = Self::LEN;
    fn write(self, out: &mut [u8], at: &mut usize) {
        self.program.write(out, at);
        self.event_type.write(out, at);
        self.order.write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        Ok(Self {
            program: from.part()?,
            event_type: from.part()?,
            order: from.part()?,
        })
    }
}

/// Bits of the number of an action.
const ORDER_BITS: u32 = 52;

impl ActionId {
    /// Where the search for a free number begins, for the action of `occurrence` (from 0) of an
    /// order.
    #[must_use]
    pub fn first_of(key: &OrderKey, occurrence: u32) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(&key.order_id);
        if occurrence > 0 {
            hash.update(&[0]).update(&occurrence.to_be_bytes());
        }
        let hash = hash.finalize();
        let first = hash.as_bytes().first_chunk::<8>().copied();
        Self {
            program: key.program,
            event_type: key.event_type,
            order: u64::from_be_bytes(first.unwrap_or_default()) >> (u64::BITS - ORDER_BITS),
        }
    }

    /// The number to try when another order has this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self {
            order: self.order.wrapping_add(1) & (u64::MAX >> (u64::BITS - ORDER_BITS)),
            ..self
        }
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.program, self.event_type, self.order)
    }
}

/// The text is no action id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an action id: expected program, event type and number with dots between")]
pub struct ActionIdError;

impl FromStr for ActionId {
    type Err = ActionIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let mut number = || {
            let part = parts.next().filter(|part| is_number(part));
            part.and_then(|part| part.parse::<u64>().ok())
                .ok_or(ActionIdError)
        };
        let narrow = |number: u64| u32::try_from(number).map_err(|_| ActionIdError);
        let id = Self {
            program: ProgramId(narrow(number()?)?),
            event_type: EventTypeId(narrow(number()?)?),
            order: number()?,
        };
        if parts.next().is_some() || id.order >> ORDER_BITS != 0 {
            return Err(ActionIdError);
        }
        Ok(id)
    }
}

/// Whether `text` is a number as it is written here: digits without a leading zero.
fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
}

/// Of `orders`: what a conversion is unique by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderKey {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The order id, compared as bytes.
    pub order_id: Box<[u8]>,
}

impl OrderKey {
    /// The key of an order.
    #[must_use]
    pub fn new(program: ProgramId, event_type: EventTypeId, order_id: &str) -> Self {
        Self {
            program,
            event_type,
            order_id: order_id.as_bytes().into(),
        }
    }

    /// The stored key.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 8];
        let mut at = 0;
        self.program.write(&mut out, &mut at);
        self.event_type.write(&mut out, &mut at);
        out.extend_from_slice(&self.order_id);
        out
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut reader = Reader(bytes);
        Ok(Self {
            program: reader.part()?,
            event_type: reader.part()?,
            order_id: reader.rest().into(),
        })
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
