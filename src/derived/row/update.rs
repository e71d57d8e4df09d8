//! Value of `updates`: one change of an action.

use crate::model::id::{ProgramId, SubmissionId};
use crate::model::money::Money;
use crate::model::time::Millis;

use super::action::money;
use super::bytes::{FORMAT, Reader, Why, push, push_text};

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
        let kind: u8 = reader.part()?;
        let kind = UpdateKind::ALL
            .into_iter()
            .find(|known| known.byte() == kind);
        let update = Self {
            kind: kind.ok_or("unknown update")?,
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
