//! Housekeeping once a second: what metrics show of the log and the fold, the visitor salts, old
//! catalogue versions, and the signs of life for the service manager. Once a minute: what has
//! locked is settled.
//!
//! Runs alone on the thread `house`; writes settlements to the log and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fold::FoldStatus;
use crate::model::time::{MINUTE, Millis};
use crate::server::control::polite;
use crate::server::notify::Heart;
use crate::telemetry::Recorder;

use super::settle;
use super::stores::Stores;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// What it looks at.
pub(super) struct House {
    pub(super) stores: Arc<Stores>,
    pub(super) fold: Arc<FoldStatus>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) stop: Arc<AtomicBool>,
    /// Beats when the log has synced since the last look.
    pub(super) log_heart: Heart,
    /// Beats when the fold has caught up, or got on, since the last look.
    pub(super) fold_heart: Heart,
}

impl House {
    /// The thread's whole life.
    pub(super) fn run(&self) {
        let (mut syncs, mut slots) = (0, 0);
        let mut minute_at = Millis(0);
        while !self.stop.load(Ordering::Acquire) {
            let log = &self.stores.log;
            self.publish_log();
            self.publish_fold();
            self.recorder.upkeep();
            self.sweep();
            let now_syncs = log.stats().syncs.load(Ordering::Relaxed);
            if now_syncs != syncs {
                syncs = now_syncs;
                self.log_heart.beat();
            }
            let folded = self.fold.slots();
            if folded != slots || self.fold.watermark().slot >= log.sealed() {
                slots = folded;
                self.fold_heart.beat();
            }
            let now = log.clock().now();
            if now.since(minute_at) >= MINUTE {
                minute_at = now;
                if let Err(error) = self.stores.renew_salts() {
                    tracing::error!(%error, "the visitor salts could not be renewed");
                }
                match settle::settle_due(&self.stores, &self.stop) {
                    Ok(0) => {}
                    Ok(actions) => tracing::info!(actions, "settled what has locked"),
                    Err(error) => tracing::warn!(%error, "nothing was settled; tried again"),
                }
            }
            std::thread::park_timeout(EVERY);
        }
    }

    /// Lets go of old catalogue versions. Freeing a big one takes a while.
    fn sweep(&self) {
        let unused = self.stores.shelf.sweep();
        if unused.is_empty() {
            return;
        }
        let freeing = std::thread::Builder::new()
            .name("sweep".to_owned())
            .spawn(move || {
                polite::lower();
                drop(unused);
            });
        if let Err(error) = freeing {
            tracing::debug!(%error, "no thread to free a catalogue on");
        }
    }

    fn publish_log(&self) {
        let (log, metrics) = (&self.stores.log, self.recorder.metrics());
        let stats = log.stats();
        let shown = &metrics.log;
        shown
            .commits
            .absolute(stats.commits.load(Ordering::Relaxed));
        shown
            .commit_bytes
            .absolute(stats.bytes.load(Ordering::Relaxed));
        shown
            .stalled_writes
            .absolute(stats.stalls.load(Ordering::Relaxed));
        let sealed = log.sealed().0;
        shown.sealed_slot.set(f64::from(sealed));
        shown.last_slot.set(f64::from(sealed.saturating_add(1)));
        shown
            .wall_drift
            .set(Duration::from_millis(log.clock().drift().unsigned_abs()).as_secs_f64());
        #[expect(
            clippy::cast_precision_loss,
            reason = "a gauge needs no more than 53 bits"
        )]
        let small = |value: u64| value as f64;
        let sum = |name| small(log.property(name).sum());
        let most = |name| small(log.property(name).max().unwrap_or(0));
        shown.memtable.set(sum("rocksdb.cur-size-all-mem-tables"));
        shown.l0_files.set(most("rocksdb.num-files-at-level0"));
        shown.is_write_stopped.set(most("rocksdb.is-write-stopped"));
        shown
            .background_errors
            .set(most("rocksdb.background-errors"));
        shown.wal.set(small(log.wal_bytes()));
        shown
            .strings_new
            .absolute(stats.strings.load(Ordering::Relaxed));
        if let Ok(space) = rustix::fs::statvfs(log.directory()) {
            shown
                .disk_free
                .set(small(space.f_bavail.saturating_mul(space.f_frsize)));
        }
        metrics
            .catalog
            .version
            .set(f64::from(self.stores.catalog.load().version.0));
        if let Some(date) = self.stores.robots.date
            && let Ok(at) = date.to_zoned(jiff::tz::TimeZone::UTC)
        {
            let seconds = u32::try_from(at.timestamp().as_second()).unwrap_or(0);
            metrics.catalog.robots_list.set(f64::from(seconds));
        }
    }

    fn publish_fold(&self) {
        let metrics = self.recorder.metrics();
        let mark = self.fold.watermark();
        metrics.fold.slots.absolute(self.fold.slots());
        metrics.fold.clicks.absolute(self.fold.clicks());
        metrics.fold.watermark_slot.set(f64::from(mark.slot.0));
        let behind = self.stores.log.sealed() > mark.slot;
        let age = self.stores.log.clock().now().since(mark.wall_end).max(0);
        let lag = if behind {
            Duration::from_millis(age.unsigned_abs())
        } else {
            Duration::ZERO
        };
        metrics.fold.lag.set(lag.as_secs_f64());
    }
}
