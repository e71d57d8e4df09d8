//! Storing the clicks of imports, and what is known of each import.
//!
//! Called from blocking threads of the control socket; one import at a time holds the
//! [`Importer`].
//!
//! Invariants: the record of a job lies in the same batch as the rows that it counts, so that
//! whatever ends the process, the rows before the cursor are stored and those after it are not; a
//! click is stored once, whichever import brings it; the strings that a click names are in its
//! batch or an earlier one.

use std::sync::Arc;

use ahash::AHashSet;
use rocksdb::WriteBatch;

use crate::model::click::Parameter;
use crate::model::id::{EventNumber, JobId, PartnerId, ProgramId, StringRef};
use crate::model::submission::Fingerprint;

use super::super::commit::{Added, Epoch};
use super::super::dictionary::Dictionary;
use super::super::error::LogError;
use super::super::family;
use super::super::open::{Log, Shared};
use super::super::row::footer::Ledger;
use super::super::row::imported::{self, Imported, Place};
use super::super::row::key;
use crate::model::arrival::{Outcome, RefusedReason, Stream};

/// Clicks of an import that are committed together. A commit of so many takes as long as that of
/// a full turn, and no live click waits longer for it.
pub const ROWS_MAX: usize = 256;
/// Bytes of rows after which a commit is due.
pub const BYTES_MAX: usize = 128 << 10;

/// A click in the buffer.
#[derive(Clone, Debug)]
struct Row {
    partner: PartnerId,
    program: ProgramId,
    external: Fingerprint,
    number: EventNumber,
    bytes: Vec<u8>,
}

/// Collects the clicks of imports and commits them with the records of their jobs.
#[derive(Debug)]
pub struct Importer {
    log: Log,
    dictionary: Dictionary,
    rows: Vec<Row>,
    bytes: usize,
    /// The names of `rows`.
    names: AHashSet<(ProgramId, Fingerprint)>,
    /// Rows that were refused: their numbers and what is kept of each.
    refused: Vec<(u64, Vec<u8>)>,
    ledger: Ledger,
}

impl Log {
    /// What collects the clicks of imports. It holds up to two generations of strings.
    #[must_use]
    pub fn importer(&self) -> Importer {
        Importer {
            log: self.clone(),
            dictionary: Dictionary::warm(self.recent_strings()),
            rows: Vec::with_capacity(ROWS_MAX),
            bytes: 0,
            names: AHashSet::new(),
            refused: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    /// Stores what is known of a job; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_job(&self, job: JobId, record: &[u8]) -> Result<(), LogError> {
        let jobs = self.shared.cf(family::JOBS)?;
        let epoch = self.shared.commit_patiently(|_, _, batch| {
            batch.put_cf(jobs, key::job(job), record);
            Added::default()
        })?;
        self.wait_durable(epoch)
    }

    /// Says that no click of a job follows, in each of `programs`, and stores what is known of it
    /// in the end; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn end_import(
        &self,
        job: JobId,
        programs: &[ProgramId],
        record: &[u8],
    ) -> Result<(), LogError> {
        let (jobs, rows) = (
            self.shared.cf(family::JOBS)?,
            self.shared.cf(family::IMPORTED)?,
        );
        let ends: Vec<_> = programs.iter().map(|id| (self.mint(), *id)).collect();
        let epoch = self.shared.commit_patiently(|slot, _, batch| {
            batch.put_cf(jobs, key::job(job), record);
            let mut added = Added::default();
            for (number, program) in &ends {
                let row_key = key::event(slot, 0, *number);
                batch.put_cf(rows, row_key, imported::write_end(job, *program));
                add(&mut added, PartnerId(0), *number);
            }
            added
        })?;
        self.wait_durable(epoch)
    }

    /// What is known of a job.
    ///
    /// # Errors
    /// The store failed.
    pub fn job(&self, job: JobId) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::JOBS, &key::job(job))
    }

    /// What is known of every job, by its id.
    ///
    /// # Errors
    /// The store failed, or a key is damaged.
    pub fn jobs(&self) -> Result<Vec<(JobId, Vec<u8>)>, LogError> {
        let mut found = Vec::new();
        for row in self.rows(family::JOBS)? {
            let (row_key, record) = row?;
            let Some(job) = key::read_job(&row_key)? else {
                break;
            };
            found.push((job, record.into_vec()));
        }
        Ok(found)
    }

    /// What was kept of the rows that a job refused, by their numbers.
    ///
    /// # Errors
    /// The store failed.
    pub fn refused_rows(&self, job: JobId) -> Result<Vec<Vec<u8>>, LogError> {
        let (first, last) = (key::refused_row(job, 0), key::refused_row(job, u64::MAX));
        let mode = rocksdb::IteratorMode::From(&first, rocksdb::Direction::Forward);
        let mut found = Vec::new();
        let cf = self.shared.cf(family::JOBS)?;
        for row in self.shared.db.iterator_cf(cf, mode) {
            let (row_key, kept) = row.map_err(LogError::store("read refused rows"))?;
            if *row_key > last[..] {
                break;
            }
            found.push(kept.into_vec());
        }
        Ok(found)
    }

    /// Where the click with this name lies.
    ///
    /// # Errors
    /// The store failed, or the row is damaged.
    pub fn external(
        &self,
        program: ProgramId,
        external: Fingerprint,
    ) -> Result<Option<Place>, LogError> {
        let row = self.value(family::EXTERNALS, &key::external(program, external))?;
        Ok(row.map(|row| Place::read(&row)).transpose()?)
    }
}

