//! Values of `updates`, one change of an action, and of `notices`, which name the changes that
//! brands and partners hear of.

use crate::model::id::{PartnerId, ProgramId, SubmissionId};
use crate::model::money::Money;
use crate::model::time::Millis;

use super::action::money;
use super::bytes::{FORMAT, Reader, Why, push, push_text, push_varint};
use super::key::{ActionId, NoticeKey, UpdateKey};

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UpdateKind {
    /// The action came to be.
    Tracked,
    /// The brand changed it.
    Modified,
    /// The brand took it back.
    Reversed,
    /// It has locked with other figures than these rules give.
    Settled,
}

impl UpdateKind {
    const ALL: [Self; 4] = [Self::Tracked, Self::Modified, Self::Reversed, Self::Settled];

    const fn byte(self) -> u8 {
        match self {
            Self::Tracked => 1,
            Self::Modified => 2,
            Self::Reversed => 3,
            Self::Settled => 4,
        }
    }

    fn from_byte(byte: u8) -> Result<Self, Why> {
        let known = Self::ALL.into_iter().find(|known| known.byte() == byte);
        known.ok_or("unknown update")
    }

    /// Whether brands and partners hear of it. What an action came to when it locked is no news:
    /// it is what they were told before.
    #[must_use]
    pub const fn is_told(self) -> bool {
        !matches!(self, Self::Settled)
    }
}

/// One change of an action, and how the action stood after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// What it did.
    pub kind: UpdateKind,
    /// What was submitted for it; its mint time is when.
    pub submission: SubmissionId,
    /// By how much the sale amount changed, millionths.
    pub delta_amount: i64,
    /// By how much the payout changed, millionths.
    pub delta_cost: i64,
    /// The sale amount after it.
    pub amount: Money,
    /// The payout after it.
    pub cost: Money,
    /// The reason that was given; empty for the first.
    pub reason: Box<str>,
}

impl Update {
    /// When it was received.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.submission.number.time()
    }

    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT, self.kind.byte()];
        push(&mut out, self.submission.slot);
        push(&mut out, self.submission.number);
        for amount in [
            self.delta_amount,
            self.delta_cost,
            self.amount.0,
            self.cost.0,
        ] {
            push(&mut out, amount);
        }
        push_text(&mut out, &self.reason);
        out
    }

    pub(in crate::derived) fn decode(program: ProgramId, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let update = Self {
            kind: UpdateKind::from_byte(reader.part()?)?,
            submission: SubmissionId {
                program,
                slot: reader.part()?,
                number: reader.part()?,
            },
            delta_amount: reader.part()?,
            delta_cost: reader.part()?,
            amount: money(&mut reader)?,
            cost: money(&mut reader)?,
            reason: reader.text()?.into(),
        };
        reader.end()?;
        Ok(update)
    }
}

/// One update that brands and partners hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What the update did.
    pub kind: UpdateKind,
    /// The update.
    pub update: UpdateKey,
    /// The partner that is credited after it.
    pub partner: PartnerId,
}

impl Notice {
    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT, self.kind.byte()];
        push(&mut out, self.update.action.event_type);
        push(&mut out, self.update.action.order);
        push_varint(&mut out, self.update.number.into());
        push(&mut out, self.partner);
        out
    }

    pub(in crate::derived) fn decode(key: NoticeKey, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let kind = UpdateKind::from_byte(reader.part()?)?;
        if !kind.is_told() {
            return Err("an update that nobody hears of");
        }
        let action = ActionId {
            program: key.program,
            event_type: reader.part()?,
            order: reader.part()?,
        };
        let number = reader.varint32()?;
        let notice = Self {
            kind,
            update: UpdateKey { action, number },
            partner: reader.part()?,
        };
        reader.end()?;
        Ok(notice)
    }
}
