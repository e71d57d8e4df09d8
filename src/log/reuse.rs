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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::log::{Clock, Options};
    use crate::model::arrival::Outcome;
    use crate::model::click::{Click, ClickFlags, Network, Visitor};
    use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId, Slot, StringRef};

    /// Stores so many clicks; their numbers.
    fn store(log: &Log, count: usize) -> Vec<EventNumber> {
        let mut writer = log.writer();
        let none = StringRef(0);
        let numbers: Vec<_> = (0..count)
            .map(|_| {
                let (number, covered) = writer.mint(writer.now());
                assert!(covered);
                writer.count(ProgramId(7), Outcome::Received);
                let click = Click {
                    flags: ClickFlags::NONE,
                    program: ProgramId(7),
                    ad: AdId(1),
                    network: Network::V4([192, 0, 2]),
                    visitor: Visitor(1),
                    visitor_before: None,
                    cookie: None,
                    user_agent: none,
                    referrer: none,
                    shape: none,
                    landing: none,
                    parameters: std::iter::empty(),
                };
                writer.push(PartnerId(1), number, &click);
                number
            })
            .collect();
        writer.commit().unwrap();
        log.seal().unwrap();
        numbers
    }

    /// The numbers of the clicks that a process would find which starts now, after a kill.
    fn found_after_a_kill(directory: &Path) -> Vec<EventNumber> {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
        let log = Log::open(&Options::new(copy.path()), Clock::start()).unwrap();
        let mut numbers = Vec::new();
        for slot in (1..=log.sealed().0).map(Slot) {
            log.for_each_click(slot, &mut |row| numbers.push(row.number))
                .unwrap();
        }
        numbers
    }

    /// The size of the largest WAL file.
    fn largest_bytes(directory: &Path) -> u64 {
        let files = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
        files
            .filter(|file| file.path().extension().is_some_and(|name| name == "log"))
            .map(|file| file.metadata().unwrap().len())
            .max()
            .unwrap()
    }

    #[test]
    fn files_are_written_over_and_nothing_of_their_former_life_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path());
        options.durable_clicks = true;
        let log = Log::open(&options, Clock::start()).unwrap();
        let mut stored = store(&log, 10);
        assert!(largest_bytes(folder.path()) < FILE_BYTES);
        log.prepare_wal().unwrap();
        // What had been filled would be gone by now, were it not in use again.
        assert!(largest_bytes(folder.path()) >= FILE_BYTES);
        let mut wait = FlushOptions::default();
        wait.set_wait(true);
        for count in [300, 100, 200, 1] {
            stored.extend(store(&log, count));
            assert_eq!(found_after_a_kill(folder.path()), stored);
            let families = log.shared.families().unwrap();
            log.shared.db.flush_cfs_opt(&families, &wait).unwrap();
        }
        assert_eq!(found_after_a_kill(folder.path()), stored);
    }
}
