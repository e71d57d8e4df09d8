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
use crate::model::time::Millis;

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
/// Verb that lists every import; answered with [`Listed`].
pub const LIST: &str = "import-list";

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

/// Why a chunk can't be taken as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// It follows another cursor.
    #[error("the chunk follows row {sent}, the job stands at row {cursor}; open it again")]
    OutOfStep {
        /// The cursor of the chunk.
        sent: u64,
        /// That of the job.
        cursor: u64,
    },
    /// It has no row, too many, or more than the job.
    #[error("the chunk has {count} rows; allowed are 1 to {most}")]
    Rows {
        /// Its rows.
        count: usize,
        /// Most that it may have.
        most: u64,
    },
    /// Its rows are not in the order of their own times.
    #[error("row {row} is older than the one before it; rows come in the order of their own times")]
    Order {
        /// The number of the row.
        row: u64,
    },
}

impl Chunk {
    /// Whether it is the next one of a job with `rows` rows that stands at `cursor`, after a row of
    /// the time `last`.
    ///
    /// # Errors
    /// What is wrong; nothing of it may be stored then.
    pub fn check(&self, rows: u64, cursor: u64, last: Option<Millis>) -> Result<(), ChunkError> {
        if self.cursor != cursor {
            let sent = self.cursor;
            return Err(ChunkError::OutOfStep { sent, cursor });
        }
        let most = u64::try_from(CHUNK_ROWS_MAX).unwrap_or(u64::MAX);
        let most = rows.saturating_sub(cursor).min(most);
        let count = self.rows.len();
        if count == 0 || u64::try_from(count).unwrap_or(u64::MAX) > most {
            return Err(ChunkError::Rows { count, most });
        }
        let mut last = last.unwrap_or(Millis(i64::MIN));
        for (row, one) in (cursor.saturating_add(1)..).zip(&self.rows) {
            if one.time < last {
                return Err(ChunkError::Order { row });
            }
            last = one.time;
        }
        Ok(())
    }
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

/// Every import there was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The oldest first.
    pub jobs: Vec<ListedJob>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedJob {
    /// The job.
    pub job: JobId,
    /// What its rows are.
    pub kind: Kind,
    /// Name of the file.
    pub file_name: String,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them are done.
    pub cursor: u64,
    /// What became of them.
    pub so_far: Finished,
    /// When it began.
    pub created: Millis,
    /// When it was finished.
    pub completed: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(cursor: u64, times: &[i64]) -> Chunk {
        let row = |time: &i64| Row {
            time: Millis(*time),
            program: ProgramId(7),
            fields: Vec::new(),
        };
        Chunk {
            job: JobId(1),
            cursor,
            rows: times.iter().map(row).collect(),
        }
    }

    #[test]
    fn only_the_next_rows_in_order_are_taken() {
        let check = |chunk: &Chunk, last| chunk.check(5, 2, last);
        let fits = chunk(2, &[10, 10, 11]);
        assert_eq!(check(&fits, None), Ok(()));
        assert_eq!(check(&fits, Some(Millis(10))), Ok(()));
        assert_eq!(
            check(&fits, Some(Millis(11))),
            Err(ChunkError::Order { row: 3 })
        );
        let wrong = check(&chunk(2, &[10, 9]), None);
        assert_eq!(wrong, Err(ChunkError::Order { row: 4 }));
        for sent in [1, 3] {
            let wrong = check(&chunk(sent, &[10]), None);
            assert_eq!(wrong, Err(ChunkError::OutOfStep { sent, cursor: 2 }));
        }
        for count in [0, 4] {
            let wrong = check(&chunk(2, &vec![10; count]), None);
            assert_eq!(wrong, Err(ChunkError::Rows { count, most: 3 }));
        }
        let many = chunk(2, &vec![10; CHUNK_ROWS_MAX + 1]);
        assert!(many.check(1 << 40, 2, None).is_err());
    }

    #[test]
    fn messages_read_back_and_unknown_members_are_refused() {
        let sent = chunk(2, &[10]);
        let mut json = serde_json::to_value(&sent).unwrap();
        assert_eq!(json["job"], "J-0000000000000001");
        assert_eq!(serde_json::from_value::<Chunk>(json.clone()).unwrap(), sent);
        json["more"] = 1.into();
        assert!(serde_json::from_value::<Chunk>(json).is_err());
    }
}
