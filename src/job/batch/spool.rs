//! Files that were uploaded and wait, each under the name of its job, and the order of them.
//!
//! Invariants: a file is in the spool, and the spool's folder synced, before its record says that
//! it is queued; it leaves the spool only after its record says that it is done. A file without a
//! record was never acknowledged, and is removed at the next start.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::log::{Log, LogError};
use crate::model::id::JobId;

use super::record::BatchRecord;

/// Why a file can't be queued, or what is known of it can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file of the spool.
    #[error("the spool: {0}")]
    Io(#[from] io::Error),
    /// A record does not read, or can't be written.
    #[error("what is stored of {job} does not read: {source}")]
    Record {
        /// The job.
        job: JobId,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// What the name of a file begins with that is not whole yet.
pub const UPLOAD: &str = "clickd-upload-";

/// The folder and the queue.
#[derive(Debug)]
pub struct Spool {
    directory: PathBuf,
    waiting: Mutex<VecDeque<JobId>>,
    woken: Condvar,
    /// Held from the look-up of a file to its record.
    queueing: Mutex<()>,
}

impl Spool {
    /// A spool in `directory`, which [`Self::recover`] makes.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            waiting: Mutex::default(),
            woken: Condvar::new(),
            queueing: Mutex::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the bytes of a file lie.
    #[must_use]
    pub fn path(&self, job: JobId) -> PathBuf {
        self.directory.join(job.to_string())
    }

    /// Queues what a process before this one left, and removes what it had not acknowledged.
    /// Called before anything is uploaded.
    ///
    /// # Errors
    /// The log or the folder can't be read.
    pub fn recover(&self, log: &Log) -> Result<(), SpoolError> {
        fs::create_dir_all(&self.directory)?;
        let mut records = Vec::new();
        for (job, row) in log.batches()? {
            records.push(read(job, &row)?);
        }
        records.retain(|record| record.completed.is_none());
        records.sort_by_key(|record| (record.created, record.job));
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let job = name.parse::<JobId>().ok();
            let is_waiting = records.iter().any(|record| Some(record.job) == job);
            // Whatever else lies in the folder is not ours to remove.
            let is_own = job.is_some() || name.starts_with(UPLOAD);
            if is_own && !is_waiting {
                fs::remove_file(entry.path())?;
            }
        }
        let mut waiting = self.waiting.lock();
        waiting.extend(records.iter().map(|record| record.job));
        Ok(())
    }

    /// Queues the file in `uploaded`, whose bytes are synced, unless it was sent before; either way
    /// the job that it is, which is durable on return.
    ///
    /// # Errors
    /// The log or the folder fail; then the file is not queued.
    pub fn queue(
        &self,
        log: &Log,
        uploaded: &Path,
        record: BatchRecord,
    ) -> Result<JobId, SpoolError> {
        let queueing = self.queueing.lock();
        let mut record = record;
        while let Some(before) = find(log, record.job)? {
            if !record.is_same_file(&before) {
                // Another file has this number: the next one is free or its own.
                record.job = JobId(record.job.0.wrapping_add(1) & (u64::MAX >> 1));
                continue;
            }
            if !before.is_lost {
                fs::remove_file(uploaded)?;
                return Ok(before.job);
            }
            record = BatchRecord {
                is_lost: false,
                completed: None,
                ..before
            };
            break;
        }
        let job = record.job;
        fs::rename(uploaded, self.path(job))?;
        File::open(&self.directory)?.sync_all()?;
        log.put_batch(job, &write(&record)?)?;
        drop(queueing);
        self.push(job);
        Ok(job)
    }

    /// Lets a job wait behind all others.
    pub fn push(&self, job: JobId) {
        self.waiting.lock().push_back(job);
        self.woken.notify_one();
    }

    /// The job that waits for the longest time; nothing when none comes within `patience`.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<JobId> {
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            self.woken.wait_for(&mut waiting, patience);
        }
        waiting.pop_front()
    }

    /// Ends a wait in [`Self::next`].
    pub fn wake(&self) {
        self.woken.notify_all();
    }
}

/// What is known of a job.
///
/// # Errors
/// The log or the record can't be read.
pub fn find(log: &Log, job: JobId) -> Result<Option<BatchRecord>, SpoolError> {
    let row = log.batch(job)?;
    row.map(|row| read(job, &row)).transpose()
}

/// What is known of every job of an account, the newest first.
///
/// # Errors
/// The log or a record can't be read.
pub fn of_account(log: &Log, account: &str) -> Result<Vec<BatchRecord>, SpoolError> {
    let mut records = Vec::new();
    for (job, row) in log.batches()? {
        let record = read(job, &row)?;
        if record.account == account {
            records.push(record);
        }
    }
    records.sort_by_key(|record| std::cmp::Reverse((record.created, record.job)));
    Ok(records)
}

fn read(job: JobId, row: &[u8]) -> Result<BatchRecord, SpoolError> {
    serde_json::from_slice(row).map_err(|source| SpoolError::Record { job, source })
}

/// A record as it is stored.
///
/// # Errors
/// It can't be written as JSON.
pub(super) fn write(record: &BatchRecord) -> Result<Vec<u8>, SpoolError> {
    let job = record.job;
    serde_json::to_vec(record).map_err(|source| SpoolError::Record { job, source })
}
