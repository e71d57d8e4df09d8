//! The sync thread: makes commits durable, ends slots, renews the lease.
//!
//! Runs alone on the thread `log-sync`. At least every [`SYNC_EVERY`], and when somebody waits at
//! once or [`SPACING`] after the sync before began, it syncs the WAL and then tells everybody which
//! commits, slots and leases that covers.
//! A sync is never tried again: after an error Linux marks the pages clean, so a second sync can
//! succeed with the data gone (PostgreSQL's lesson of 2018).

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rocksdb::{FlushOptions, WriteBatch};

use crate::model::click_id::EPOCH;
use crate::model::id::Slot;

use super::commit::{Added, Epoch, patiently};
use super::error::LogError;
use super::family;
use super::mint::{LEASE_AHEAD, LEASE_LOW, LEASE_ROOM};
use super::open::{Log, Shared};
use super::recover::LEASE_KEY;

/// The longest a commit waits for a sync to begin.
pub const SYNC_EVERY: Duration = Duration::from_millis(50);
/// From the beginning of one sync to that of the next at the least. On a fast disk syncs back to
/// back would cover a few clicks each, and cost as much CPU as answering them.
const SPACING: Duration = Duration::from_micros(500);
/// The longest the side file stays behind.
const SIDE_EVERY: Duration = Duration::from_secs(1);
/// Name of the side file in the log's directory.
const SIDE_NAME: &str = "durable";

/// Where others wake the sync thread.
#[derive(Debug, Default)]
pub(super) struct Gate {
    asked: Mutex<Asked>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    sync: bool,
    stop: bool,
}

impl Gate {
    /// Asks for a sync as soon as possible.
    pub(super) fn ask(&self) {
        let mut asked = self.asked.lock();
        if !asked.sync {
            asked.sync = true;
            self.changed.notify_one();
        }
    }

    /// Asks the thread to end.
    pub(super) fn stop(&self) {
        self.asked.lock().stop = true;
        self.changed.notify_one();
    }

    /// Waits until a sync is asked for or is due; whether to go on.
    fn wait(&self) -> bool {
        let mut asked = self.asked.lock();
        if !asked.sync && !asked.stop {
            self.changed.wait_for(&mut asked, SYNC_EVERY);
        }
        asked.sync = false;
        !asked.stop
    }
}

/// The side file: the newest sequence that a sync has covered.
///
/// Two records of 16 bytes (sequence, its complement) are written in turn, so that a torn write
/// leaves the older one whole.
#[derive(Debug)]
pub(super) struct SideFile {
    file: File,
    turn: bool,
    written: Instant,
}

impl SideFile {
    const RECORD: u64 = 16;

    fn open(directory: &Path) -> Result<Self, LogError> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(directory.join(SIDE_NAME))
            .map_err(LogError::file("open the side file"))?;
        Ok(Self {
            file,
            turn: false,
            written: Instant::now(),
        })
    }

    /// The newest sequence on record; 0 when there is none.
    pub(super) fn read(directory: &Path) -> Result<u64, LogError> {
        let side = Self::open(directory)?;
        let mut newest = 0;
        for at in [0, Self::RECORD] {
            let mut record = [0; 16];
            if side.file.read_exact_at(&mut record, at).is_err() {
                continue;
            }
            let wide = u128::from_be_bytes(record);
            let (sequence, check) = (wide >> 64, wide & u128::from(u64::MAX));
            if let Ok(sequence) = u64::try_from(sequence)
                && check == u128::from(!sequence)
            {
                newest = newest.max(sequence);
            }
        }
        Ok(newest)
    }

    fn write(&mut self, sequence: u64) -> Result<(), LogError> {
        let record = u128::from(sequence) << 64 | u128::from(!sequence);
        let at = if self.turn { Self::RECORD } else { 0 };
        let failed = LogError::file("sync the side file");
        self.file
            .write_all_at(&record.to_be_bytes(), at)
            .map_err(&failed)?;
        self.file.sync_data().map_err(&failed)?;
        self.turn = !self.turn;
        self.written = Instant::now();
        Ok(())
    }
}

