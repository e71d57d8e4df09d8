//! What the two sides of an import say to each other: open, chunks, finish.
//!
//! The command line sends rows in the order of their own times, the daemon commits each chunk
//! together with its cursor. Whatever is cut off, the next open tells the cursor, and the rows
//! before it are not sent again. The same rows are the same job, so that a file that was imported
//! adds nothing.
//!
//! A row that can't be taken (no such program, no such event type) is refused and counts as done:
//! the cursor passes it.

use serde::{Deserialize, Serialize};

use crate::model::id::{JobId, ProgramId};

use super::column::Kind;
use super::line::Row;

/// Most rows of a chunk.
pub const CHUNK_ROWS_MAX: usize = 2_000;
/// Bytes of rows after which a chunk ends early.
pub const CHUNK_BYTES_MAX: usize = 4 << 20;
/// Refused rows that the daemon keeps of a job.
pub const REFUSED_KEPT_MAX: usize = 10_000;

/// Verb of [`Open`]; answered with [`Opened`].
pub const OPEN: &str = "import-open";
/// Verb of [`Chunk`]; answered with [`Stored`].
pub const CHUNK: &str = "import-chunk";
/// Verb of [`Finish`]; answered with [`Finished`].
pub const FINISH: &str = "import-finish";

/// Asks where a job stands; begins it if there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// The job.
    pub job: JobId,
    /// BLAKE3 of its rows, in hexadecimal digits: a job of another digest is another file.
    pub digest: String,
    /// What its rows are.
    pub kind: Kind,
    /// How many there are.
    pub rows: u64,
    /// The programs they name, in order.
    pub programs: Vec<ProgramId>,
    /// Name of the file, for people.
    pub file_name: String,
}

/// Where a job stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// Rows that are done, from the first.
    pub cursor: u64,
    /// Whether it was finished before.
    pub finished: bool,
    /// Rows before the cursor that were refused, the first [`REFUSED_KEPT_MAX`] of them.
    pub refused: Vec<RefusedRow>,
}

/// The rows after the cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// The job.
    pub job: JobId,
    /// The cursor they follow; another one than the daemon's is refused.
    pub cursor: u64,
    /// At most [`CHUNK_ROWS_MAX`] rows.
    pub rows: Vec<Row>,
}

/// A chunk is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Rows that are done now.
    pub cursor: u64,
    /// Rows of the chunk that were refused.
    pub refused: Vec<RefusedRow>,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedRow {
    /// Its number in the order of own times, from 1.
    pub row: u64,
    /// The field, by its published name.
    pub field: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// Ends a job whose rows are all done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// The job.
    pub job: JobId,
}

/// What became of a job's rows, over all its runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// Rows stored.
    pub stored: u64,
    /// Rows that were known from before: clicks by their external id, conversions by their order.
    pub known: u64,
    /// Rows refused.
    pub refused: u64,
}
