//! The log as a handle, and how it is opened and stopped.
//!
//! Opening recovers: it checks the format, compares the end of the log with what was known to be
//! durable, closes a slot that the last process left open, and starts the sync thread. Handles are
//! cheap to clone and may be used from any thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ahash::AHashSet;
use parking_lot::{Condvar, Mutex};
use rocksdb::{Cache, ColumnFamily, DB};
use tokio::sync::watch;

use crate::model::click_id::TIME_SHIFT;
use crate::model::id::{CatalogVersion, EventNumber, RulesVersion, Slot, StringRef};
use crate::model::time::Millis;
use crate::telemetry::Metrics;

use super::clock::Clock;
use super::commit::{Committer, Epoch, Unsynced};
use super::dictionary::{self, Dictionary};
use super::error::LogError;
use super::family;
use super::mint::Mint;
use super::recover::{self, Recovered};
use super::row::footer::Ledger;
use super::sync::{self, Gate};
use super::turn::TurnWriter;
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::id::ProgramId;

/// The writer number of submissions; turn writers count up from 0.
const SUBMISSION_WRITER: u16 = 1_023;

/// How a log is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its directory; made if missing.
    pub directory: PathBuf,
    /// Memory of all memtables together, bytes.
    pub write_buffer_bytes: usize,
    /// Memory of the block cache, bytes.
    pub block_cache_bytes: usize,
    /// Size of all write-ahead logs together at which the oldest is flushed, bytes.
    pub wal_total_bytes: u64,
    /// Events after which a slot ends before its second is over.
    pub slot_rows_max: u32,
    /// Whether clicks are answered after fdatasync.
    pub durable_clicks: bool,
}

impl Options {
    /// The default options for a log in `directory`.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            write_buffer_bytes: 384 << 20,
            block_cache_bytes: 256 << 20,
            wal_total_bytes: 256 << 20,
            slot_rows_max: 200_000,
            durable_clicks: false,
        }
    }
}

/// Counters of the log since it was opened.
#[derive(Debug, Default)]
pub struct Stats {
    /// Batches written.
    pub commits: AtomicU64,
    /// Clicks and submissions written.
    pub rows: AtomicU64,
    /// Bytes of the batches.
    pub bytes: AtomicU64,
    /// Writes that the store asked to hold back.
    pub stalls: AtomicU64,
    /// Strings stored for the first time.
    pub strings: AtomicU64,
    /// Finished syncs.
    pub syncs: AtomicU64,
    /// Time spent in syncs, microseconds.
    pub sync_micros: AtomicU64,
    /// The longest sync, microseconds.
    pub sync_micros_max: AtomicU64,
}

/// The log. Clones share one store and one sync thread.
#[derive(Clone, Debug)]
pub struct Log {
    pub(super) shared: Arc<Shared>,
    sync_thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What all handles, writers and the sync thread share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) db: DB,
    pub(super) clock: Clock,
    pub(super) options: Options,
    pub(super) committer: Mutex<Committer>,
    pub(super) unsynced: Unsynced,
    /// The newest epoch a finished fdatasync covers.
    pub(super) durable: AtomicU64,
    /// The newest slot whose footer a finished fdatasync covers.
    pub(super) sealed: AtomicU32,
    /// First millisecond (of event numbers) that no stored number may reach.
    lease_end: AtomicI64,
    /// Times below or at this were minted before this start.
    floor: Millis,
    writers: AtomicU32,
    pub(super) strings: dictionary::Shared,
    pub(super) gate: Gate,
    /// Tells blocking waiters that `durable` or `sealed` moved, or that the log failed.
    pub(super) progress: (Mutex<()>, Condvar),
    pub(super) durable_watch: watch::Sender<Epoch>,
    failed: AtomicBool,
    failure: OnceLock<String>,
    failed_watch: watch::Sender<bool>,
    /// Order keys that a submission is being stored under right now.
    pub(super) reserved: (Mutex<AHashSet<Vec<u8>>>, Condvar),
    pub(super) mint: Mutex<Mint>,
    /// Serialises changes of catalogue and rules.
    pub(super) changes: Mutex<()>,
    pub(super) off_path_ledger: Mutex<Ledger>,
    pub(super) stats: Stats,
    pub(super) metrics: OnceLock<Arc<Metrics>>,
}