/// The thread's whole life.
pub(super) fn run(shared: &Arc<Shared>, mut side: SideFile) {
    loop {
        let go_on = shared.gate.wait();
        let began = Instant::now();
        let done = shared.step(&mut side).and_then(|synced| {
            if go_on {
                Ok(synced)
            } else {
                shared.last_step(&mut side).map(|()| false)
            }
        });
        let synced = match done {
            Ok(synced) => synced,
            Err(error) => {
                shared.fail(error);
                return;
            }
        };
        if !go_on {
            return;
        }
        let left = SPACING.checked_sub(began.elapsed());
        if let Some(left) = left.filter(|_| synced) {
            std::thread::sleep(left);
        }
    }
}

/// The value, or nothing when the store asks for a pause.
fn unless_stalled<T>(result: Result<T, LogError>) -> Result<Option<T>, LogError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LogError::Stalled) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Shared {
    /// The first sync of a start: what recovery wrote, the format and the first lease.
    pub(super) fn first_sync(&self) -> Result<SideFile, LogError> {
        let mut side = SideFile::open(&self.options.directory)?;
        let lease = patiently(|| self.write_lease())?;
        self.sync(&mut side, true)?;
        self.grant_lease(lease);
        Ok(side)
    }

    /// Ends the slot, renews the lease and syncs, each if it is due; whether there was a sync.
    fn step(&self, side: &mut SideFile) -> Result<bool, LogError> {
        self.alive()?;
        // A store that asks for a pause still syncs what it has.
        if unless_stalled(self.end_slot(false))?.flatten().is_some() {
            self.flush_if_large()?;
        }
        let newest = self.committer.lock().newest.since(EPOCH);
        let left = self.lease_end() - self.clock.now().since(EPOCH);
        let room = self.lease_end() - newest;
        let lease = if left < LEASE_LOW || room < LEASE_ROOM / 2 {
            unless_stalled(self.write_lease())?
        } else {
            None
        };
        let synced = self.sync(side, false)?;
        if let Some(end) = lease {
            self.grant_lease(end);
        }
        Ok(synced)
    }

    /// After the last commit: a lease no later than needed, so that the next start need not begin
    /// ahead of the clock.
    fn last_step(&self, side: &mut SideFile) -> Result<(), LogError> {
        let newest = self.committer.lock().newest.since(EPOCH);
        let end = newest.max(self.clock.now().since(EPOCH));
        patiently(|| self.put_lease(end))?;
        self.grant_lease(end);
        self.sync(side, true)?;
        Ok(())
    }

    fn write_lease(&self) -> Result<i64, LogError> {
        // The newest number is ahead of the clock while a start catches up with the last lease.
        let newest = self.committer.lock().newest.since(EPOCH);
        let end = (self.clock.now().since(EPOCH) + LEASE_AHEAD).max(newest + LEASE_ROOM);
        self.put_lease(end)?;
        Ok(end)
    }

    fn put_lease(&self, end: i64) -> Result<(), LogError> {
        let meta = self.cf(family::META)?;
        self.commit(
            |_| {},
            |_, _, batch: &mut WriteBatch| {
                batch.put_cf(meta, LEASE_KEY, end.to_be_bytes());
                Added::default()
            },
        )?;
        Ok(())
    }

    /// Syncs what is written so far, if anything is new, and publishes what that covers; whether
    /// anything was.
    fn sync(&self, side: &mut SideFile, force_side: bool) -> Result<bool, LogError> {
        let (epoch, sealed, sequence, with_side) = {
            let mut committer = self.committer.lock();
            let sealed = Slot(committer.slot.0.saturating_sub(1));
            // Taken under the commit lock, so the sync that covers a submission also knows of it.
            let with_side = std::mem::take(&mut committer.side_wanted);
            (
                committer.epoch,
                sealed,
                self.db.latest_sequence_number(),
                with_side,
            )
        };
        if epoch.0 <= self.durable.load(Ordering::Acquire) {
            return Ok(false);
        }
        let started = Instant::now();
        self.db.flush_wal(true).map_err(LogError::store("sync"))?;
        self.record_sync(started.elapsed());
        if with_side || force_side || side.written.elapsed() >= SIDE_EVERY {
            side.write(sequence)?;
        }
        // What was published is durable; what was written meanwhile waits for the next sync.
        self.sealed.store(sealed.0, Ordering::Release);
        self.durable.store(epoch.0, Ordering::Release);
        self.durable_watch.send_replace(epoch);
        drop(self.progress.0.lock());
        self.progress.1.notify_all();
        Ok(true)
    }

    fn record_sync(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.stats.syncs.fetch_add(1, Ordering::Relaxed);
        self.stats.sync_micros.fetch_add(micros, Ordering::Relaxed);
        self.stats
            .sync_micros_max
            .fetch_max(micros, Ordering::Relaxed);
    }

    /// Flushes every family once the memtable of `clicks`, `imported` or `visits` is large. Called
    /// between two slots, so that flushed files of `clicks` do not overlap; the small families
    /// follow so that none of them holds old WAL files.
    fn flush_if_large(&self) -> Result<(), LogError> {
        let mut largest = 0;
        for name in [family::CLICKS, family::IMPORTED, family::VISITS] {
            let size = self
                .db
                .property_int_value_cf(
                    self.cf(name)?,
                    rocksdb::properties::CUR_SIZE_ACTIVE_MEM_TABLE,
                )
                .map_err(LogError::store("read the memtable size"))?;
            largest = largest.max(size.unwrap_or(0));
        }
        if largest < family::FLUSH_AT_BYTES {
            return Ok(());
        }
        let mut options = FlushOptions::default();
        options.set_wait(false);
        let families = self.families()?;
        // A commit between the slot's end and this flush would put rows of the new slot into the
        // flushed file, so the flush is started under the commit lock.
        let committer = self.committer.lock();
        let flushed = self.db.flush_cfs_opt(&families, &options);
        drop(committer);
        flushed.map_err(LogError::store("flush"))
    }
}

