//! Values about submissions: what became of each, and which wait.

use crate::derived::uploads::WhyRefused;
use crate::model::action::change::ChangeRefusal;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::refusal::Refusal;

use super::bytes::{BAD_NUMBER, FORMAT, Reader, Why, push, push_varint};
use super::key::ActionId;

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
    /// A test: nobody is credited, and this is who would have been, or why nobody.
    Test(Result<PartnerId, Refusal>),
    /// It changed this action; the update has this number.
    Changed(ActionId, u32),
    /// The action is already as it says.
    Unchanged(ActionId),
    /// It changes nothing.
    NotChanged(ChangeRefusal),
    /// The action has locked; the update has this number, 0 when its figures stood so already.
    Settled(ActionId, u32),
}

impl SubmissionOutcome {
    /// Why it was refused, if it was; of a test, why it would have been.
    #[must_use]
    pub fn why_refused(self) -> Option<WhyRefused> {
        match self {
            Self::Refused(refusal) | Self::Test(Err(refusal)) => {
                Some(WhyRefused::Conversion(refusal))
            }
            Self::NotChanged(refusal) => Some(WhyRefused::Change(refusal)),
            Self::Credited(_)
            | Self::Waiting
            | Self::Test(Ok(_))
            | Self::Changed(..)
            | Self::Unchanged(_)
            | Self::Settled(..) => None,
        }
    }
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
                push_action(&mut out, id);
            }
            SubmissionOutcome::Refused(refusal) => out.extend_from_slice(&[2, refusal.byte()]),
            SubmissionOutcome::Waiting => out.push(3),
            SubmissionOutcome::Test(Ok(partner)) => {
                out.extend_from_slice(&[4, 0]);
                push(&mut out, partner);
            }
            SubmissionOutcome::Test(Err(refusal)) => {
                out.extend_from_slice(&[4, 1, refusal.byte()]);
            }
            SubmissionOutcome::Changed(id, update) => {
                out.push(5);
                push_action(&mut out, id);
                push_varint(&mut out, update.into());
            }
            SubmissionOutcome::Unchanged(id) => {
                out.push(6);
                push_action(&mut out, id);
            }
            SubmissionOutcome::NotChanged(refusal) => out.extend_from_slice(&[7, refusal.byte()]),
            SubmissionOutcome::Settled(id, update) => {
                out.push(8);
                push_action(&mut out, id);
                push_varint(&mut out, update.into());
            }
        }
        out
    }

    pub(in crate::derived) fn decode(program: ProgramId, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let slot = reader.part()?;
        let outcome = match reader.part()? {
            1_u8 => SubmissionOutcome::Credited(action(program, &mut reader)?),
            2 => SubmissionOutcome::Refused(refusal(&mut reader)?),
            3 => SubmissionOutcome::Waiting,
            4 => SubmissionOutcome::Test(match reader.part()? {
                0_u8 => Ok(reader.part()?),
                1 => Err(refusal(&mut reader)?),
                _ => return Err("unknown outcome"),
            }),
            5 => {
                let id = action(program, &mut reader)?;
                SubmissionOutcome::Changed(id, reader.varint32()?)
            }
            6 => SubmissionOutcome::Unchanged(action(program, &mut reader)?),
            7 => {
                let refusal = ChangeRefusal::from_byte(reader.part()?);
                SubmissionOutcome::NotChanged(refusal.ok_or("unknown refusal of a change")?)
            }
            8 => {
                let id = action(program, &mut reader)?;
                SubmissionOutcome::Settled(id, reader.varint32()?)
            }
            _ => return Err("unknown outcome"),
        };
        reader.end()?;
        Ok(Self { slot, outcome })
    }
}

fn refusal(reader: &mut Reader<'_>) -> Result<Refusal, Why> {
    Refusal::from_byte(reader.part()?).ok_or("unknown refusal")
}

fn push_action(out: &mut Vec<u8>, id: ActionId) {
    push(out, id.event_type);
    push_varint(out, id.order.into());
}

fn action(program: ProgramId, reader: &mut Reader<'_>) -> Result<ActionId, Why> {
    Ok(ActionId {
        program,
        event_type: reader.part()?,
        order: u64::try_from(reader.varint()?).map_err(|_| BAD_NUMBER)?,
    })
}
