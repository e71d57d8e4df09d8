//! Storing what uploaded files say, and what is known of each file.
//!
//! Records and errors are bytes of the caller's. [`Log::put_batch`] is called from blocking threads
//! of the API, [`Log::submit_chunk`] by the thread `clerk` alone.
//!
//! Invariants: what a chunk stores, its place in the file and its errors lie in one commit, so that
//! whatever ends the process, the lines before the cursor are done and no other is. What is equal
//! to something stored is a retry, by the rules of [`super::conversions`].

use std::collections::{BTreeMap, BTreeSet};

use rocksdb::{Direction, IteratorMode};

use crate::model::action::change::Change;
use crate::model::entry::Entry;
use crate::model::id::{EventNumber, JobId, ProgramId, Slot};
use crate::model::submission::{PayloadHash, Submission};

use super::super::commit::{Added, Epoch};
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::footer::Ledger;
use super::super::row::last::{self as last_row, LastChanges};
use super::super::row::submission::{self as submission_row, AttemptRow};
use super::super::row::{entry as entry_row, key};
use super::conversions::{ATTEMPTS_MAX, Reservation};
use crate::model::arrival::{Outcome, RefusedReason, Stream};

/// What a file asks to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A conversion.
    Conversion(Submission),
    /// A modification or a reversal.
    Change(Change),
}

/// What became of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    Stored,
    /// It was stored before.
    Retry,
    /// The order id has so many attempts with differing content already.
    TooManyAttempts(usize),
}

/// What is known of the file once a chunk is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Its record.
    pub record: Vec<u8>,
    /// What is wrong with single lines.
    pub errors: Vec<(u64, Vec<u8>)>,
}

/// The slot of what this commit stores, until it is known. No slot has this number.
const THIS_SLOT: Slot = Slot(0);

/// The row by which repetitions of one order are told.
enum Known {
    Attempts(Vec<AttemptRow>),
    Changes(LastChanges),
}

