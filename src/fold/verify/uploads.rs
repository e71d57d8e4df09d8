//! The counts of uploaded files and their refused lines, compared with the outcomes of what was
//! stored of them.

use std::collections::BTreeMap;

use crate::derived::{
    LINES_KEPT_MAX, RefusedLine, SubmissionOutcome, UploadCount, UploadKey, View,
};
use crate::model::entry::Entry;
use crate::model::id::{JobId, SubmissionId};
use crate::model::submission::Origin;

use super::super::error::FoldError;
use super::report::VerifyReport;

/// What the outcomes come to, file by file.
#[derive(Debug, Default)]
pub(super) struct Uploads(BTreeMap<UploadKey, UploadCount>);

impl Uploads {
    /// Adds an entry and its outcome.
    pub(super) fn add(&mut self, id: SubmissionId, entry: &Entry, outcome: SubmissionOutcome) {
        let Origin::Batch { job, .. } = entry.origin() else {
            return;
        };
        if outcome == SubmissionOutcome::Waiting {
            return;
        }
        let program = id.program;
        let count = self.0.entry(UploadKey { program, job }).or_default();
        count.settled = count.settled.saturating_add(1);
        let is_refused = outcome.why_refused().is_some();
        count.refused = count.refused.saturating_add(is_refused.into());
    }

    /// Compares with every count of the view, and the lines that are kept with what became of the
    /// entries they name.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let mut kept: BTreeMap<JobId, u64> = BTreeMap::new();
        view.for_each_upload(&mut |key, found| {
            let expected = self.0.remove(&key).unwrap_or_default();
            let lines = kept.entry(key.job).or_default();
            *lines = lines.saturating_add(expected.refused.min(LINES_KEPT_MAX));
            if expected != found {
                let at = || format!("file {}, program {}", key.job, key.program);
                let (expected, found) = (format!("{expected:?}"), format!("{found:?}"));
                report.differs("uploads", at, expected, found);
            }
        })?;
        for key in self.0.into_keys() {
            let at = || format!("file {}, program {}", key.job, key.program);
            report.differs("uploads", at, "a count", "none");
        }
        for (job, expected) in kept {
            let lines = view.refused_lines(job)?;
            let found = lines.len() as u64;
            if expected != found {
                let at = || format!("refused lines of file {job}");
                report.differs("uploads", at, expected, found);
            }
            for line in &lines {
                named(view, job, line, report)?;
            }
        }
        Ok(())
    }
}

/// Whether a line says what became of its entry.
fn named(
    view: &View<'_>,
    job: JobId,
    line: &RefusedLine,
    report: &mut VerifyReport,
) -> Result<(), FoldError> {
    let settled = view.outcome(line.id)?;
    let why = settled.and_then(|settled| settled.outcome.why_refused());
    if why != Some(line.why) {
        let at = || format!("line {} of file {job}", line.line);
        let (expected, found) = (format!("{why:?}"), format!("{:?}", line.why));
        report.differs("uploads", at, expected, found);
    }
    Ok(())
}
