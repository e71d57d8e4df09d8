//! The commit: one write at a time, under one lock, each into the open slot.
//!
//! Called by every turn writer, by submissions and facts, and by the sync thread, which ends the
//! slot when nobody else does.
//!
//! Invariants: the lock is held for one RocksDB write and no read; the write never sleeps (a store
//! that asks for a pause is [`LogError::Stalled`] and nothing changed); the footer of a slot is in
//! the first batch of the next one; counters change only after the write returned.

use std::sync::atomic::Ordering;
use std::time::Instant;

use rocksdb::{WriteBatch, WriteOptions};

use crate::model::id::{CatalogVersion, RulesVersion, Slot};
use crate::model::time::{Millis, SECOND};

use super::error::LogError;
use super::family;
use super::open::Shared;
use super::row::footer::{Footer, Ledger, Outcome, Stream};

/// How long a slot stays open, milliseconds.
pub const SLOT_MILLIS: i64 = SECOND;

/// Counts commits; a sync that finishes covers every commit up to some epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// What a batch adds to the open slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) clicks: u32,
    pub(super) submissions: u32,
    pub(super) facts: u32,
    /// Checksum of the added events alone.
    pub(super) checksum: u64,
    /// The latest mint time among them.
    pub(super) newest: Millis,
    /// A catalogue version this batch brings in.
    pub(super) catalog: Option<CatalogVersion>,
    /// A rules version this batch brings in.
    pub(super) rules: Option<RulesVersion>,
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
        now.since(self.wall_start) >= SLOT_MILLIS
            || self.added.clicks.saturating_add(self.added.submissions) >= rows_max
    }

    fn footer(&self, now: Millis) -> Footer {
        Footer {
            slot: self.slot,
            wall_start: self.wall_start,
            wall_end: now,
            clicks: self.added.clicks,
            submissions: self.added.submissions,
            facts: self.added.facts,
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
        self.added.checksum = self.added.checksum.wrapping_add(added.checksum);
        self.newest = self.newest.max(added.newest);
        self.side_wanted |= added.submissions > 0 || added.facts > 0;
        self.catalog = added.catalog.unwrap_or(self.catalog);
        self.rules = added.rules.unwrap_or(self.rules);
    }
}

impl Shared {
    /// Writes what `fill` puts into a batch for the slot it is given, and adds `ledger` to it.
    ///
    /// `fill` gets the slot and the sequence of the next fact in it, and says what it added.
    pub(super) fn commit(
        &self,
        ledger: &mut Ledger,
        fill: impl FnOnce(Slot, u32, &mut WriteBatch) -> Added,
    ) -> Result<(Epoch, Slot), LogError> {
        let mut committer = self.committer.lock();
        let rolls = committer.due(self.clock.now(), self.options.slot_rows_max);
        self.commit_locked(&mut committer, rolls, ledger, fill)
    }

    /// Ends the slot if it is due, or if `force` says so; else nothing is written.
    pub(super) fn end_slot(&self, force: bool) -> Result<Option<Epoch>, LogError> {
        let mut off_path = std::mem::take(&mut *self.off_path_ledger.lock());
        let mut committer = self.committer.lock();
        committer.ledger.absorb(&mut off_path);
        if !force && !committer.due(self.clock.now(), self.options.slot_rows_max) {
            return Ok(None);
        }
        let nothing = |_, _, _: &mut WriteBatch| Added::default();
        let (epoch, _) = self.commit_locked(&mut committer, true, &mut off_path, nothing)?;
        Ok(Some(epoch))
    }

    fn commit_locked(
        &self,
        committer: &mut Committer,
        rolls: bool,
        ledger: &mut Ledger,
        fill: impl FnOnce(Slot, u32, &mut WriteBatch) -> Added,
    ) -> Result<(Epoch, Slot), LogError> {
        self.alive()?;
        let now = self.clock.now().max(committer.wall_start);
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
        let started = Instant::now();
        self.write(batch)?;
        if rolls {
            committer.roll(now);
            self.strings.refill();
        }
        committer.count(&added);
        committer.ledger.absorb(ledger);
        committer.epoch.0 += 1;
        self.stats.commits.fetch_add(1, Ordering::Relaxed);
        self.stats.rows.fetch_add(
            u64::from(added.clicks + added.submissions),
            Ordering::Relaxed,
        );
        self.stats.bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(metrics) = self.metrics.get() {
            metrics
                .log
                .commit_duration
                .record(started.elapsed().as_secs_f64());
            metrics
                .log
                .batch_rows
                .record(f64::from(added.clicks + added.submissions));
        }
        Ok((committer.epoch, slot))
    }

    /// Writes a batch to the WAL and the memtables, without a sync and without ever sleeping.
    fn write(&self, batch: WriteBatch) -> Result<(), LogError> {
        let mut options = WriteOptions::default();
        options.set_sync(false);
        options.set_no_slowdown(true);
        match self.db.write_opt(batch, &options) {
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

impl Ledger {
    /// Counts `clicks` clicks of one program as stored.
    pub(super) fn stored_clicks(&mut self, program: crate::model::id::ProgramId, clicks: u64) {
        self.add(program, Stream::Click, Outcome::Stored, clicks);
    }
}
