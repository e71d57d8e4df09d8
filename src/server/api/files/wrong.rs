//! What is wrong with the lines of a file: as they were read, and as what was stored of them came
//! to nothing.

use crate::derived::{DerivedError, RefusedLine, WhyRefused};
use crate::job::batch::record::ERRORS_KEPT_MAX;
use crate::job::batch::{LineError, SpoolError};
use crate::log::{Log, LogError};
use crate::model::entry::Entry;
use crate::model::id::JobId;

use super::super::state::Figures;
use super::super::submissions::{VALIDATION, error_type};

/// Why files can't be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    /// What is known of files.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// What became of them.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// What was stored of them.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A line that is wrong.
pub(super) enum Wrong {
    /// Nothing was stored of it.
    Unread(LineError),
    /// What was stored of it was refused.
    Refused(RefusedLine),
}

impl Wrong {
    fn line(&self) -> u64 {
        match self {
            Self::Unread(error) => error.line,
            Self::Refused(refused) => refused.line,
        }
    }

    /// What is told of it, and what kind of error it is.
    pub(super) fn told(&self, log: &Log) -> Result<(LineError, &'static str), ListError> {
        let refused = match self {
            Self::Unread(error) => return Ok((error.clone(), VALIDATION)),
            Self::Refused(refused) => refused,
        };
        let fields = match log.entry(refused.id)? {
            Some(Entry::Conversion(submission)) => submission.fields,
            Some(Entry::Change(change)) => change.fields,
            Some(Entry::Settlement(_)) | None => Vec::new(),
        };
        let (code, meaning) = match refused.why {
            WhyRefused::Conversion(refusal) => (refusal.code(), refusal.meaning()),
            WhyRefused::Change(refusal) => (refusal.code(), refusal.meaning()),
        };
        let error = LineError::of_fields(refused.line, &fields, code, meaning);
        Ok((error, error_type(refused.why)))
    }
}

/// Every line that is wrong, by its number: the first so many of them.
pub(super) fn all(log: &Log, figures: &dyn Figures, job: JobId) -> Result<Vec<Wrong>, ListError> {
    let mut wrong = Vec::new();
    for row in log.batch_errors(job)? {
        wrong.push(Wrong::Unread(error(job, &row)?));
    }
    wrong.extend(figures.refused_lines(job)?.into_iter().map(Wrong::Refused));
    wrong.sort_by_key(Wrong::line);
    wrong.truncate(usize::try_from(ERRORS_KEPT_MAX).unwrap_or(usize::MAX));
    Ok(wrong)
}

/// What is wrong with one line; nothing if that is not known to be wrong.
pub(super) fn one(
    log: &Log,
    figures: &dyn Figures,
    job: JobId,
    line: u64,
) -> Result<Option<Wrong>, ListError> {
    if let Some(row) = log.batch_error(job, line)? {
        return Ok(Some(Wrong::Unread(error(job, &row)?)));
    }
    let mut refused = figures.refused_lines(job)?.into_iter();
    let found = refused.find(|refused| refused.line == line);
    Ok(found.map(Wrong::Refused))
}

fn error(job: JobId, row: &[u8]) -> Result<LineError, SpoolError> {
    serde_json::from_slice(row).map_err(|source| SpoolError::Record { job, source })
}
