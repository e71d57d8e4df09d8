//! What the daemon keeps of an import: who it is, how far it has come, what became of its rows.
//!
//! In and out: the JSON that lies in the log beside the rows it counts.
//!
//! Invariants: the salt is there until the import is finished and no longer; `cursor` is `stored`,
//! `known` and `refused` together.

use serde::{Deserialize, Serialize};

use crate::click::visitor::SALT_LEN;
use crate::model::id::{JobId, ProgramId};
use crate::model::time::Millis;

use super::column::Kind;
use super::import::{Finished, ListedJob, Open};

/// An import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRecord {
    /// The job.
    pub job: JobId,
    /// BLAKE3 of its rows, in hexadecimal digits.
    pub digest: String,
    /// What its rows are.
    pub kind: Kind,
    /// How many there are.
    pub rows: u64,
    /// Name of the file.
    pub file_name: String,
    /// When it began.
    pub created: Millis,
    /// Rows that are done.
    pub cursor: u64,
    /// Own time of the last of them.
    pub last: Option<Millis>,
    /// What became of them.
    pub so_far: Finished,
    /// The programs that it brought clicks to, in order.
    pub programs: Vec<ProgramId>,
    /// What its visitors are hashed with.
    pub salt: Option<[u8; SALT_LEN]>,
    /// When it was finished.
    pub completed: Option<Millis>,
}

/// Why an import can't be gone on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another file has its number.
    #[error("{0} is another import: its rows have another digest, kind or count")]
    Other(JobId),
    /// It has ended.
    #[error("{0} is finished; nothing can be added to it")]
    Finished(JobId),
    /// Rows are missing.
    #[error("{job} stands at row {cursor} of {rows}; send the rows after it first")]
    Unfinished {
        /// The job.
        job: JobId,
        /// Its cursor.
        cursor: u64,
        /// Its rows.
        rows: u64,
    },
}

impl ImportRecord {
    /// One that begins `now`.
    #[must_use]
    pub fn new(open: Open, now: Millis, salt: [u8; SALT_LEN]) -> Self {
        Self {
            job: open.job,
            digest: open.digest,
            kind: open.kind,
            rows: open.rows,
            file_name: open.file_name,
            created: now,
            cursor: 0,
            last: None,
            so_far: Finished::default(),
            programs: Vec::new(),
            salt: Some(salt),
            completed: None,
        }
    }

    /// Whether `open` speaks of this import.
    ///
    /// # Errors
    /// [`RecordError::Other`].
    pub fn fits(&self, open: &Open) -> Result<(), RecordError> {
        let own = (self.job, &self.digest, self.kind, self.rows);
        if own == (open.job, &open.digest, open.kind, open.rows) {
            Ok(())
        } else {
            Err(RecordError::Other(self.job))
        }
    }

    /// The salt, as long as rows may come.
    ///
    /// # Errors
    /// [`RecordError::Finished`].
    pub fn open_salt(&self) -> Result<[u8; SALT_LEN], RecordError> {
        self.salt.ok_or(RecordError::Finished(self.job))
    }

    /// Ends it `now`.
    ///
    /// # Errors
    /// [`RecordError::Unfinished`].
    pub fn finish(&mut self, now: Millis) -> Result<(), RecordError> {
        let (job, cursor, rows) = (self.job, self.cursor, self.rows);
        if cursor != rows {
            return Err(RecordError::Unfinished { job, cursor, rows });
        }
        self.salt = None;
        self.completed = Some(now);
        Ok(())
    }

    /// Notes that a click of `program` is stored.
    pub fn brought(&mut self, program: ProgramId) {
        if let Err(at) = self.programs.binary_search(&program) {
            self.programs.insert(at, program);
        }
    }

    /// What is shown of it.
    #[must_use]
    pub fn listed(self) -> ListedJob {
        ListedJob {
            job: self.job,
            kind: self.kind,
            file_name: self.file_name,
            rows: self.rows,
            cursor: self.cursor,
            so_far: self.so_far,
            created: self.created,
            completed: self.completed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Open {
        Open {
            job: JobId(5),
            digest: "d".to_owned(),
            kind: Kind::Clicks,
            rows: 2,
            programs: vec![ProgramId(1)],
            file_name: "f".to_owned(),
        }
    }

    #[test]
    fn only_the_same_rows_are_the_same_import() {
        let record = ImportRecord::new(open(), Millis(1), [1; SALT_LEN]);
        let renamed = Open {
            file_name: "g".to_owned(),
            ..open()
        };
        assert_eq!(record.fits(&renamed), Ok(()));
        for other in [
            Open { rows: 3, ..open() },
            Open {
                digest: "e".to_owned(),
                ..open()
            },
            Open {
                kind: Kind::Conversions,
                ..open()
            },
        ] {
            assert_eq!(record.fits(&other), Err(RecordError::Other(JobId(5))));
        }
    }

    #[test]
    fn the_salt_is_gone_once_all_rows_are_done_and_it_is_finished() {
        let mut record = ImportRecord::new(open(), Millis(1), [1; SALT_LEN]);
        assert!(record.finish(Millis(2)).is_err());
        assert_eq!(record.open_salt(), Ok([1; SALT_LEN]));
        record.cursor = 2;
        assert_eq!(record.finish(Millis(2)), Ok(()));
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.contains("\"salt\":null"), "{json}");
        let record: ImportRecord = serde_json::from_str(&json).unwrap();
        assert_eq!(record.open_salt(), Err(RecordError::Finished(JobId(5))));
        assert_eq!(record.completed, Some(Millis(2)));
    }
}
