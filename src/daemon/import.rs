//! Verbs of `clickd import`: open, chunk, finish, and the list of all imports.
//!
//! Invariants: a chunk is committed in parts, each with the cursor behind it, and durable before it
//! is answered; whatever is cut off, rows before the cursor are stored and no other is. One chunk
//! is taken at a time, whatever asks. Metrics count a row once it is committed.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::conversion::FieldError;
use crate::job::column::Kind;
use crate::job::convert;
use crate::job::import::{
    Chunk, Finish, Listed, Open, Opened, REFUSED_KEPT_MAX, RefusedRow, Stored,
};
use crate::job::record::{ImportRecord, RecordError};
use crate::job::take::{Taken, Taker};
use crate::log::{Epoch, LogError, patiently};
use crate::model::arrival::{RefusedReason, Stream};
use crate::model::id::JobId;
use crate::server::control::VerbError;
use crate::server::control::verb::{EXIT_INPUT, EXIT_TEMPORARY};
use crate::telemetry::label::{ImportKind, ImportResult};
use crate::telemetry::metric::Metrics;

use super::stores::Stores;
use super::verbs::{failed, read};

/// Exit code of stored data that does not read.
const EXIT_DAMAGED: u8 = 65;

/// Where a job stands; begins it if there is none.
pub(super) fn open(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: Open = read(value)?;
    let _turn = stores.imports.lock();
    let record = if let Some(record) = find(stores, asked.job)? {
        record.fits(&asked).map_err(|error| refused(&error))?;
        record
    } else {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)
            .map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))?;
        let record = ImportRecord::new(asked, stores.log.clock().now(), salt);
        let job = record.job;
        let stored = stores.log.put_job(job, &json(&record)?);
        stored.map_err(|error| failed(&error))?;
        tracing::info!(%job, rows = record.rows, "an import begins");
        record
    };
    let kept = stores.log.refused_rows(record.job);
    let mut all = Vec::new();
    for kept in kept.map_err(|error| failed(&error))? {
        all.extend(parsed::<Vec<RefusedRow>>(&kept)?);
    }
    answer(&Opened {
        cursor: record.cursor,
        finished: record.completed.is_some(),
        refused: all,
    })
}

/// Stores the rows after the cursor; `metrics` are those of a running daemon.
pub(super) fn chunk(
    stores: &Stores,
    metrics: Option<&Metrics>,
    value: Value,
) -> Result<Value, VerbError> {
    let asked: Chunk = read(value)?;
    let mut imports = stores.imports.lock();
    let taker = imports.get_or_insert_with(|| Taker::new(&stores.log));
    let mut record = known(stores, asked.job)?;
    record.open_salt().map_err(|error| refused(&error))?;
    asked
        .check(record.rows, record.cursor, record.last)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let mut done = Done::new(metrics, record.kind);
    let stored = match record.kind {
        Kind::Clicks => clicks(stores, taker, &mut record, &asked, &mut done),
        Kind::Conversions => conversions(stores, taker, &mut record, &asked, &mut done),
    };
    // What was taken after the last commit was never counted.
    taker.clear();
    answer(&Stored {
        refused: stored?,
        cursor: record.cursor,
    })
}

/// What became of rows that the next commit covers.
struct Done<'a> {
    metrics: Option<&'a Metrics>,
    kind: ImportKind,
    rows: Vec<ImportResult>,
}

impl<'a> Done<'a> {
    fn new(metrics: Option<&'a Metrics>, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Clicks => ImportKind::Clicks,
            Kind::Conversions => ImportKind::Conversions,
        };
        let rows = Vec::new();
        Self {
            metrics,
            kind,
            rows,
        }
    }

    fn add(&mut self, result: ImportResult) {
        self.rows.push(result);
    }

    /// Counts them: they are committed.
    fn count(&mut self) {
        for result in self.rows.drain(..) {
            if let Some(metrics) = self.metrics {
                metrics.import.rows.add(self.kind, result, 1);
            }
        }
    }
}

/// Takes the rows of a chunk of clicks; those that were refused.
fn clicks(
    stores: &Stores,
    taker: &mut Taker,
    record: &mut ImportRecord,
    asked: &Chunk,
    done: &mut Done<'_>,
) -> Result<Vec<RefusedRow>, VerbError> {
    let catalog = stores.catalog.load_full();
    let salt = record.open_salt().map_err(|error| refused(&error))?;
    let now = stores.log.clock().now();
    let mut all = Vec::new();
    for row in &asked.rows {
        record.cursor = record.cursor.saturating_add(1);
        record.last = Some(row.time);
        let taken = taker.take(&catalog, (record.job, &salt), row, now);
        let so_far = &mut record.so_far;
        match taken.map_err(|error| failed(&error))? {
            Taken::Stored => {
                so_far.stored = so_far.stored.saturating_add(1);
                record.brought(row.program);
                done.add(ImportResult::Stored);
            }
            Taken::Known => {
                so_far.known = so_far.known.saturating_add(1);
                done.add(ImportResult::Known);
            }
            Taken::Refused(reason, errors) => {
                done.add(match reason {
                    RefusedReason::UnknownProgram => ImportResult::UnknownProgram,
                    _ => ImportResult::Invalid,
                });
                all.extend(refuse(taker, record, errors)?);
            }
        }
        if taker.is_full() {
            commit(taker, record, done)?;
            std::thread::yield_now();
        }
    }
    let epoch = commit(taker, record, done)?;
    let durable = stores.log.wait_durable(epoch);
    durable.map_err(|error| failed(&error))?;
    Ok(all)
}

