//! What one slot changes: verdicts and windows in parts, and all the rest as a whole.

use std::collections::BTreeMap;

use ahash::AHashMap;
use rocksdb::{IngestExternalFileOptions, SstFileWriter, WriteBatch, WriteOptions};

use crate::model::id::{ProgramId, SubmissionId};
use crate::model::tally::{Facet, Tally};
use crate::model::time::Day;

use super::error::DerivedError;
use super::family::Family;
use super::generation::{Families, read};
use super::journeys::Noted;
use super::row::bytes::Why;
use super::row::cell;
use super::row::external::External;
use super::row::key::{
    CellKey, ExternalKey, JobWindowKey, OutcomeKey, VerdictKey, WaitingKey, WindowKey,
};
use super::row::mark::{Begun, Mark};
use super::row::outcome::{Settled, WAITING_VALUE};
use super::row::verdict::{Judged, Verdict, Window};

/// Rows looked at after which another thread may go first, half a millisecond.
const YIELD_AFTER: usize = 1_024;

/// Bytes of a batch that the processor's cache holds.
const SPILL_BYTES: usize = 256 << 10;

/// Rows from which on they are a file of their own: few enough for tests to come by.
const LOADED_MIN: usize = 64;

/// The changes of one slot.
///
/// What brands said builds on what they said before, so the rows that it makes are seen by
/// [`Batch::actions_of`] and its like as soon as they are put here.
pub struct Batch<'a> {
    pub(super) families: Families<'a>,
    rows: WriteBatch,
    /// Verdicts, windows, imported clicks and cells of a generation that does not serve: nobody
    /// sees half a slot of it, so they are written as they come.
    early: WriteBatch,
    /// The rows put here that may be read again.
    held: BTreeMap<(Family, Box<[u8]>), Vec<u8>>,
    /// The imported clicks put here, which may be many.
    pub(super) externals: AHashMap<ExternalKey, External>,
    /// How many rows about people were put here, by program.
    pub(super) noted: BTreeMap<ProgramId, Noted>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(families: Families<'a>) -> Self {
        Self {
            families,
            rows: WriteBatch::default(),
            early: WriteBatch::default(),
            held: BTreeMap::new(),
            externals: AHashMap::new(),
            noted: BTreeMap::new(),
        }
    }

    /// Sets the verdict on a click.
    pub fn verdict(&mut self, key: VerdictKey, verdict: Verdict) {
        self.write_early(Family::Verdicts, &key.encode(), &verdict.encode());
    }

    /// Sets the verdict on a click together with what it comes to.
    pub fn judged(&mut self, key: VerdictKey, judged: &Judged) {
        if judged.charge.is_none() {
            self.verdict(key, judged.verdict);
        } else {
            self.write_early(Family::Verdicts, &key.encode(), &judged.encode());
        }
    }

    /// Forgets the window rows of `program` up to salt day `last`.
    pub fn forget_windows(&mut self, program: ProgramId, last: Day) {
        let [p0, p1, p2, p3] = program.0.to_be_bytes();
        let end = last.0.saturating_add(1);
        let [d0, d1, d2, d3] = (end ^ i32::MIN).to_be_bytes();
        self.rows.delete_range_cf(
            self.families.windows,
            [p0, p1, p2, p3, 0, 0, 0, 0],
            [p0, p1, p2, p3, d0, d1, d2, d3],
        );
    }

    /// Lets a submission wait.
    pub fn wait(&mut self, key: WaitingKey) {
        self.rows
            .put_cf(self.families.waiting, key.encode(), WAITING_VALUE);
    }

    /// Ends the waiting of a submission.
    pub fn stop_waiting(&mut self, key: WaitingKey) {
        self.rows.delete_cf(self.families.waiting, key.encode());
    }

    /// Sets what became of a submission.
    pub fn outcome(&mut self, id: SubmissionId, settled: Settled) {
        let key = OutcomeKey::from(id).encode();
        self.rows
            .put_cf(self.families.outcomes, key, settled.encode());
    }

    /// Sets a cell.
    pub fn cell(&mut self, key: CellKey, facet: &Facet, tally: &Tally) {
        let key = cell::key(key, facet);
        self.write_early(Family::Aggregates, &key, &cell::encode(tally));
    }

    /// Puts a row that may be read again.
    pub(super) fn put(&mut self, family: Family, key: &[u8], value: Vec<u8>) {
        self.rows.put_cf(self.families.of(family), key, &value);
        self.held.insert((family, key.into()), value);
    }

    /// Puts a row that is not read again before the batch is written, and may be written before the
    /// rest.
    pub(super) fn write_early(&mut self, family: Family, key: &[u8], value: &[u8]) {
        let rows = if self.families.filled.is_some() {
            &mut self.early
        } else {
            &mut self.rows
        };
        rows.put_cf(self.families.of(family), key, value);
    }

    /// Removes the rows from `first` up to and without `end`, which are not read again.
    pub(super) fn remove_range(&mut self, family: Family, first: &[u8], end: &[u8]) {
        self.rows
            .delete_range_cf(self.families.of(family), first, end);
    }

    /// Removes a row that is not read again.
    pub(super) fn remove(&mut self, family: Family, key: &[u8]) {
        self.rows.delete_cf(self.families.of(family), key);
    }

    /// Puts a row that nothing of this slot reads.
    pub(super) fn put_unread(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.rows.put_cf(self.families.of(family), key, value);
    }

    /// A row as this slot leaves it.
    pub(super) fn get<T>(
        &self,
        family: Family,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Why>,
    ) -> Result<Option<T>, DerivedError> {
        match self.held.get(&(family, Box::from(key))) {
            Some(value) => read(family, key, decode(value)).map(Some),
            None => self.families.get(family, key, decode),
        }
    }

    /// The rows from `first` to `last` as this slot leaves them, the last one first, at most
    /// `count`.
    pub(super) fn last_of<T>(
        &self,
        family: Family,
        (first, last): (&[u8], &[u8]),
        count: usize,
        decode: impl Fn(&[u8], &[u8]) -> Result<T, Why>,
    ) -> Result<Vec<T>, DerivedError> {
        let mut rows = BTreeMap::new();
        let mut at = self.families.db.raw_iterator_cf(self.families.of(family));
        at.seek_for_prev(last);
        while rows.len() < count
            && let Some((key, value)) = at.item()
            && key >= first
        {
            rows.insert(Box::from(key), value.to_vec());
            at.prev();
        }
        at.status()?;
        let held = (family, Box::from(first))..=(family, Box::from(last));
        for ((_, key), value) in self.held.range(held).rev().take(count) {
            rows.insert(key.clone(), value.clone());
        }
        let newest = rows.into_iter().rev().take(count);
        newest
            .map(|(key, value)| read(family, &key, decode(&key, &value)))
            .collect()
    }

    /// Looks at up to `count` rows behind `after` whose keys begin with `prefix`, as they were
    /// before this slot, and removes those that are old, unless this slot has put them anew. The
    /// last key looked at; none when all were looked at.
    pub(super) fn clear(
        &mut self,
        family: Family,
        (prefix, after): (&[u8], Option<&[u8]>),
        count: usize,
        is_old: impl Fn(&[u8], &[u8]) -> Result<bool, Why>,
    ) -> Result<Option<Box<[u8]>>, DerivedError> {
        let (mut last, mut old) = (after.map(Box::from), Vec::new());
        let mut at = self.families.db.raw_iterator_cf(self.families.of(family));
        at.seek(after.unwrap_or(prefix));
        if after.is_some_and(|after| at.key() == Some(after)) {
            at.next();
        }
        for nth in 1..=count {
            let row = at.item().filter(|(key, _)| key.starts_with(prefix));
            last = row.map(|(key, _)| Box::from(key));
            let Some((key, value)) = row else {
                break;
            };
            if read(family, key, is_old(key, value))? {
                old.push(Box::from(key));
            }
            at.next();
            if nth.is_multiple_of(YIELD_AFTER) {
                std::thread::yield_now();
            }
        }
        at.status()?;
        for key in old {
            let key = (family, key);
            if !self.held.contains_key(&key) {
                self.remove(family, &key.1);
            }
        }
        Ok(last)
    }

    /// Sets when visitors last clicked, keys rising. A generation that does not serve takes many of
    /// them as a file, past the memtable.
    ///
    /// # Errors
    /// RocksDB fails, or the file can't be written.
    pub fn windows(&mut self, rows: &[(WindowKey, Window)]) -> Result<(), DerivedError> {
        let encoded = rows
            .iter()
            .map(|(key, window)| (key.encode(), window.encode()));
        self.load(Family::Windows, rows.len(), encoded)
    }

    /// The same of windows of imports.
    ///
    /// # Errors
    /// As [`Batch::windows`].
    pub fn job_windows(&mut self, rows: &[(JobWindowKey, Window)]) -> Result<(), DerivedError> {
        let encoded = rows
            .iter()
            .map(|(key, window)| (key.encode(), window.encode()));
        self.load(Family::JobWindows, rows.len(), encoded)
    }

    /// The same of `count` cells at most, which `cell` writes into the tally that it is given.
    ///
    /// # Errors
    /// As [`Batch::windows`].
    pub fn cells<C>(
        &mut self,
        count: usize,
        cells: impl Iterator<Item = C>,
        mut cell: impl FnMut(C, &mut Tally) -> Option<(CellKey, Facet)>,
    ) -> Result<(), DerivedError> {
        let mut tally = Tally::default();
        let rows = cells.filter_map(|of| {
            let (key, facet) = cell(of, &mut tally)?;
            Some((cell::key(key, &facet), cell::encode(&tally)))
        });
        self.load(Family::Aggregates, count, rows)
    }

    /// Sets rows whose keys rise.
    fn load<K: AsRef<[u8]>, V: AsRef<[u8]>>(
        &mut self,
        family: Family,
        count: usize,
        rows: impl Iterator<Item = (K, V)>,
    ) -> Result<(), DerivedError> {
        let Some(cache) = self.families.filled.filter(|_| count >= LOADED_MIN) else {
            for (key, value) in rows {
                self.write_early(family, key.as_ref(), value.as_ref());
                self.spill()?;
            }
            return Ok(());
        };
        let options = family.options(cache);
        let file = self.families.db.path().join("loaded.sst");
        let mut writer = SstFileWriter::create(&options);
        writer.open(&file)?;
        for (key, value) in rows {
            writer.put(key, value)?;
        }
        writer.finish()?;
        let mut how = IngestExternalFileOptions::default();
        how.set_move_files(true);
        let family = self.families.of(family);
        let files = vec![file];
        Ok(self
            .families
            .db
            .ingest_external_file_cf_opts(family, &how, files)?)
    }

    /// Writes the verdicts, windows and cells so far where they are many and the generation does
    /// not serve, so that they do not pile up.
    ///
    /// # Errors
    /// RocksDB fails.
    pub fn spill(&mut self) -> Result<(), DerivedError> {
        if self.early.size_in_bytes() < SPILL_BYTES {
            return Ok(());
        }
        let room = WriteBatch::with_capacity_bytes(SPILL_BYTES * 2);
        let rows = std::mem::replace(&mut self.early, room);
        self.put_down(rows)
    }

    /// Writes the verdicts and windows so far together with how many clicks that makes; the batch
    /// is empty afterwards. Not synced, as [`Batch::commit`].
    ///
    /// # Errors
    /// RocksDB fails; then nothing of this part is there.
    pub fn commit_part(&mut self, begun: &Begun) -> Result<(), DerivedError> {
        self.rows
            .put_cf(self.families.meta, Families::BEGUN_KEY, begun.encode());
        self.write()
    }

    /// Writes the rest of the slot together with the watermark. Not synced: the log is the truth.
    ///
    /// # Errors
    /// RocksDB fails; then nothing of the batch is there.
    pub fn commit(mut self, mark: &Mark) -> Result<(), DerivedError> {
        self.rows
            .put_cf(self.families.meta, Families::MARK_KEY, mark.encode());
        self.rows.delete_cf(self.families.meta, Families::BEGUN_KEY);
        self.write()?;
        *self.families.mark.lock() = Some(*mark);
        Ok(())
    }

    fn write(&mut self) -> Result<(), DerivedError> {
        if !self.early.is_empty() {
            let rows = std::mem::take(&mut self.early);
            self.put_down(rows)?;
        }
        let rows = std::mem::take(&mut self.rows);
        self.put_down(rows)
    }

    fn put_down(&self, rows: WriteBatch) -> Result<(), DerivedError> {
        let mut how = WriteOptions::default();
        how.set_sync(false);
        how.disable_wal(self.families.filled.is_some());
        Ok(self.families.db.write_opt(rows, &how)?)
    }
}
