//! Imported clicks: what the fold reads and writes of them beside their verdicts.
//!
//! On the fold's thread, and in snapshots for all others.

use crate::model::id::{JobId, PartnerId, ProgramId};
use crate::model::submission::Fingerprint;

use super::batch::Batch;
use super::error::DerivedError;
use super::family::Family;
use super::generation::Families;
use super::row::external::External;
use super::row::key::{ExternalKey, JobWindowKey};
use super::row::verdict::Window;
use super::view::View;

impl Batch<'_> {
    /// Forgets the visitors of an import on a program, those of this batch as well.
    pub fn forget_job(&mut self, program: ProgramId, job: JobId) {
        let key = |job| JobWindowKey {
            program,
            job,
            partner: PartnerId(0),
            visitor: crate::model::click::Visitor(0),
        };
        let end = key(JobId(job.0.saturating_add(1))).encode();
        self.remove_range(Family::JobWindows, &key(job).encode(), &end);
    }

    /// Sets which click has a name in another system.
    pub fn set_external(&mut self, key: ExternalKey, click: External) {
        self.write_early(Family::Externals, &key.encode(), &click.encode());
        self.externals.insert(key, click);
    }

    /// The imported click with a name in another system, as this slot leaves it.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged; so for every read here.
    pub fn external(
        &self,
        program: ProgramId,
        external: Fingerprint,
    ) -> Result<Option<External>, DerivedError> {
        let key = ExternalKey { program, external };
        match self.externals.get(&key) {
            Some(click) => Ok(Some(*click)),
            None => self
                .families
                .get(Family::Externals, &key.encode(), External::decode),
        }
    }
}

impl Families<'_> {
    /// When a visitor of an import last clicked.
    ///
    /// # Errors
    /// As [`Batch::external`].
    pub fn job_window(&self, key: JobWindowKey) -> Result<Option<Window>, DerivedError> {
        self.get(Family::JobWindows, &key.encode(), Window::decode)
    }

    /// Whether visitors of imports are kept: of none, once every import has ended.
    ///
    /// # Errors
    /// As [`Batch::external`].
    pub fn has_job_windows(&self) -> Result<bool, DerivedError> {
        let mut at = self.db.raw_iterator_cf(self.job_windows);
        at.seek_to_first();
        at.status()?;
        Ok(at.valid())
    }
}

impl View<'_> {
    /// The imported click with a name in another system.
    ///
    /// # Errors
    /// As [`Batch::external`].
    pub fn external(
        &self,
        program: ProgramId,
        external: Fingerprint,
    ) -> Result<Option<External>, DerivedError> {
        let key = ExternalKey { program, external };
        self.get(Family::Externals, &key.encode(), External::decode)
    }
}
