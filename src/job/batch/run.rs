//! A whole file, chunk by chunk: read, check, store with the place that was reached, wait for the
//! sync, go on.
//!
//! Invariants: a chunk holds whole groups, and its commit the cursor behind them; the file leaves
//! the spool after the commit that says it is done.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::catalog::Catalog;
use crate::conversion::FieldError;
use crate::log::{Beside, Log, LogError, Said, Taken};
use crate::model::arrival::Stream;
use crate::model::id::ProgramId;
use crate::telemetry::label::LineResult;
use crate::telemetry::metric::Metrics;

use super::super::csv::FileError;
use super::check::{self, Known, NotRead, described};
use super::group::{Group, Groups};
use super::record::{BatchRecord, ERRORS_KEPT_MAX, LineError};
use super::source::Source;
use super::spool::{self, Spool, SpoolError};

/// Conversions or changes of one commit. It takes as long as that of a full turn, and no click
/// waits longer for it.
pub const CHUNK_MAX: usize = 256;
/// Bytes of what was read after which a commit is due.
const BYTES_MAX: usize = 128 << 10;
/// How long a store that asks for a pause gets.
const PAUSE: Duration = Duration::from_millis(20);

/// What a file is read with.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The log.
    pub log: &'a Log,
    /// Where the file lies.
    pub spool: &'a Spool,
    /// The catalogue in force.
    pub catalog: &'a ArcSwap<Catalog>,
    /// What reading needs to know.
    pub known: Known<'a>,
    /// What is counted.
    pub metrics: &'a Metrics,
}

/// Why a file is not done; it is gone on with from its cursor.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The daemon stops.
    #[error("it was stopped")]
    Stopped,
    /// The file can't be read just now.
    #[error(transparent)]
    File(#[from] FileError),
    /// The order or action of a change can't be looked up just now.
    #[error("line {line}: the action can't be looked up: {reason}")]
    Unreadable {
        /// The line.
        line: u64,
        /// Why.
        reason: String,
    },
    /// Log or spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl From<LogError> for BatchError {
    fn from(error: LogError) -> Self {
        Self::Spool(error.into())
    }
}

/// What is read and not committed.
#[derive(Default)]
struct Chunk {
    said: Vec<(Said, Group)>,
    refused: Vec<(ProgramId, Stream)>,
    errors: Vec<LineError>,
    /// Lines of what is wrong.
    wrong_lines: u64,
    rows: u64,
    bytes: usize,
}

/// Lines by what became of them.
#[derive(Clone, Copy, Default)]
struct Lines {
    stored: u64,
    retry: u64,
    refused: u64,
}

/// Reads a file from its cursor to its end.
///
/// # Errors
/// See [`BatchError`].
pub fn run(
    context: &Context<'_>,
    record: BatchRecord,
    stop: &AtomicBool,
) -> Result<BatchRecord, BatchError> {
    let mut running = Running { context, record };
    let path = context.spool.path(running.record.job);
    let mut chunk = Chunk::default();
    let is_lost = match File::open(&path) {
        Ok(file) => {
            running.read(file, &mut chunk, stop)?;
            false
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = "its bytes are no longer in the spool; send the file again";
            let error = FieldError::body(message);
            chunk.errors.push(file_error(0, &error));
            true
        }
        Err(error) => return Err(FileError::Io(error).into()),
    };
    let now = context.log.clock().now();
    running.record.completed = Some(now);
    running.record.is_lost = is_lost;
    running.commit(&mut chunk, stop)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::warn!(%error, "a file stays in the spool until the next start");
        }
        _ => {}
    }
    Ok(running.record)
}

/// What is wrong with a file as a whole.
fn file_error(line: u64, error: &FieldError) -> LineError {
    LineError {
        line,
        message: error.message.clone(),
        ..LineError::default()
    }
}

struct Running<'a> {
    context: &'a Context<'a>,
    record: BatchRecord,
}