impl Log {
    /// Opens the log, recovers it, and starts its sync thread.
    ///
    /// # Errors
    /// The directory is in use or can't be read, the data is damaged, cut or newer, or the wall
    /// clock is far behind it.
    pub fn open(options: &Options, clock: Clock) -> Result<Self, LogError> {
        let cache = Cache::new_hyper_clock_cache(options.block_cache_bytes, 0);
        let recovered = recover::open(options, &cache, clock)?;
        let shared = Arc::new(Shared::new(options, clock, recovered));
        let side = shared.first_sync()?;
        let thread = std::thread::Builder::new()
            .name("log-sync".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || sync::run(&shared, side)
            })
            .map_err(LogError::file("start the sync thread"))?;
        Ok(Self {
            shared,
            sync_thread: Arc::new(Mutex::new(Some(thread))),
        })
    }

    /// A writer for one worker. At most 1,000 may be made in the life of a log handle.
    #[must_use]
    pub fn writer(&self) -> TurnWriter {
        let index = self.shared.writers.fetch_add(1, Ordering::Relaxed);
        let writer = u16::try_from(index % u32::from(SUBMISSION_WRITER)).unwrap_or(0);
        let dictionary = Dictionary::warm(self.recent_strings());
        TurnWriter::new(
            Arc::clone(&self.shared),
            Mint::new(writer, self.shared.floor),
            dictionary,
        )
    }

    /// Mints a number off the hot path.
    #[must_use]
    pub fn mint(&self) -> EventNumber {
        self.shared.mint.lock().next(self.shared.clock.now())
    }

    /// The clock all times of this log come from.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Counts an arrival that was turned away off the hot path.
    pub fn refuse(&self, program: ProgramId, stream: Stream, reason: RefusedReason) {
        self.shared
            .note(|ledger| ledger.settle(program, stream, Outcome::Refused(reason)));
    }

    /// The catalogue version in force.
    #[must_use]
    pub fn current_catalog(&self) -> CatalogVersion {
        self.shared.committer.lock().catalog
    }

    /// The rules version in force.
    #[must_use]
    pub fn current_rules(&self) -> RulesVersion {
        self.shared.committer.lock().rules
    }

    /// Why the log has stopped, if it has.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.shared.failure.get().map(String::as_str)
    }

    /// Turns true once when the log stops after a failure.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<bool> {
        self.shared.failed_watch.subscribe()
    }

    /// The directory it lies in.
    #[must_use]
    pub fn directory(&self) -> &std::path::Path {
        &self.shared.options.directory
    }

    /// Lets `metrics` show how long commits and syncs take. The first call counts.
    pub fn observe(&self, metrics: Arc<Metrics>) {
        // A second observer would count everything twice.
        drop(self.shared.metrics.set(metrics));
    }

    /// Counters since the log was opened.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// An integer property of RocksDB in each family; one of the whole store shows in every one.
    pub fn property(&self, name: &str) -> impl Iterator<Item = u64> {
        let families = family::FAMILIES
            .iter()
            .filter_map(|(family, _)| self.shared.cf(family).ok());
        families.filter_map(move |cf| {
            self.shared
                .db
                .property_int_value_cf(cf, name)
                .ok()
                .flatten()
        })
    }

    /// Bytes of the write-ahead log files, those kept for reuse included; 0 when the directory
    /// can't be read.
    #[must_use]
    pub fn wal_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.directory())
            .into_iter()
            .flatten()
            .flatten();
        files
            .filter(|file| {
                file.path()
                    .extension()
                    .is_some_and(|extension| extension == "log")
            })
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum()
    }

    /// Ends the open slot, syncs, and stops the sync thread. The store closes with the last handle.
    ///
    /// # Errors
    /// The last sync failed.
    pub fn stop(&self) -> Result<(), LogError> {
        let sealed = self.seal();
        self.shared.gate.stop();
        if let Some(thread) = self.sync_thread.lock().take()
            && thread.join().is_err()
        {
            return Err(self
                .shared
                .fail(LogError::Stopped("the sync thread panicked".to_owned())));
        }
        sealed.map(|_| ())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Two handles are left at the end: this one and the sync thread's own.
        if Arc::strong_count(&self.sync_thread) == 1 {
            self.shared.gate.stop();
            if let Some(thread) = self.sync_thread.lock().take() {
                drop(thread.join());
            }
        }
    }
}

