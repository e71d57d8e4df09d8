//! Rows of `horizons`: since when a program remembers people, and how far its rows of `people` and
//! `touches` were looked through for what is older.

use crate::model::id::ProgramId;
use crate::model::time::Millis;

use super::super::bytes::{FORMAT, Part, Reader, Why, push, push_option};
use super::super::key::key;
use super::person::{PeopleKey, TouchKey};

key! {
    /// Of `horizons`: a program of which names or touches were noted.
    HorizonKey {
        /// The program.
        program: ProgramId,
    }
}

/// Since when a program remembers people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Touches before, and names last seen together before, are forgotten. It never moves back.
    pub from: Millis,
    /// How far before the present the catalogue asked for it to lie when it last moved,
    /// milliseconds.
    pub kept: i64,
    /// The row of `people` that was looked at last; none begins anew.
    pub(in crate::derived) people: Option<PeopleKey>,
    /// The row of `touches` that was looked at last; none begins anew.
    pub(in crate::derived) touches: Option<TouchKey>,
}

impl Default for Horizon {
    /// Nothing is forgotten yet.
    fn default() -> Self {
        Self {
            from: Millis(i64::MIN),
            kept: 0,
            people: None,
            touches: None,
        }
    }
}

impl Horizon {
    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        push(&mut out, self.from);
        push(&mut out, self.kept);
        push_option(&mut out, self.people.map(PeopleKey::encode), push);
        push_option(&mut out, self.touches.map(TouchKey::encode), push);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let horizon = Self {
            from: reader.part()?,
            kept: reader.part()?,
            people: reader.option(|reader| {
                let key: [u8; PeopleKey::LEN] = reader.part()?;
                PeopleKey::decode(&key)
            })?,
            touches: reader.option(|reader| {
                let key: [u8; TouchKey::LEN] = reader.part()?;
                TouchKey::decode(&key)
            })?,
        };
        reader.end()?;
        Ok(horizon)
    }
}