/// Stores the conversions of a chunk, each with the cursor behind it; those that were refused.
fn conversions(
    stores: &Stores,
    taker: &mut Taker,
    record: &mut ImportRecord,
    asked: &Chunk,
    done: &mut Done<'_>,
) -> Result<Vec<RefusedRow>, VerbError> {
    let catalog = stores.catalog.load_full();
    let now = stores.log.clock().now();
    let verify = |text: &str| stores.signer.verify(text.as_bytes());
    let mut all = Vec::new();
    for row in &asked.rows {
        record.cursor = record.cursor.saturating_add(1);
        record.last = Some(row.time);
        let place = (record.job, record.cursor);
        let submission = match convert::read(&catalog, &verify, row, place, now) {
            Ok(submission) => submission,
            Err(refused) => {
                let program = refused.program.unwrap_or_default();
                let (stream, reason) = (Stream::Conversion, RefusedReason::Invalid);
                stores.log.refuse(program, stream, reason);
                done.add(match refused.program {
                    Some(_) => ImportResult::Invalid,
                    None => ImportResult::UnknownProgram,
                });
                all.extend(refuse(taker, record, refused.errors)?);
                // The next row's commit moves the cursor past this one.
                commit(taker, record, done)?;
                continue;
            }
        };
        let mut after = record.clone();
        after.so_far.stored = after.so_far.stored.saturating_add(1);
        let bytes = json(&after)?;
        let submit = || stores.log.submit_of_job(&submission, record.job, &bytes);
        match patiently(submit) {
            Ok(accepted) if accepted.retry => {
                record.so_far.known = record.so_far.known.saturating_add(1);
                done.add(ImportResult::Known);
            }
            Ok(_) => {
                *record = after;
                done.add(ImportResult::Stored);
                done.count();
            }
            Err(error @ LogError::TooManyAttempts(_)) => {
                let errors = vec![FieldError::new("OrderId", error.to_string())];
                all.extend(refuse(taker, record, errors)?);
                done.add(ImportResult::TooManyAttempts);
                commit(taker, record, done)?;
            }
            Err(error) => return Err(failed(&error)),
        }
    }
    let epoch = commit(taker, record, done)?;
    let durable = stores.log.wait_durable(epoch);
    durable.map_err(|error| failed(&error))?;
    Ok(all)
}

/// Counts the row at the cursor as refused, and keeps why.
fn refuse(
    taker: &mut Taker,
    record: &mut ImportRecord,
    errors: Vec<FieldError>,
) -> Result<Vec<RefusedRow>, VerbError> {
    let row = record.cursor;
    let of_row: Vec<RefusedRow> = errors
        .into_iter()
        .map(|error| RefusedRow {
            row,
            field: error.field.into_owned(),
            message: error.message,
        })
        .collect();
    let so_far = &mut record.so_far;
    if usize::try_from(so_far.refused).is_ok_and(|count| count < REFUSED_KEPT_MAX) {
        taker.keep_refused(row, json(&of_row)?);
    }
    so_far.refused = so_far.refused.saturating_add(1);
    Ok(of_row)
}

/// Commits what is taken, however often the store asks for a pause meanwhile.
fn commit(
    taker: &mut Taker,
    record: &ImportRecord,
    done: &mut Done<'_>,
) -> Result<Epoch, VerbError> {
    let row = json(record)?;
    let committed = patiently(|| taker.commit(record.job, &row));
    let epoch = committed.map_err(|error| failed(&error))?;
    done.count();
    Ok(epoch)
}

/// Ends a job whose rows are all done.
pub(super) fn finish(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let Finish { job } = read(value)?;
    let _turn = stores.imports.lock();
    let mut record = known(stores, job)?;
    if record.completed.is_none() {
        record
            .finish(stores.log.clock().now())
            .map_err(|error| refused(&error))?;
        let ended = stores
            .log
            .end_import(job, &record.programs, &json(&record)?);
        ended.map_err(|error| failed(&error))?;
        tracing::info!(%job, stored = record.so_far.stored, "an import is finished");
    }
    answer(&record.so_far)
}

/// Every import.
pub(super) fn list(stores: &Stores, _: Value) -> Result<Value, VerbError> {
    let mut jobs = Vec::new();
    for (_, row) in stores.log.jobs().map_err(|error| failed(&error))? {
        jobs.push(parsed::<ImportRecord>(&row)?.listed());
    }
    jobs.sort_by_key(|job| (job.created, job.job));
    answer(&Listed { jobs })
}

fn find(stores: &Stores, job: JobId) -> Result<Option<ImportRecord>, VerbError> {
    let row = stores.log.job(job).map_err(|error| failed(&error))?;
    row.map(|row| parsed(&row)).transpose()
}

fn known(stores: &Stores, job: JobId) -> Result<ImportRecord, VerbError> {
    let record = find(stores, job)?;
    record.ok_or_else(|| VerbError::new(EXIT_INPUT, format!("{job} was never opened")))
}

fn refused(error: &RecordError) -> VerbError {
    VerbError::new(EXIT_INPUT, error.to_string())
}

fn parsed<T: DeserializeOwned>(row: &[u8]) -> Result<T, VerbError> {
    serde_json::from_slice(row).map_err(|error| {
        let error = format!("what is stored of an import does not read: {error}");
        VerbError::new(EXIT_DAMAGED, error)
    })
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, VerbError> {
    serde_json::to_vec(value).map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))
}

fn answer(value: &impl serde::Serialize) -> Result<Value, VerbError> {
    serde_json::to_value(value).map_err(|error| VerbError::new(EXIT_TEMPORARY, error.to_string()))
}
