//! The footer that closes a slot, and the ledger it carries.
//!
//! A footer says what the slot must hold, which catalogue and rules the fold uses for it, and what
//! became of everything that was received while it was open: received = stored + refused +
//! unrecorded, per program and stream.
//!
//! Row: format u8 (3), torn u8, wall start and end signed, counts of clicks, submissions, facts and
//! imported rows and arrivals, checksum u64, catalogue and rules version, then per ledger entry
//! program, stream u8, outcome u8 and count.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::arrival::{Outcome, Stream};
use crate::model::id::{CatalogVersion, ProgramId, RulesVersion, Slot};
use crate::model::time::Millis;

use super::bytes::{Corrupt, Cursor, put_signed, put_varint};
use crate::log::family;

const FORMAT: u8 = 3;

/// One count of a ledger. Program 0 stands for arrivals that named no known program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// The program.
    pub program: ProgramId,
    /// The stream.
    pub stream: Stream,
    /// The outcome counted.
    pub outcome: Outcome,
    /// How many.
    pub count: u64,
}

/// Counts of what arrived and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger(BTreeMap<(ProgramId, Stream, Outcome), u64>);

impl Ledger {
    /// Counts `count` more.
    pub fn add(&mut self, program: ProgramId, stream: Stream, outcome: Outcome, count: u64) {
        if count > 0 {
            *self.0.entry((program, stream, outcome)).or_default() += count;
        }
    }

    /// Counts one arrival and what became of it.
    pub fn settle(&mut self, program: ProgramId, stream: Stream, outcome: Outcome) {
        self.add(program, stream, Outcome::Received, 1);
        self.add(program, stream, outcome, 1);
    }

    /// Moves every count of `other` here and leaves it empty.
    pub fn absorb(&mut self, other: &mut Self) {
        while let Some(((program, stream, outcome), count)) = other.0.pop_first() {
            self.add(program, stream, outcome, count);
        }
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counts, by program, stream and outcome.
    #[must_use]
    pub fn entries(&self) -> Vec<LedgerEntry> {
        self.0
            .iter()
            .map(|(&(program, stream, outcome), &count)| LedgerEntry {
                program,
                stream,
                outcome,
                count,
            })
            .collect()
    }
}

/// What closed a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// The slot it closes.
    pub slot: Slot,
    /// When the slot began.
    pub wall_start: Millis,
    /// When it ended.
    pub wall_end: Millis,
    /// Clicks in it.
    pub clicks: u32,
    /// Submissions in it.
    pub submissions: u32,
    /// Facts in it.
    pub facts: u32,
    /// Imported clicks and ends of imports in it.
    pub imported: u32,
    /// Arrivals in it.
    pub visits: u32,
    /// Sum over its clicks, submissions, imported rows and arrivals, see
    /// [`super::key::checksum`].
    pub checksum: u64,
    /// The catalogue version the fold uses for it.
    pub catalog: CatalogVersion,
    /// The rules version the fold uses for it.
    pub rules: RulesVersion,
    /// Written by recovery, because the process ended while the slot was open. Its ledger then
    /// holds what is stored, and misses what was refused.
    pub torn: bool,
    /// What arrived while it was open.
    pub ledger: Vec<LedgerEntry>,
}

impl Footer {
    /// The row of this footer.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut row = vec![FORMAT, u8::from(self.torn)];
        put_signed(&mut row, self.wall_start.0);
        put_signed(&mut row, self.wall_end.0);
        let counts = [
            self.clicks,
            self.submissions,
            self.facts,
            self.imported,
            self.visits,
        ];
        for count in counts {
            put_varint(&mut row, u64::from(count));
        }
        row.extend_from_slice(&self.checksum.to_be_bytes());
        put_varint(&mut row, u64::from(self.catalog.0));
        put_varint(&mut row, u64::from(self.rules.0));
        for entry in &self.ledger {
            put_varint(&mut row, u64::from(entry.program.0));
            row.push(entry.stream.code());
            row.push(entry.outcome.code());
            put_varint(&mut row, entry.count);
        }
        row
    }

    /// Reads the footer of `slot`.
    ///
    /// # Errors
    /// The row is not what [`Self::write`] writes.
    pub fn read(slot: Slot, row: &[u8]) -> Result<Self, Corrupt> {
        let mut cursor = Cursor::new(family::FOOTERS, row);
        let [format, torn] = cursor.array()?;
        if format != FORMAT || torn > 1 {
            return Err(cursor.corrupt("its format is unknown"));
        }
        let mut footer = Self {
            slot,
            wall_start: Millis(cursor.signed()?),
            wall_end: Millis(cursor.signed()?),
            clicks: cursor.varint32()?,
            submissions: cursor.varint32()?,
            facts: cursor.varint32()?,
            imported: cursor.varint32()?,
            visits: cursor.varint32()?,
            checksum: cursor.u64()?,
            catalog: CatalogVersion(cursor.varint32()?),
            rules: RulesVersion(cursor.varint32()?),
            torn: torn == 1,
            ledger: Vec::new(),
        };
        while !cursor.rest().is_empty() {
            let program = ProgramId(cursor.varint32()?);
            let stream = cursor.u8()?;
            let Some(stream) = Stream::from_code(stream) else {
                return Err(cursor.corrupt("a stream is unknown"));
            };
            let Some(outcome) = Outcome::from_code(cursor.u8()?) else {
                return Err(cursor.corrupt("an outcome is unknown"));
            };
            let count = cursor.varint()?;
            footer.ledger.push(LedgerEntry {
                program,
                stream,
                outcome,
                count,
            });
        }
        Ok(footer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::arrival::RefusedReason;

    #[test]
    fn footers_read_back() {
        let mut ledger = Ledger::default();
        ledger.settle(ProgramId(7), Stream::Click, Outcome::Stored);
        ledger.settle(
            ProgramId(0),
            Stream::Click,
            Outcome::Refused(RefusedReason::NotALink),
        );
        ledger.settle(ProgramId(7), Stream::Conversion, Outcome::Unrecorded);
        let footer = Footer {
            slot: Slot(9),
            wall_start: Millis(-5),
            wall_end: Millis(1_795_368_000_000),
            clicks: 200_000,
            submissions: 1,
            facts: 0,
            imported: 300,
            visits: 70,
            checksum: 0xfedc_ba98_7654_3210,
            catalog: CatalogVersion(3),
            rules: RulesVersion(1),
            torn: true,
            ledger: ledger.entries(),
        };
        assert_eq!(footer.ledger.len(), 6);
        assert_eq!(Footer::read(Slot(9), &footer.write()), Ok(footer));
    }

    #[test]
    fn absorbing_moves_every_count() {
        let (mut a, mut b) = (Ledger::default(), Ledger::default());
        a.settle(ProgramId(1), Stream::Click, Outcome::Stored);
        b.settle(ProgramId(1), Stream::Click, Outcome::Stored);
        a.absorb(&mut b);
        assert!(b.is_empty());
        assert_eq!(
            a.entries()
                .iter()
                .map(|entry| entry.count)
                .collect::<Vec<_>>(),
            [2, 2]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(row: Vec<u8>) {
            if let Ok(footer) = Footer::read(Slot(1), &row) {
                prop_assert!(footer.ledger.len() <= row.len());
            }
        }
    }
}
