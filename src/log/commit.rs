//! The commit: one write at a time, under one lock, each into the open slot.
//!
//! Called by every turn writer, by submissions, imports, arrivals and facts, and by the sync
//! thread, which ends the slot when nobody else does.
//!
//! Invariants: the lock is held for one RocksDB write and no read; the write never sleeps (a store
//! that asks for a pause is [`LogError::Stalled`] and nothing changed; who has time writes again,
//! see [`patiently`]); the footer of a slot is in the first batch of the next one; counters change
//! only after the write returned.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rocksdb::{WriteBatch, WriteOptions};

use crate::model::id::{CatalogVersion, RulesVersion, Slot};
use crate::model::time::{Millis, SECOND};

use super::error::LogError;
use super::family;
use super::open::Shared;
use super::row::footer::{Footer, Ledger};

/// How long a slot stays open, milliseconds.
pub const SLOT_MILLIS: i64 = SECOND;

/// How long [`patiently`] goes on, and how long it lets the store alone in between.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Counts commits; a sync that finishes covers every commit up to some epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// What a batch adds to the open slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) clicks: u32,
    pub(super) submissions: u32,
    pub(super) facts: u32,
    pub(super) imported: u32,
    pub(super) visits: u32,
    /// Checksum of the added events alone.
    pub(super) checksum: u64,
    /// The latest mint time among them.
    pub(super) newest: Millis,
    /// A catalogue version this batch brings in.
    pub(super) catalog: Option<CatalogVersion>,
    /// A rules version this batch brings in.
    pub(super) rules: Option<RulesVersion>,
}

impl Added {
    /// The events among it.
    fn rows(&self) -> u32 {
        let live = self.clicks.saturating_add(self.submissions);
        let beside = self.imported.saturating_add(self.visits);
        live.saturating_add(beside)
    }
}

/// How a batch is written: without a sync, and never with a pause.
pub(super) struct Unsynced(WriteOptions);

impl Unsynced {
    pub(super) fn new() -> Self {
        let mut options = WriteOptions::default();
        options.set_sync(false);
        options.set_no_slowdown(true);
        Self(options)
    }
}

impl std::fmt::Debug for Unsynced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Unsynced")
    }
}

/// The open slot.
#[derive(Debug)]
pub(super) struct Committer {
    pub(super) slot: Slot,
    pub(super) wall_start: Millis,
    pub(super) added: Added,
    pub(super) ledger: Ledger,
    pub(super) catalog: CatalogVersion,
    pub(super) rules: RulesVersion,
    pub(super) epoch: Epoch,
    /// The latest mint time ever committed.
    pub(super) newest: Millis,
    /// The next sync covers a conversion or a fact, so the side file must be synced as well.
    pub(super) side_wanted: bool,
}

impl Committer {
    fn due(&self, now: Millis, rows_max: u32) -> bool {
        now.since(self.wall_start) >= SLOT_MILLIS || self.added.rows() >= rows_max
    }

    fn footer(&self, now: Millis) -> Footer {
        Footer {
            slot: self.slot,
            wall_start: self.wall_start,
            wall_end: now,
            clicks: self.added.clicks,
            submissions: self.added.submissions,
            facts: self.added.facts,
            imported: self.added.imported,
            visits: self.added.visits,
            checksum: self.added.checksum,
            catalog: self.catalog,
            rules: self.rules,
            torn: false,
            ledger: self.ledger.entries(),
        }
    }

    fn roll(&mut self, now: Millis) {
        self.slot = self.slot.next();
        self.wall_start = now;
        self.added = Added::default();
        self.ledger = Ledger::default();
    }

    fn count(&mut self, added: &Added) {
        self.added.clicks = self.added.clicks.saturating_add(added.clicks);
        self.added.submissions = self.added.submissions.saturating_add(added.submissions);
        self.added.facts = self.added.facts.saturating_add(added.facts);
        self.added.imported = self.added.imported.saturating_add(added.imported);
        self.added.visits = self.added.visits.saturating_add(added.visits);
        self.added.checksum = self.added.checksum.wrapping_add(added.checksum);
        self.newest = self.newest.max(added.newest);
        let said = [added.submissions, added.facts, added.imported, added.visits];
        self.side_wanted |= said != [0; 4];
        self.catalog = added.catalog.unwrap_or(self.catalog);
        self.rules = added.rules.unwrap_or(self.rules);
    }
}