impl Log {
    /// The newest slot that a finished sync covers wholly; the fold may read up to it.
    #[must_use]
    pub fn sealed(&self) -> Slot {
        Slot(self.shared.sealed.load(Ordering::Acquire))
    }

    /// Waits until a slot above `above` is sealed or `timeout` is over; the newest sealed slot.
    #[must_use]
    pub fn wait_sealed(&self, above: Slot, timeout: Duration) -> Slot {
        // A failed log seals nothing more; what is sealed may still be folded.
        drop(self.shared.wait(Some(timeout), || self.sealed() > above));
        self.sealed()
    }

    /// Waits until a finished fdatasync covers `epoch`.
    ///
    /// # Errors
    /// The log failed before that.
    pub fn wait_durable(&self, epoch: Epoch) -> Result<(), LogError> {
        self.ask_sync();
        self.shared.wait(None, || self.durable_epoch() >= epoch)?;
        Ok(())
    }

    /// Waits until a finished fdatasync covers `epoch`, without blocking the thread.
    ///
    /// # Errors
    /// The log failed before that.
    pub async fn durable(&self, epoch: Epoch) -> Result<(), LogError> {
        self.ask_sync();
        let mut watch = self.shared.durable_watch.subscribe();
        loop {
            if *watch.borrow_and_update() >= epoch {
                return Ok(());
            }
            self.shared.alive()?;
            if watch.changed().await.is_err() {
                return Err(LogError::Stopped("the sync thread has ended".to_owned()));
            }
        }
    }

    /// The newest epoch that a finished fdatasync covers.
    #[must_use]
    pub fn durable_epoch(&self) -> Epoch {
        Epoch(self.shared.durable.load(Ordering::Acquire))
    }

    /// Tells, over and over, the newest durable epoch.
    #[must_use]
    pub fn watch_durable(&self) -> tokio::sync::watch::Receiver<Epoch> {
        self.shared.durable_watch.subscribe()
    }

    /// Asks for a sync of what is committed so far.
    pub fn ask_sync(&self) {
        self.shared.gate.ask();
    }

    /// Ends the open slot now and waits until it is sealed; the sealed slot.
    ///
    /// # Errors
    /// The log failed.
    pub fn seal(&self) -> Result<Slot, LogError> {
        let slot = self.shared.committer.lock().slot;
        patiently(|| self.shared.end_slot(true))?;
        self.ask_sync();
        self.shared.wait(None, || self.sealed() >= slot)?;
        Ok(self.sealed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Clock, Options};

    #[test]
    fn syncs_keep_their_distance_however_many_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
        let syncs = || log.shared.stats.syncs.load(Ordering::Relaxed);
        let (before, began) = (syncs(), Instant::now());
        while began.elapsed() < Duration::from_millis(100) {
            log.seal().unwrap();
        }
        let most = began.elapsed().as_micros() / SPACING.as_micros() + 2;
        let found = syncs() - before;
        assert!(
            (2..=most).contains(&u128::from(found)),
            "{found} syncs, {most} allowed"
        );
    }
}
