//! One event-loop turn's clicks, encoded as they come and committed together.
//!
//! Hot path. Each worker owns one [`TurnWriter`]. During a turn every click is appended to its
//! buffers; at the end of the turn one [`TurnWriter::commit`] writes them all. Nothing is shared
//! with other workers but the commit lock.
//!
//! Bounds: [`ROWS_MAX`] clicks or [`BYTES_MAX`] bytes; the worker commits at once when
//! [`TurnWriter::is_full`].

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::click::{Click, Parameter};
use crate::model::id::{EventNumber, PartnerId, ProgramId, StringRef};
use crate::model::time::Millis;

use super::commit::{Added, Epoch};
use super::dictionary::Dictionary;
use super::error::LogError;
use super::family;
use super::mint::Mint;
use super::open::Shared;
use super::row::footer::Ledger;
use super::row::{click as click_row, key};
use crate::model::arrival::{Outcome, Stream};

/// Clicks after which a turn is committed before it ends.
pub const ROWS_MAX: usize = 512;
/// Bytes after which a turn is committed before it ends.
pub const BYTES_MAX: usize = 128 << 10;

/// A click in the buffer.
#[derive(Clone, Copy, Debug)]
struct Row {
    partner: PartnerId,
    number: EventNumber,
    /// Where its bytes end; they begin where the row before it ends.
    end: usize,
}

/// Collects and commits the clicks of one worker.
#[derive(Debug)]
pub struct TurnWriter {
    shared: Arc<Shared>,
    mint: Mint,
    dictionary: Dictionary,
    rows: Vec<Row>,
    bytes: Vec<u8>,
    /// Arrivals of this turn; they are few kinds, so a list beats a map.
    counts: Vec<(ProgramId, Outcome, u64)>,
}

impl TurnWriter {
    pub(super) fn new(shared: Arc<Shared>, mint: Mint, dictionary: Dictionary) -> Self {
        Self {
            shared,
            mint,
            dictionary,
            rows: Vec::with_capacity(ROWS_MAX),
            bytes: Vec::with_capacity(BYTES_MAX + (8 << 10)),
            counts: Vec::with_capacity(16),
        }
    }

    /// The time of the log's clock.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.shared.clock.now()
    }

    /// The next event number, and whether the lease covers it. A click whose number is not
    /// covered must not be stored.
    pub fn mint(&mut self, now: Millis) -> (EventNumber, bool) {
        let number = self.mint.next(now);
        (number, self.shared.lease_covers(number))
    }

    /// The reference of `text`, a new one if need be; `None` when the slot takes no more strings.
    pub fn intern(&mut self, text: &[u8]) -> Option<StringRef> {
        self.dictionary.intern(text, &self.shared.strings)
    }

    /// The reference of `text` if it is known already.
    pub fn known(&mut self, text: &[u8]) -> Option<StringRef> {
        self.dictionary.known(text)
    }

    /// Counts one arrival, or what became of one; [`Self::push`] counts what is stored.
    pub fn count(&mut self, program: ProgramId, outcome: Outcome) {
        let same = |row: &&mut (ProgramId, Outcome, u64)| row.0 == program && row.1 == outcome;
        match self.counts.iter_mut().find(same) {
            Some(row) => row.2 += 1,
            None => self.counts.push((program, outcome, 1)),
        }
    }

    /// Adds a click to the turn.
    pub fn push<'p, P>(&mut self, partner: PartnerId, number: EventNumber, click: &Click<P>)
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        click_row::write(&mut self.bytes, click);
        self.count(click.program, Outcome::Stored);
        self.rows.push(Row {
            partner,
            number,
            end: self.bytes.len(),
        });
    }

    /// Whether the turn holds clicks that are not committed.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether the turn should be committed before it ends.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.bytes.len() >= BYTES_MAX
    }

    /// Commits the turn's clicks; on return the WAL holds them all. Without clicks it only hands
    /// its counts on and says `None`.
    ///
    /// # Errors
    /// [`LogError::Stalled`]: the store asks for a pause, the clicks stay in the turn. Any other
    /// error: they will never be stored, call [`Self::abandon`].
    pub fn commit(&mut self) -> Result<Option<Epoch>, LogError> {
        if self.rows.is_empty() {
            if !self.counts.is_empty() {
                let counts = &mut self.counts;
                self.shared.note(|ledger| drain(counts, ledger));
            }
            return Ok(None);
        }
        let clicks = self.shared.cf(family::CLICKS)?;
        let strings = self.shared.cf(family::STRINGS)?;
        let (rows, bytes, pending) = (&self.rows, &self.bytes, &self.dictionary.pending);
        let counts = &mut self.counts;
        let settle = |ledger: &mut Ledger| drain(counts, ledger);
        let (epoch, _) = self.shared.commit(settle, |slot, _, batch| {
            for (reference, text) in pending {
                batch.put_cf(strings, reference.0.to_be_bytes(), text);
            }
            let mut added = Added {
                clicks: u32::try_from(rows.len()).unwrap_or(0),
                ..Added::default()
            };
            let mut start = 0;
            for row in rows {
                let value = bytes.get(start..row.end).unwrap_or_default();
                start = row.end;
                batch.put_cf(clicks, key::click(slot, row.partner, row.number), value);
                added.checksum = key::checksum(added.checksum, row.partner.0, row.number);
                added.newest = added.newest.max(row.number.time());
            }
            added
        })?;
        let new = self.dictionary.pending.len() as u64;
        self.shared.stats.strings.fetch_add(new, Ordering::Relaxed);
        self.dictionary.pending.clear();
        self.rows.clear();
        self.bytes.clear();
        Ok(Some(epoch))
    }

    /// Gives up the turn's clicks: they are counted as unrecorded.
    pub fn abandon(&mut self) {
        self.rows.clear();
        self.bytes.clear();
        for (_, outcome, _) in &mut self.counts {
            if *outcome == Outcome::Stored {
                *outcome = Outcome::Unrecorded;
            }
        }
    }
}

fn drain(counts: &mut Vec<(ProgramId, Outcome, u64)>, ledger: &mut Ledger) {
    for (program, outcome, count) in counts.drain(..) {
        ledger.add(program, Stream::Click, outcome, count);
    }
}