impl Shared {
    fn new(options: &Options, clock: Clock, recovered: Recovered) -> Self {
        let now = clock.now();
        Self {
            db: recovered.db,
            clock,
            options: options.clone(),
            committer: Mutex::new(Committer {
                slot: recovered.slot,
                wall_start: now,
                added: super::commit::Added::default(),
                ledger: Ledger::default(),
                catalog: recovered.catalog,
                rules: recovered.rules,
                epoch: Epoch(1),
                newest: recovered.floor,
                side_wanted: false,
            }),
            unsynced: Unsynced::new(),
            durable: AtomicU64::new(0),
            sealed: AtomicU32::new(0),
            lease_end: AtomicI64::new(0),
            floor: recovered.floor,
            writers: AtomicU32::new(0),
            strings: dictionary::Shared::new(recovered.next_string),
            gate: Gate::default(),
            progress: (Mutex::new(()), Condvar::new()),
            durable_watch: watch::Sender::new(Epoch(0)),
            failed: AtomicBool::new(false),
            failure: OnceLock::new(),
            failed_watch: watch::Sender::new(false),
            reserved: (Mutex::new(AHashSet::new()), Condvar::new()),
            mint: Mutex::new(Mint::new(SUBMISSION_WRITER, recovered.floor)),
            changes: Mutex::new(()),
            off_path_ledger: Mutex::new(Ledger::default()),
            stats: Stats::default(),
            metrics: OnceLock::new(),
        }
    }

    /// The handle of a family.
    pub(super) fn cf(&self, name: &'static str) -> Result<&ColumnFamily, LogError> {
        self.db.cf_handle(name).ok_or_else(|| LogError::Store {
            action: "find a column family",
            reason: name.to_owned(),
        })
    }

    /// The handles of all families.
    pub(super) fn families(&self) -> Result<Vec<&ColumnFamily>, LogError> {
        family::FAMILIES
            .iter()
            .map(|(name, _)| self.cf(name))
            .collect()
    }

    /// Whether `number` lies below the synced lease.
    pub(super) fn lease_covers(&self, number: EventNumber) -> bool {
        let millis = i64::try_from(number.0 >> TIME_SHIFT).unwrap_or(i64::MAX);
        millis < self.lease_end.load(Ordering::Acquire)
    }

    /// Milliseconds (of event numbers) that the lease now ends at.
    pub(super) fn lease_end(&self) -> i64 {
        self.lease_end.load(Ordering::Acquire)
    }

    /// Publishes a lease that a finished sync covers.
    pub(super) fn grant_lease(&self, end: i64) {
        self.lease_end.store(end, Ordering::Release);
    }

    /// Fails once the log has stopped.
    pub(super) fn alive(&self) -> Result<(), LogError> {
        if self.failed.load(Ordering::Acquire) {
            let reason = self.failure.get().cloned().unwrap_or_default();
            return Err(LogError::Stopped(reason));
        }
        Ok(())
    }

    /// Stops the log for good; the first reason stays.
    pub(super) fn fail(&self, error: LogError) -> LogError {
        let first = self.failure.set(error.to_string()).is_ok();
        if first && let Some(metrics) = self.metrics.get() {
            metrics.log.write_errors.add(error.operation(), 1);
        }
        self.failed.store(true, Ordering::Release);
        self.failed_watch.send_replace(true);
        // Waiters compare the epoch and then ask whether the log is alive.
        self.durable_watch.send_modify(|_| {});
        drop(self.progress.0.lock());
        self.progress.1.notify_all();
        // Last, since whoever reads the log lines may be slow.
        if first {
            tracing::error!(reason = %error, "the log has stopped and acknowledges nothing more");
        }
        error
    }

    /// Waits until `done` says so, the log fails, or `timeout` is over.
    pub(super) fn wait(
        &self,
        timeout: Option<Duration>,
        mut done: impl FnMut() -> bool,
    ) -> Result<bool, LogError> {
        let deadline = timeout.map(|timeout| std::time::Instant::now() + timeout);
        let mut guard = self.progress.0.lock();
        loop {
            if done() {
                return Ok(true);
            }
            self.alive()?;
            match deadline {
                None => self.progress.1.wait(&mut guard),
                Some(at) => {
                    if self.progress.1.wait_until(&mut guard, at).timed_out() {
                        return Ok(done());
                    }
                }
            }
        }
    }
}

/// The number of the first string reference; 0 means absent.
pub(super) const FIRST_STRING: StringRef = StringRef(1);
/// The first slot of a new log.
pub(super) const FIRST_SLOT: Slot = Slot(1);
