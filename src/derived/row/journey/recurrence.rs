//! Rows of `recurrences`: how many actions a click has earned, and when a caller last called.

use crate::model::id::{EventNumber, EventTypeId, PartnerId, ProgramId};
use crate::model::submission::Fingerprint;

use super::super::bytes::{FORMAT, Reader, Why, push};

/// Of `recurrences`: what may happen again only so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecurrenceKey {
    /// Actions of one event type that one click has earned.
    Click {
        /// The program.
        program: ProgramId,
        /// The event type.
        event_type: EventTypeId,
        /// The partner of the click.
        partner: PartnerId,
        /// Its number.
        click: EventNumber,
    },
    /// The action date of the last call that earned something.
    Caller {
        /// The program.
        program: ProgramId,
        /// The event type.
        event_type: EventTypeId,
        /// Who called.
        caller: Fingerprint,
    },
}

impl RecurrenceKey {
    pub(in crate::derived) fn encode(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(25);
        match self {
            Self::Click {
                program,
                event_type,
                partner,
                click,
            } => {
                push(&mut out, program);
                out.push(1);
                push(&mut out, event_type);
                push(&mut out, partner);
                push(&mut out, click);
            }
            Self::Caller {
                program,
                event_type,
                caller,
            } => {
                push(&mut out, program);
                out.push(2);
                push(&mut out, event_type);
                push(&mut out, caller);
            }
        }
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        let program = reader.part()?;
        let key = match reader.part()? {
            1_u8 => Self::Click {
                program,
                event_type: reader.part()?,
                partner: reader.part()?,
                click: reader.part()?,
            },
            2 => Self::Caller {
                program,
                event_type: reader.part()?,
                caller: reader.part()?,
            },
            _ => return Err("unknown recurrence"),
        };
        reader.end()?;
        Ok(key)
    }
}

/// The stored bytes of a count or a time.
pub(in crate::derived) fn encode(value: i64) -> Vec<u8> {
    let mut out = vec![FORMAT];
    push(&mut out, value);
    out
}

/// Reads a stored count or time.
pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<i64, Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    let value = reader.part()?;
    reader.end()?;
    Ok(value)
}