/// Writes again while the store asks for a pause, which it does after a crash until it has written
/// down what it recovered. Not for workers: it sleeps.
///
/// # Errors
/// [`LogError::Stalled`]: the store has asked for 20 s. Any other error at once.
pub fn patiently<T>(mut write: impl FnMut() -> Result<T, LogError>) -> Result<T, LogError> {
    let began = Instant::now();
    loop {
        match write() {
            Err(LogError::Stalled) if began.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            written => return written,
        }
    }
}

impl Shared {
    /// Writes what `fill` puts into a batch for the slot it is given; once it is written,
    /// `settle` adds to the ledger of that slot.
    ///
    /// `fill` gets the slot and the sequence of the next fact in it, and says what it added.
    pub(super) fn commit(
        &self,
        settle: impl FnOnce(&mut Ledger),
        fill: impl FnOnce(Slot, u32, &mut WriteBatch) -> Added,
    ) -> Result<(Epoch, Slot), LogError> {
        let mut committer = self.committer.lock();
        let began = Instant::now();
        let rolls = committer.due(self.clock.at(began), self.options.slot_rows_max);
        let written = self.write_batch(&mut committer, began, rolls, fill)?;
        settle(&mut committer.ledger);
        Ok(written)
    }

    /// Writes what `fill` puts into a batch, off the hot path: waits while the store asks for a
    /// pause, and has `fill` put it together anew.
    pub(super) fn commit_patiently(
        &self,
        fill: impl Fn(Slot, u32, &mut WriteBatch) -> Added,
    ) -> Result<Epoch, LogError> {
        patiently(|| Ok(self.commit(|_| {}, &fill)?.0))
    }

    /// Ends the slot if it is due, or if `force` says so; else nothing is written.
    pub(super) fn end_slot(&self, force: bool) -> Result<Option<Epoch>, LogError> {
        let mut off_path = std::mem::take(&mut *self.off_path_ledger.lock());
        let mut committer = self.committer.lock();
        committer.ledger.absorb(&mut off_path);
        let began = Instant::now();
        if !force && !committer.due(self.clock.at(began), self.options.slot_rows_max) {
            return Ok(None);
        }
        let nothing = |_, _, _: &mut WriteBatch| Added::default();
        let (epoch, _) = self.write_batch(&mut committer, began, true, nothing)?;
        Ok(Some(epoch))
    }

    /// Writes one batch under the commit lock, which was taken just before `began`.
    fn write_batch(
        &self,
        committer: &mut Committer,
        began: Instant,
        rolls: bool,
        fill: impl FnOnce(Slot, u32, &mut WriteBatch) -> Added,
    ) -> Result<(Epoch, Slot), LogError> {
        self.alive()?;
        let now = self.clock.at(began).max(committer.wall_start);
        let mut batch = WriteBatch::default();
        let (slot, fact) = if rolls {
            let footer = committer.footer(now);
            batch.put_cf(
                self.cf(family::FOOTERS)?,
                footer.slot.0.to_be_bytes(),
                footer.write(),
            );
            (committer.slot.next(), 0)
        } else {
            (committer.slot, committer.added.facts)
        };
        let added = fill(slot, fact, &mut batch);
        let bytes = batch.size_in_bytes() as u64;
        self.write(batch)?;
        if rolls {
            committer.roll(now);
            self.strings.refill();
        }
        committer.count(&added);
        committer.epoch.0 += 1;
        self.stats.commits.fetch_add(1, Ordering::Relaxed);
        let rows = added.rows();
        self.stats
            .rows
            .fetch_add(u64::from(rows), Ordering::Relaxed);
        self.stats.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(metrics) = self.metrics.get() {
            metrics
                .log
                .commit_duration
                .record(began.elapsed().as_secs_f64());
            metrics.log.batch_rows.record(f64::from(rows));
        }
        Ok((committer.epoch, slot))
    }

    /// Writes a batch to the WAL and the memtables, without a sync and without ever sleeping.
    fn write(&self, batch: WriteBatch) -> Result<(), LogError> {
        match self.db.write_opt(batch, &self.unsynced.0) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == rocksdb::ErrorKind::Incomplete => {
                self.stats.stalls.fetch_add(1, Ordering::Relaxed);
                Err(LogError::Stalled)
            }
            Err(error) => Err(self.fail(LogError::store("write")(error))),
        }
    }

    /// Counts arrivals that were turned away off the hot path; they join the slot when it ends.
    pub(super) fn note(&self, settle: impl FnOnce(&mut Ledger)) {
        settle(&mut self.off_path_ledger.lock());
    }
}
