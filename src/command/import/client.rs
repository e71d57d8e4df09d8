//! Sends the rows of a file in order, from where the daemon stands.
//!
//! Each chunk is stored with its cursor before it is answered. When anything breaks the same
//! command goes on after the last chunk that was stored; when nothing is left to send it adds
//! nothing.

use std::collections::BTreeMap;

use indicatif::ProgressBar;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::command::Failure;
use crate::command::ask::Asker;
use crate::job::import::{
    CHUNK, CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, Chunk, FINISH, Finish, Finished, OPEN, Open, Opened,
    RefusedRow, Stored,
};
use crate::job::line::Row;
use crate::model::id::JobId;

use super::read::{Shape, Sorted, reason, row};
use super::reject::Rejects;
use super::sort::Run;

/// Where rows go.
pub(super) trait Store {
    /// Asks where a job stands; begins it if there is none.
    fn open(&mut self, open: &Open) -> Result<Opened, Failure>;
    /// Stores the rows after the cursor.
    fn chunk(&mut self, chunk: &Chunk) -> Result<Stored, Failure>;
    /// Ends a job; a second time it only tells what became of its rows.
    fn finish(&mut self, finish: Finish) -> Result<Finished, Failure>;
}

impl Store for Asker<'_> {
    fn open(&mut self, open: &Open) -> Result<Opened, Failure> {
        typed(self, OPEN, open)
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<Stored, Failure> {
        typed(self, CHUNK, chunk)
    }

    fn finish(&mut self, finish: Finish) -> Result<Finished, Failure> {
        typed(self, FINISH, &finish)
    }
}

fn typed<T: DeserializeOwned>(
    asker: &mut Asker<'_>,
    verb: &str,
    value: &impl Serialize,
) -> Result<T, Failure> {
    let other = |error: serde_json::Error| {
        let message = format!("{verb}: the daemon speaks another version: {error}");
        Failure::new(75, message)
    };
    let value = serde_json::to_value(value).map_err(other)?;
    serde_json::from_value(asker.ask(verb, value)?).map_err(other)
}

/// Sends `sorted` to `store`; rows it refuses go to `rejects`.
///
/// # Errors
/// What the store says, with how far it came.
pub(super) fn send(
    store: &mut dyn Store,
    sorted: Sorted,
    file_name: String,
    rejects: &mut Rejects,
    bar: &ProgressBar,
) -> Result<Finished, Failure> {
    let job = sorted.job();
    let opened = store.open(&Open {
        job,
        digest: sorted.digest.to_hex().to_string(),
        kind: sorted.kind,
        rows: sorted.count,
        programs: sorted.programs.iter().copied().collect(),
        file_name,
    })?;
    if opened.cursor > sorted.count {
        let (cursor, count) = (opened.cursor, sorted.count);
        let message = format!("{job}: the daemon has {cursor} rows of it, the file {count}");
        return Err(Failure::new(65, message));
    }
    let mut sending = Sending {
        store,
        job,
        cursor: 0,
        held: Vec::new(),
        shape: &sorted.shape,
        rejects,
        bar,
    };
    let mut rows = sorted.rows;
    sending.pass(&mut rows, opened.cursor, &opened.refused)?;
    sending.rest(&mut rows).map_err(|failure| {
        let cursor = sending.cursor;
        let count = sorted.count;
        Failure::new(
            failure.exit,
            format!(
                "{}\n  {cursor} of {count} rows are stored; the same command goes on after them",
                failure.message
            ),
        )
    })?;
    store.finish(Finish { job })
}

struct Sending<'a> {
    store: &'a mut dyn Store,
    job: JobId,
    /// Rows that are done.
    cursor: u64,
    /// Rows read after them, with their lines.
    held: Vec<(u64, Row)>,
    shape: &'a Shape,
    rejects: &'a mut Rejects,
    bar: &'a ProgressBar,
}

impl Sending<'_> {
    /// Passes over the rows before `cursor`, which were done in earlier runs.
    fn pass(&mut self, rows: &mut Run, cursor: u64, refused: &[RefusedRow]) -> Result<(), Failure> {
        let reasons = reasons(refused);
        while self.cursor < cursor {
            let Some(entry) = rows.next().transpose()? else {
                break;
            };
            self.cursor = self.cursor.saturating_add(1);
            if let Some(reason) = reasons.get(&self.cursor) {
                self.reject(entry.line, reason, &row(&entry.key)?)?;
            }
        }
        self.bar.set_position(self.cursor);
        Ok(())
    }

    /// Sends the rows that are left.
    fn rest(&mut self, rows: &mut Run) -> Result<(), Failure> {
        let mut bytes: usize = 0;
        for entry in rows {
            let entry = entry?;
            let more = bytes.saturating_add(entry.key.len());
            let is_full = self.held.len() >= CHUNK_ROWS_MAX || more > CHUNK_BYTES_MAX;
            if is_full && !self.held.is_empty() {
                self.chunk()?;
                bytes = 0;
            }
            bytes = bytes.saturating_add(entry.key.len());
            self.held.push((entry.line, row(&entry.key)?));
        }
        if self.held.is_empty() {
            return Ok(());
        }
        self.chunk()
    }

    fn chunk(&mut self) -> Result<(), Failure> {
        let held = std::mem::take(&mut self.held);
        let chunk = Chunk {
            job: self.job,
            cursor: self.cursor,
            rows: held.iter().map(|(_, row)| row.clone()).collect(),
        };
        let stored = self.store.chunk(&chunk)?;
        let first = self.cursor.saturating_add(1);
        let count = u64::try_from(held.len()).unwrap_or(u64::MAX);
        self.cursor = self.cursor.saturating_add(count);
        if stored.cursor != self.cursor {
            let message = format!(
                "{}: the daemon stands at row {}, {} was expected; is it imported twice at once?",
                self.job, stored.cursor, self.cursor
            );
            self.cursor = stored.cursor;
            return Err(Failure::new(75, message));
        }
        self.bar.set_position(self.cursor);
        let reasons = reasons(&stored.refused);
        for (number, (line, row)) in (first..).zip(&held) {
            if let Some(reason) = reasons.get(&number) {
                self.reject(*line, reason, row)?;
            }
        }
        Ok(())
    }

    fn reject(&mut self, line: u64, reason: &str, row: &Row) -> Result<(), Failure> {
        let values = self.shape.values(row);
        let values = values.iter().map(String::as_bytes);
        self.rejects.add(line, reason, values)
    }
}

/// All that is wrong with each refused row, by its number.
fn reasons(refused: &[RefusedRow]) -> BTreeMap<u64, String> {
    let mut reasons: BTreeMap<u64, String> = BTreeMap::new();
    for one in refused {
        let more = reason([(&*one.field, &*one.message)].into_iter());
        let reason = reasons.entry(one.row).or_default();
        if !reason.is_empty() {
            reason.push_str("; ");
        }
        reason.push_str(&more);
    }
    reasons
}
