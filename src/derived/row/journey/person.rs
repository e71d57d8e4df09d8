//! Keys and values about people: who is the same person, and by what they came.

use crate::model::id::{EventNumber, ProgramId};
use crate::model::submission::{Fingerprint, Person, PersonKind};
use crate::model::time::Millis;

use super::super::bytes::{FORMAT, Part, Reader, Why, push};
use super::super::key::key;
use super::path::{Source, Touch};

impl Part for Fingerprint {
    const LEN: usize = 16;
    fn write(self, out: &mut [u8], at: &mut usize) {
        for byte in self.0 {
            byte.write(out, at);
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        from.array().map(Self)
    }
}

impl Part for Person {
    const LEN: usize = 1 + Fingerprint::LEN;
    fn write(self, out: &mut [u8], at: &mut usize) {
        self.kind.byte().write(out, at);
        self.id.write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        let kind = PersonKind::from_byte(from.part()?).ok_or("unknown kind of person")?;
        let id = from.part()?;
        Ok(Self { kind, id })
    }
}

key! {
    /// Of `people`: two names of one person, stored both ways.
    PeopleKey {
        /// The program.
        program: ProgramId,
        /// One of them.
        person: Person,
        /// The other.
        other: Person,
    }

    /// Of `touches`: something by which a person came.
    TouchKey {
        /// The program.
        program: ProgramId,
        /// The person.
        person: Person,
        /// Its own time.
        time: Millis,
        /// Its number.
        number: EventNumber,
    }
}

/// The stored bytes of when two names were last seen together.
pub(in crate::derived) fn encode_seen(at: Millis) -> Vec<u8> {
    let mut out = vec![FORMAT];
    push(&mut out, at);
    out
}

/// Reads when two names were last seen together.
pub(in crate::derived) fn decode_seen(bytes: &[u8]) -> Result<Millis, Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    let at = reader.part()?;
    reader.end()?;
    Ok(at)
}

/// The stored bytes of what a touch was.
pub(in crate::derived) fn encode_touch(source: &Source) -> Vec<u8> {
    let mut out = vec![FORMAT];
    source.push(&mut out);
    out
}

/// Reads a stored touch.
pub(in crate::derived) fn decode_touch(key: &[u8], bytes: &[u8]) -> Result<Touch, Why> {
    let key = TouchKey::decode(key)?;
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    let source = Source::read(&mut reader)?;
    reader.end()?;
    Ok(Touch {
        time: key.time,
        number: key.number,
        source,
    })
}
