//! Keys and values of `uploads` and `refused_lines`.

use crate::derived::row::bytes::{BAD_NUMBER, FORMAT, Part, Reader, Why, push, push_varint};
use crate::derived::row::key::key;
use crate::model::action::change::ChangeRefusal;
use crate::model::id::{EventNumber, JobId, ProgramId, Slot, SubmissionId};
use crate::model::refusal::Refusal;

/// Most lines of one file and program that are kept; all are counted.
pub const LINES_KEPT_MAX: u64 = 10_000;

key! {
    /// Of `uploads`: what one uploaded file says of one program.
    UploadKey {
        /// The program.
        program: ProgramId,
        /// The file.
        job: JobId,
    }

    /// Of `refused_lines`: one line whose entry was refused.
    RefusedLineKey {
        /// The program.
        program: ProgramId,
        /// The file.
        job: JobId,
        /// The first line of the entry.
        line: u64,
    }
}

/// Value of `uploads`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UploadCount {
    /// Entries that came to their outcome.
    pub settled: u64,
    /// Those of them that were refused.
    pub refused: u64,
}

impl UploadCount {
    /// Adds what another program has of the file.
    pub fn add(&mut self, other: Self) {
        self.settled = self.settled.saturating_add(other.settled);
        self.refused = self.refused.saturating_add(other.refused);
    }

    pub(in crate::derived) fn encode(self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        push_varint(&mut out, self.settled.into());
        push_varint(&mut out, self.refused.into());
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let mut count = || u64::try_from(reader.varint()?).map_err(|_| BAD_NUMBER);
        let (settled, refused) = (count()?, count()?);
        reader.end()?;
        Ok(Self { settled, refused })
    }
}

/// Why an entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyRefused {
    /// A conversion.
    Conversion(Refusal),
    /// A change.
    Change(ChangeRefusal),
}

/// A line of an uploaded file whose entry was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedLine {
    /// The line.
    pub line: u64,
    /// What was stored of it.
    pub id: SubmissionId,
    /// Why it was refused.
    pub why: WhyRefused,
}

impl RefusedLine {
    pub(in crate::derived) fn key(&self, job: JobId) -> RefusedLineKey {
        RefusedLineKey {
            program: self.id.program,
            job,
            line: self.line,
        }
    }

    pub(in crate::derived) fn encode(self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        push(&mut out, self.id.slot);
        push(&mut out, self.id.number);
        out.extend_from_slice(&match self.why {
            WhyRefused::Conversion(refusal) => [1, refusal.byte()],
            WhyRefused::Change(refusal) => [2, refusal.byte()],
        });
        out
    }

    pub(in crate::derived) fn decode(key: RefusedLineKey, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let (slot, number): (Slot, EventNumber) = (reader.part()?, reader.part()?);
        let [kind, byte] = reader.array()?;
        let why = match kind {
            1 => Refusal::from_byte(byte).map(WhyRefused::Conversion),
            2 => ChangeRefusal::from_byte(byte).map(WhyRefused::Change),
            _ => None,
        };
        reader.end()?;
        Ok(Self {
            line: key.line,
            id: SubmissionId {
                slot,
                program: key.program,
                number,
            },
            why: why.ok_or("unknown refusal")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_reads_is_written_alike(mut bytes: Vec<u8>, line: u64) {
            if let Some(format) = bytes.first_mut() {
                *format = FORMAT;
            }
            if let Ok(count) = UploadCount::decode(&bytes) {
                prop_assert_eq!(count.encode(), bytes.clone());
            }
            bytes.resize(15, 1);
            let key = RefusedLineKey { program: ProgramId(1), job: JobId(2), line };
            if let Ok(found) = RefusedLine::decode(key, &bytes) {
                prop_assert_eq!(found.encode(), bytes);
                prop_assert_eq!(found.key(JobId(2)), key);
            }
        }

        #[test]
        fn counts_read_back(settled: u64, refused: u64) {
            let count = UploadCount { settled, refused };
            prop_assert_eq!(UploadCount::decode(&count.encode()), Ok(count));
        }
    }

    #[test]
    fn every_refusal_reads_back() {
        let id = SubmissionId {
            slot: Slot(3),
            program: ProgramId(7),
            number: EventNumber(5),
        };
        let conversions = Refusal::ALL.iter().map(|row| WhyRefused::Conversion(row.0));
        let changes = ChangeRefusal::ALL
            .iter()
            .map(|row| WhyRefused::Change(row.0));
        for why in conversions.chain(changes) {
            let refused = RefusedLine { line: 9, id, why };
            let key = refused.key(JobId(1));
            assert_eq!(RefusedLine::decode(key, &refused.encode()), Ok(refused));
        }
    }
}