impl Running<'_> {
    /// Reads to the end; what is left in `chunk` is to be committed.
    fn read(&mut self, file: File, chunk: &mut Chunk, stop: &AtomicBool) -> Result<(), BatchError> {
        let (kind, cursor) = (self.record.kind, self.record.cursor);
        let opened = Source::open(self.record.form, file);
        let mut groups = match opened.and_then(|source| Groups::after(source, kind, cursor)) {
            Ok(groups) => groups,
            Err(error) => return ended(error, chunk),
        };
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(BatchError::Stopped);
            }
            let group = match groups.read() {
                Ok(Some(group)) => group,
                Ok(None) => return Ok(()),
                Err(error) => return ended(error, chunk),
            };
            self.add(group, chunk)?;
            if chunk.is_full() {
                self.commit(chunk, stop)?;
            }
        }
    }

    fn add(&self, group: Group, chunk: &mut Chunk) -> Result<(), BatchError> {
        let catalog = self.context.catalog.load();
        chunk.rows = chunk.rows.saturating_add(group.rows);
        let sizes = group
            .pairs
            .iter()
            .map(|(name, value)| name.len() + value.len());
        chunk.bytes = chunk.bytes.saturating_add(sizes.sum());
        match check::read(&catalog, &self.context.known, &self.record, &group) {
            Ok(said) => chunk.said.push((said, group)),
            Err(NotRead::Wrong(wrong)) => {
                let stream = check::stream(self.record.kind);
                chunk
                    .refused
                    .push((wrong.program.unwrap_or_default(), stream));
                chunk.errors.push(wrong.error);
                chunk.wrong_lines = chunk.wrong_lines.saturating_add(group.rows);
            }
            Err(NotRead::Unreadable(reason)) => {
                let line = group.lines.first().copied().unwrap_or(0);
                return Err(BatchError::Unreadable { line, reason });
            }
        }
        Ok(())
    }

    /// Stores a chunk with the cursor behind it, and waits until it is durable.
    fn commit(&mut self, chunk: &mut Chunk, stop: &AtomicBool) -> Result<(), BatchError> {
        let chunk = std::mem::take(chunk);
        let (job, log) = (self.record.job, self.context.log);
        let said: Vec<Said> = chunk.said.iter().map(|(said, _)| said.clone()).collect();
        loop {
            let mut after = None;
            let stored = log.submit_chunk(job, &said, &chunk.refused, |taken| {
                let (record, lines, beside) = beside(&self.record, &chunk, taken)?;
                after = Some((record, lines));
                Ok::<_, BatchError>(beside)
            });
            match stored {
                Ok(epoch) => {
                    log.wait_durable(epoch)?;
                    if let Some((record, lines)) = after {
                        self.record = record;
                        self.count(lines);
                    }
                    return Ok(());
                }
                Err(BatchError::Spool(SpoolError::Log(LogError::Stalled))) => {
                    if stop.load(Ordering::Acquire) {
                        return Err(BatchError::Stopped);
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn count(&self, lines: Lines) {
        let counters = &self.context.metrics.job.lines;
        counters.add(LineResult::Stored, lines.stored);
        counters.add(LineResult::Retry, lines.retry);
        counters.add(LineResult::Refused, lines.refused);
    }
}

/// The file can't be read beyond what was read: that is its last error, unless reading failed.
fn ended(error: FileError, chunk: &mut Chunk) -> Result<(), BatchError> {
    let line = match error {
        FileError::Io(_) => return Err(error.into()),
        FileError::TooLong { line } | FileError::OpenQuote { line } => line,
        FileError::ByteOrderMark | FileError::Empty | FileError::Header => 1,
    };
    let error = FieldError::body(format!("the file can't be read on: {error}"));
    chunk.errors.push(file_error(line, &error));
    chunk.rows = chunk.rows.saturating_add(1);
    chunk.wrong_lines = chunk.wrong_lines.saturating_add(1);
    Ok(())
}

/// The record and the errors after a chunk.
fn beside(
    before: &BatchRecord,
    chunk: &Chunk,
    taken: &[Taken],
) -> Result<(BatchRecord, Lines, Beside), BatchError> {
    let mut record = before.clone();
    let mut lines = Lines {
        refused: chunk.wrong_lines,
        ..Lines::default()
    };
    let mut errors = chunk.errors.clone();
    record.cursor = record.cursor.saturating_add(chunk.rows);
    for ((_, group), taken) in chunk.said.iter().zip(taken) {
        match taken {
            Taken::Stored => {
                record.stored = record.stored.saturating_add(1);
                lines.stored = lines.stored.saturating_add(group.rows);
            }
            Taken::Retry => {
                record.retries = record.retries.saturating_add(1);
                lines.retry = lines.retry.saturating_add(group.rows);
            }
            Taken::TooManyAttempts(count) => {
                let message = format!("was submitted {count} times with differing content already");
                let error = FieldError::new("OrderId", message);
                errors.push(described(group, None, &[error]));
                lines.refused = lines.refused.saturating_add(group.rows);
            }
        }
    }
    errors.sort_by_key(|error| error.line);
    let mut kept = Vec::with_capacity(errors.len());
    for error in errors {
        if record.refused < ERRORS_KEPT_MAX {
            let source = serde_json::to_vec(&error);
            let job = record.job;
            let row = source.map_err(|source| SpoolError::Record { job, source })?;
            kept.push((error.line, row));
        }
        record.refused = record.refused.saturating_add(1);
    }
    let row = spool::write(&record)?;
    let beside = Beside {
        record: row,
        errors: kept,
    };
    Ok((record, lines, beside))
}

impl Chunk {
    fn is_full(&self) -> bool {
        let count = self.said.len().max(self.errors.len());
        count >= CHUNK_MAX || self.bytes >= BYTES_MAX
    }
}