/// The rows of a chunk, by family and key.
type KnownRows = BTreeMap<(&'static str, Vec<u8>), Known>;

impl Known {
    /// Adds what `said` says of its order, which is to have this number.
    fn judge(&mut self, said: &Said, job: JobId, number: EventNumber) -> Taken {
        let payload = said.payload();
        let new = AttemptRow {
            slot: THIS_SLOT,
            number,
            payload,
        };
        match self {
            Self::Attempts(rows) if rows.iter().any(|row| row.payload == payload) => Taken::Retry,
            Self::Attempts(rows) if rows.len() >= ATTEMPTS_MAX => {
                Taken::TooManyAttempts(rows.len())
            }
            Self::Attempts(rows) => {
                rows.push(new);
                Taken::Stored
            }
            Self::Changes(last) => {
                if last.repeated(Some(job), payload).is_some() {
                    return Taken::Retry;
                }
                last.add(Some(job), new);
                Taken::Stored
            }
        }
    }

    /// Whether the stored row is another one. How far a file has told a story again is stored too.
    fn is_new(&self) -> bool {
        match self {
            Self::Attempts(rows) => rows.iter().any(|row| row.slot == THIS_SLOT),
            Self::Changes(_) => true,
        }
    }

    /// The row, once the slot of the commit is known.
    fn row(&mut self, slot: Slot) -> Vec<u8> {
        let rows = match self {
            Self::Attempts(rows) => rows.as_mut_slice(),
            Self::Changes(last) => last.changes_mut(),
        };
        for row in rows.iter_mut().filter(|row| row.slot == THIS_SLOT) {
            row.slot = slot;
        }
        match self {
            Self::Attempts(rows) => submission_row::write_order(rows),
            Self::Changes(last) => last_row::write(last),
        }
    }
}

impl Said {
    fn program(&self) -> ProgramId {
        match self {
            Self::Conversion(submission) => submission.program,
            Self::Change(change) => change.program,
        }
    }

    fn stream(&self) -> Stream {
        match self {
            Self::Conversion(_) => Stream::Conversion,
            Self::Change(_) => Stream::Modification,
        }
    }

    fn payload(&self) -> PayloadHash {
        match self {
            Self::Conversion(submission) => submission.payload,
            Self::Change(change) => change.payload,
        }
    }

    /// Where the row lies by which its repetitions are told.
    fn known_at(&self) -> (&'static str, Vec<u8>) {
        match self {
            Self::Conversion(of) => (
                family::ORDERS,
                key::attempts(of.program, of.event_type, &of.order_id, of.is_test),
            ),
            Self::Change(of) => (
                family::CHANGES,
                key::order(of.program, of.event_type, &of.order_id),
            ),
        }
    }

    fn row(&self) -> Vec<u8> {
        let entry = match self {
            Self::Conversion(submission) => Entry::Conversion(submission.clone()),
            Self::Change(change) => Entry::Change(change.clone()),
        };
        let mut row = Vec::with_capacity(512);
        entry_row::write(&mut row, &entry);
        row
    }
}

impl Log {
    /// Stores what is known of an uploaded file; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_batch(&self, job: JobId, record: &[u8]) -> Result<(), LogError> {
        let jobs = self.shared.cf(family::JOBS)?;
        let epoch = self.shared.commit_patiently(|_, _, batch| {
            batch.put_cf(jobs, key::batch(job), record);
            Added::default()
        })?;
        self.wait_durable(epoch)
    }

    /// What is known of an uploaded file.
    ///
    /// # Errors
    /// The store failed.
    pub fn batch(&self, job: JobId) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::JOBS, &key::batch(job))
    }

    /// What is known of every uploaded file, by its id.
    ///
    /// # Errors
    /// The store failed, or a key is damaged.
    pub fn batches(&self) -> Result<Vec<(JobId, Vec<u8>)>, LogError> {
        let first = key::batch(JobId(0));
        let mut found = Vec::new();
        let cf = self.shared.cf(family::JOBS)?;
        let mode = IteratorMode::From(&first, Direction::Forward);
        for row in self.shared.db.iterator_cf(cf, mode) {
            let (row_key, record) = row.map_err(LogError::store("read the uploaded files"))?;
            let Some(job) = key::read_batch(&row_key)? else {
                break;
            };
            found.push((job, record.into_vec()));
        }
        Ok(found)
    }

    /// What was found wrong with the lines of an uploaded file, in their order.
    ///
    /// # Errors
    /// The store failed.
    pub fn batch_errors(&self, job: JobId) -> Result<Vec<Vec<u8>>, LogError> {
        let (first, last) = (key::batch_error(job, 0), key::batch_error(job, u64::MAX));
        let mut found = Vec::new();
        let cf = self.shared.cf(family::JOBS)?;
        let mode = IteratorMode::From(&first, Direction::Forward);
        for row in self.shared.db.iterator_cf(cf, mode) {
            let (row_key, error) = row.map_err(LogError::store("read the errors of a file"))?;
            if *row_key > last[..] {
                break;
            }
            found.push(error.into_vec());
        }
        Ok(found)
    }

    /// What was found wrong with one line of an uploaded file.
    ///
    /// # Errors
    /// The store failed.
    pub fn batch_error(&self, job: JobId, line: u64) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::JOBS, &key::batch_error(job, line))
    }

    /// Stores what a file says next, in one commit with what `beside` makes of what became of
    /// each. Those of `refused` are counted as received and not stored.
    ///
    /// # Errors
    /// The store failed or asks for a pause, or `beside` failed; then nothing is stored or counted.
    pub fn submit_chunk<E: From<LogError>>(
        &self,
        job: JobId,
        said: &[Said],
        refused: &[(ProgramId, Stream)],
        beside: impl FnOnce(&[Taken]) -> Result<Beside, E>,
    ) -> Result<Epoch, E> {
        let shared = &*self.shared;
        // Whoever else stores an order holds one key and waits for none while it does; sorted
        // keys keep two of this kind apart.
        let keys: BTreeSet<_> = said.iter().map(Said::known_at).collect();
        let order_keys: BTreeSet<Vec<u8>> = keys.iter().map(|(_, key)| key.clone()).collect();
        let held = order_keys.into_iter();
        let held: Vec<_> = held.map(|key| Reservation::take(shared, key)).collect();
        let mut known = KnownRows::new();
        for (family, key) in keys {
            let row = if family == family::CHANGES {
                Known::Changes(self.last_changes(&key)?)
            } else {
                Known::Attempts(self.order_attempts(&key)?)
            };
            known.insert((family, key), row);
        }
        let mut judged = Vec::with_capacity(said.len());
        for said in said {
            let number = self.mint();
            let known = known.get_mut(&said.known_at());
            let taken = known.map_or(Taken::Stored, |known| known.judge(said, job, number));
            judged.push((number, taken));
        }
        let taken: Vec<Taken> = judged.iter().map(|(_, taken)| *taken).collect();
        let beside = beside(&taken)?;
        let epoch = self.commit_chunk(job, (said, &judged), known, refused, &beside)?;
        drop(held);
        Ok(epoch)
    }

    fn commit_chunk(
        &self,
        job: JobId,
        (said, judged): (&[Said], &[(EventNumber, Taken)]),
        known: KnownRows,
        refused: &[(ProgramId, Stream)],
        beside: &Beside,
    ) -> Result<Epoch, LogError> {
        let shared = &*self.shared;
        let jobs = shared.cf(family::JOBS)?;
        let submissions = shared.cf(family::SUBMISSIONS)?;
        let mut lookups = Vec::with_capacity(known.len());
        for ((family, key), known) in known.into_iter().filter(|(_, known)| known.is_new()) {
            lookups.push((shared.cf(family)?, key, known));
        }
        let mut rows = Vec::with_capacity(said.len());
        for (said, (number, taken)) in said.iter().zip(judged) {
            if *taken == Taken::Stored {
                rows.push((said.program(), *number, said.row()));
            }
        }
        let settle = |ledger: &mut Ledger| {
            for (said, (_, taken)) in said.iter().zip(judged) {
                ledger.settle(said.program(), said.stream(), taken.outcome());
            }
            let invalid = Outcome::Refused(RefusedReason::Invalid);
            for (program, stream) in refused {
                ledger.settle(*program, *stream, invalid);
            }
        };
        let (epoch, _) = shared.commit(settle, |slot, _, batch| {
            for (cf, key, known) in &mut lookups {
                batch.put_cf(*cf, &*key, known.row(slot));
            }
            let mut added = Added::default();
            for (program, number, row) in &rows {
                batch.put_cf(submissions, key::submission(slot, *program, *number), row);
                added.submissions += 1;
                added.checksum = key::checksum(added.checksum, program.0, *number);
                added.newest = added.newest.max(number.time());
            }
            for (line, error) in &beside.errors {
                batch.put_cf(jobs, key::batch_error(job, *line), error);
            }
            batch.put_cf(jobs, key::batch(job), &beside.record);
            added
        })?;
        Ok(epoch)
    }
}

impl Taken {
    fn outcome(self) -> Outcome {
        match self {
            Self::Stored => Outcome::Stored,
            Self::Retry => Outcome::Refused(RefusedReason::Retry),
            Self::TooManyAttempts(_) => Outcome::Refused(RefusedReason::Invalid),
        }
    }
}
