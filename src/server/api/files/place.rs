//! Where uploaded files go, and their bounds. Shared by all connections.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::job::batch::Spool;
use crate::log::Log;

/// Files that are received at a time.
const AT_ONCE: usize = 4;

/// Where uploaded files go.
#[derive(Debug)]
pub struct Files {
    /// The files that wait.
    pub spool: Arc<Spool>,
    /// Largest file, in bytes.
    pub bytes_max: u64,
    /// Bytes that have to stay free on the spool's disk.
    pub disk_free_min: u64,
    pub(super) turns: Semaphore,
}

impl Files {
    /// Files in `spool`.
    #[must_use]
    pub fn new(spool: Arc<Spool>, bytes_max: u64, disk_free_min: u64) -> Self {
        Self {
            spool,
            bytes_max,
            disk_free_min,
            turns: Semaphore::new(AT_ONCE),
        }
    }

    /// Files in a folder beside the log.
    pub(in super::super) fn beside(log: &Log) -> Self {
        let spool = Spool::new(log.directory().with_file_name("spool"));
        Self::new(Arc::new(spool), 1 << 30, 1 << 20)
    }
}
