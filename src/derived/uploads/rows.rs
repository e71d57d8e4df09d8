//! Reading and writing them.

use std::ops::ControlFlow;

use crate::derived::batch::Batch;
use crate::derived::error::DerivedError;
use crate::derived::family::Family;
use crate::derived::view::View;
use crate::model::id::{JobId, ProgramId, SubmissionId};

use super::row::{LINES_KEPT_MAX, RefusedLine, RefusedLineKey, UploadCount, UploadKey, WhyRefused};

impl Batch<'_> {
    /// Counts an entry of an uploaded file that came to its outcome, and keeps its line when it was
    /// refused.
    ///
    /// # Errors
    /// RocksDB fails or a row is damaged.
    pub fn settle_line(
        &mut self,
        (job, line): (JobId, u64),
        id: SubmissionId,
        why: Option<WhyRefused>,
    ) -> Result<(), DerivedError> {
        let program = id.program;
        let key = UploadKey { program, job }.encode();
        let count = self.get(Family::Uploads, &key, UploadCount::decode)?;
        let mut count = count.unwrap_or_default();
        count.settled = count.settled.saturating_add(1);
        if let Some(why) = why {
            if count.refused < LINES_KEPT_MAX {
                let refused = RefusedLine { line, id, why };
                let key = refused.key(job).encode();
                self.put_unread(Family::RefusedLines, &key, &refused.encode());
            }
            count.refused = count.refused.saturating_add(1);
        }
        self.put(Family::Uploads, &key, count.encode());
        Ok(())
    }
}

impl View<'_> {
    /// Hands the counts of every uploaded file to `f`, by program.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_upload(
        &self,
        f: &mut dyn FnMut(UploadKey, UploadCount),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Uploads, &[], None, &mut |key, value| {
            f(UploadKey::decode(key)?, UploadCount::decode(value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The counts of one uploaded file, by program.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn upload(&self, job: JobId) -> Result<Vec<(ProgramId, UploadCount)>, DerivedError> {
        let mut counts = Vec::new();
        let mut from = Some(ProgramId(0));
        while let Some(program) = from {
            let mut found = None;
            let first = UploadKey { program, job }.encode();
            self.scan(Family::Uploads, &first, None, &mut |key, value| {
                found = Some((UploadKey::decode(key)?, UploadCount::decode(value)?));
                Ok(ControlFlow::Break(()))
            })?;
            let Some((key, count)) = found else { break };
            if key.job == job {
                counts.push((key.program, count));
            }
            // The first file of a further program may stand before this one.
            from = if key.program > program && key.job < job {
                Some(key.program)
            } else {
                key.program.0.checked_add(1).map(ProgramId)
            };
        }
        Ok(counts)
    }

    /// The kept lines of an uploaded file whose entries were refused, by program and line.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn refused_lines(&self, job: JobId) -> Result<Vec<RefusedLine>, DerivedError> {
        let mut lines = Vec::new();
        for (program, _) in self.upload(job)? {
            let key = |line| RefusedLineKey { program, job, line };
            let (first, last) = (key(0).encode(), key(u64::MAX).encode());
            self.scan(
                Family::RefusedLines,
                &first,
                Some(&last),
                &mut |key, value| {
                    lines.push(RefusedLine::decode(RefusedLineKey::decode(key)?, value)?);
                    Ok(ControlFlow::Continue(()))
                },
            )?;
        }
        Ok(lines)
    }
}