/// Counts one row of `imported`.
fn add(added: &mut Added, partner: PartnerId, number: EventNumber) {
    added.imported += 1;
    added.checksum = key::checksum(added.checksum, partner.0, number);
    added.newest = added.newest.max(number.time());
}

impl Importer {
    /// The reference of `text`.
    pub fn intern(&mut self, text: &[u8]) -> StringRef {
        let shared = &self.log.shared.strings;
        self.dictionary
            .intern_beside(text, shared)
            .unwrap_or_default()
    }

    /// Whether a click of this name is stored or collected already.
    ///
    /// # Errors
    /// The store failed, or its row is damaged.
    pub fn is_known(&self, program: ProgramId, external: Fingerprint) -> Result<bool, LogError> {
        Ok(self.names.contains(&(program, external))
            || self.log.external(program, external)?.is_some())
    }

    /// Adds a click, which is stored with the next commit.
    pub fn push<'p, P>(&mut self, partner: PartnerId, click: &Imported<P>)
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        let program = click.click.program;
        let mut bytes = Vec::with_capacity(128);
        imported::write_click(&mut bytes, click);
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.names.insert((program, click.external));
        self.ledger
            .settle(program, Stream::ImportedClick, Outcome::Stored);
        self.rows.push(Row {
            partner,
            program,
            external: click.external,
            number: self.log.mint(),
            bytes,
        });
    }

    /// Counts a row that is not stored.
    pub fn refuse(&mut self, program: ProgramId, reason: RefusedReason) {
        let outcome = Outcome::Refused(reason);
        self.ledger.settle(program, Stream::ImportedClick, outcome);
    }

    /// Keeps `kept` of the row with the number `row`.
    pub fn keep_refused(&mut self, row: u64, kept: Vec<u8>) {
        self.refused.push((row, kept));
    }

    /// Whether what is collected should be committed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= ROWS_MAX || self.refused.len() >= ROWS_MAX || self.bytes >= BYTES_MAX
    }

    /// Commits what is collected with the record of its job.
    ///
    /// # Errors
    /// [`LogError::Stalled`]: the store asks for a pause, all of it stays collected. On any other
    /// error too, and [`Self::clear`] forgets it.
    pub fn commit(&mut self, job: JobId, record: &[u8]) -> Result<Epoch, LogError> {
        let shared = Arc::clone(&self.log.shared);
        let families = Families::find(&shared)?;
        let (rows, refused) = (&self.rows, &self.refused);
        let pending = &self.dictionary.pending;
        let ledger = &mut self.ledger;
        let settle = |slot_ledger: &mut Ledger| slot_ledger.absorb(ledger);
        let (epoch, _) = shared.commit(settle, |slot, _, batch: &mut WriteBatch| {
            for (reference, text) in pending {
                batch.put_cf(families.strings, reference.0.to_be_bytes(), text);
            }
            let mut added = Added::default();
            for row in rows {
                let place = Place {
                    slot,
                    partner: row.partner,
                    number: row.number,
                };
                let name = key::external(row.program, row.external);
                batch.put_cf(families.externals, name, place.write());
                let row_key = key::event(slot, row.partner.0, row.number);
                batch.put_cf(families.imported, row_key, &row.bytes);
                add(&mut added, row.partner, row.number);
            }
            for (row, kept) in refused {
                batch.put_cf(families.jobs, key::refused_row(job, *row), kept);
            }
            batch.put_cf(families.jobs, key::job(job), record);
            added
        })?;
        self.dictionary.pending.clear();
        self.clear();
        Ok(epoch)
    }

    /// Forgets what is collected. New strings go with the next commit.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.names.clear();
        self.refused.clear();
        self.bytes = 0;
        self.ledger = Ledger::default();
    }
}

/// The families that a commit writes to.
struct Families<'a> {
    imported: &'a rocksdb::ColumnFamily,
    externals: &'a rocksdb::ColumnFamily,
    jobs: &'a rocksdb::ColumnFamily,
    strings: &'a rocksdb::ColumnFamily,
}

impl<'a> Families<'a> {
    fn find(shared: &'a Shared) -> Result<Self, LogError> {
        Ok(Self {
            imported: shared.cf(family::IMPORTED)?,
            externals: shared.cf(family::EXTERNALS)?,
            jobs: shared.cf(family::JOBS)?,
            strings: shared.cf(family::STRINGS)?,
        })
    }
}
