//! Values about submissions: what became of each, and which wait.

use crate::model::id::{ProgramId, Slot};
use crate::model::refusal::Refusal;

use super::action::ActionId;
use super::bytes::{FORMAT, Reader, Why, push_varint};

/// Value of `waiting`: nothing beyond its format, since the key names the submission.
pub(in crate::derived) const WAITING_VALUE: [u8; 1] = [FORMAT];

pub(in crate::derived) fn decode_waiting(bytes: &[u8]) -> Result<(), Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    reader.end()
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
    pub(in crate::derived) fn encode(self) -> Vec<u8> {
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

    pub(in crate::derived) fn decode(program: ProgramId, bytes: &[u8]) -> Result<Self, Why> {
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
