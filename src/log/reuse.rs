//! Write-ahead log files that are ready before they are needed.
//!
//! While a file grows, each sync of it also has the file system write its size, and a file that is
//! written over again needs no such thing. So RocksDB takes up WAL files that it needs no longer
//! (`recycle_log_file_num` in [`super::family`]); reading one back, it knows the records of the
//! file's former life by their number. A log that has just been opened has none of them yet.
//!
//! Called once, by a daemon that answers clicks after the sync, before it serves.

use rocksdb::{FlushOptions, WriteBatch};

use super::error::LogError;
use super::family;
use super::open::Log;
use super::recover::{FORMAT, FORMAT_KEY};

/// Files made ready: one to begin with, and one for the flush of the first.
const FILES: usize = 2;
/// Bytes of each: what the WAL holds when the memtable of `clicks` is flushed.
const FILE_BYTES: u64 = family::FLUSH_AT_BYTES;
/// Bytes written at once.
const PIECE_BYTES: usize = 1 << 20;
/// Free space below which nothing is written ahead.
const FREE_BYTES_MIN: u64 = 4 * FILE_BYTES;

impl Log {
    /// Fills WAL files with bytes that recovery skips, and lets go of them for reuse.
    ///
    /// # Errors
    /// The store failed.
    pub fn prepare_wal(&self) -> Result<(), LogError> {
        let free = rustix::fs::statvfs(self.directory())
            .map_or(0, |space| space.f_bavail.saturating_mul(space.f_frsize));
        if free < FREE_BYTES_MIN {
            tracing::warn!(free, "too little space to prepare the write-ahead log");
            return Ok(());
        }
        let db = &self.shared.db;
        let (families, meta) = (self.shared.families()?, self.shared.cf(family::META)?);
        let mut wait = FlushOptions::default();
        wait.set_wait(true);
        let failed = LogError::store("prepare the write-ahead log");
        let piece = vec![0; PIECE_BYTES];
        for _ in 0..FILES {
            let mut written = 0;
            while written < FILE_BYTES {
                let mut batch = WriteBatch::default();
                batch.put_log_data(&piece);
                written += batch.size_in_bytes() as u64;
                db.write(batch).map_err(&failed)?;
            }
            // Something must be there to flush, or the file would stay in use.
            db.put_cf(meta, FORMAT_KEY, FORMAT.to_be_bytes())
                .map_err(&failed)?;
            db.flush_wal(true).map_err(&failed)?;
            db.flush_cfs_opt(&families, &wait).map_err(&failed)?;
        }
        Ok(())
    }
}
