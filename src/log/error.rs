//! What can go wrong with the log.

use crate::model::id::{CatalogVersion, Slot};
use crate::telemetry::label::LogOperation;

use super::row::Corrupt;

/// Why the log can't be opened, read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// RocksDB or the file system failed; after a failed write or sync the log stays failed.
    #[error("the store failed to {action}: {reason}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// What the store said.
        reason: String,
    },
    /// An earlier write or sync failed; nothing is acknowledged any more. Restarting helps.
    #[error("the log has stopped after a failure: {0}")]
    Stopped(String),
    /// The store asks writers to wait; nothing was written.
    #[error("the store can't keep up")]
    Stalled,
    /// The data directory is open in another process.
    #[error("the store at {directory} is in use by another process")]
    InUse {
        /// The directory.
        directory: String,
    },
    /// A row can't be what was written.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The rows of a slot are not the ones its footer closed.
    #[error("slot {slot} does not match its footer: {why}")]
    SlotMismatch {
        /// The slot.
        slot: Slot,
        /// What differs.
        why: String,
    },
    /// The log ends before what was acknowledged as durable.
    #[error("the log ends at sequence {recovered}, but {durable} was acknowledged as durable")]
    Truncated {
        /// The last sequence found.
        recovered: u64,
        /// The last sequence known to have been synced.
        durable: u64,
    },
    /// Written by another release.
    #[error("the log has format {found}; this release reads format {known} only")]
    OtherFormat {
        /// The format found.
        found: u32,
        /// The format known here.
        known: u32,
    },
    /// The wall clock is far behind the newest event.
    #[error("the wall clock is more than an hour behind the last slot, which ended {last_end}")]
    ClockBehind {
        /// When the last slot ended, RFC 3339.
        last_end: String,
    },
    /// The catalogue has changed since the document was exported.
    #[error(
        "the catalogue is at version {current}, not {base}: export it again and redo the change"
    )]
    CatalogMoved {
        /// The version the change was based on.
        base: CatalogVersion,
        /// The version in force.
        current: CatalogVersion,
    },
    /// Other rules or another judgement were stored meanwhile.
    #[error("other lists or another judgement of the past were stored meanwhile: try again")]
    JudgementMoved,
    /// One order id was submitted too often with differing content.
    #[error("the order id was submitted {0} times with differing content")]
    TooManyAttempts(usize),
}

impl LogError {
    /// Names what was tried when RocksDB failed.
    pub(super) fn store(action: &'static str) -> impl Fn(rocksdb::Error) -> Self {
        move |error| Self::Store {
            action,
            reason: error.into_string(),
        }
    }

    /// Names what was tried when the file system failed.
    pub(super) fn file(action: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::Store {
            action,
            reason: error.to_string(),
        }
    }

    /// What the store was doing, as metrics name it.
    pub(super) fn operation(&self) -> LogOperation {
        match self {
            Self::Store {
                action: "write", ..
            } => LogOperation::Write,
            Self::Store {
                action: "sync" | "sync the side file",
                ..
            } => LogOperation::Sync,
            _ => LogOperation::Read,
        }
    }

    /// The exit code the process ends with when it can't go on: 65 for damaged or newer data,
    /// else 75, which says that a restart may help.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Corrupt(_)
            | Self::SlotMismatch { .. }
            | Self::Truncated { .. }
            | Self::OtherFormat { .. } => 65,
            Self::Store { .. }
            | Self::Stopped(_)
            | Self::Stalled
            | Self::InUse { .. }
            | Self::ClockBehind { .. }
            | Self::CatalogMoved { .. }
            | Self::JudgementMoved
            | Self::TooManyAttempts(_) => 75,
        }
    }
}
