//! What the API's endpoints share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ahash::AHashMap;
use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::catalog::Catalog;
use crate::derived::{Derived, DerivedError, RefusedLine, Settled, Stop, UploadCount, View};
use crate::log::Log;
use crate::model::click_id::ClickId;
use crate::model::id::{JobId, SubmissionId};
use crate::report::{Held, Source};
use crate::server::page_load::PageLoads;
use crate::telemetry::metric::Metrics;

use super::files::Files;
use super::keys::{HashKey, KeyError, KeyTable};
use super::pins::Pins;

/// What the API reads of the fold's results. [`Derived`] is the one that serves.
pub trait Figures: Source + Send + Sync {
    /// What became of a submission; nothing before it was folded.
    ///
    /// # Errors
    /// It can't be read.
    fn outcome(&self, id: SubmissionId) -> Result<Option<Settled>, DerivedError>;

    /// How much of each uploaded file is settled.
    ///
    /// # Errors
    /// It can't be read.
    fn uploads(&self) -> Result<AHashMap<JobId, UploadCount>, DerivedError>;

    /// How much of one uploaded file is settled.
    ///
    /// # Errors
    /// It can't be read.
    fn upload(&self, job: JobId) -> Result<UploadCount, DerivedError>;

    /// Lines of an uploaded file whose entries were refused.
    ///
    /// # Errors
    /// They can't be read.
    fn refused_lines(&self, job: JobId) -> Result<Vec<RefusedLine>, DerivedError>;

    /// Hands a view of one moment to `read`, whose long reads end when `stop` is set.
    ///
    /// # Errors
    /// There is none.
    fn at_one_moment(
        &self,
        stop: &Stop,
        read: &mut dyn FnMut(&View<'_>),
    ) -> Result<(), DerivedError>;
}

impl Figures for Derived {
    fn outcome(&self, id: SubmissionId) -> Result<Option<Settled>, DerivedError> {
        Self::outcome(self, id)
    }

    fn uploads(&self) -> Result<AHashMap<JobId, UploadCount>, DerivedError> {
        let mut uploads: AHashMap<JobId, UploadCount> = AHashMap::new();
        self.serving()
            .view()?
            .for_each_upload(&mut |key, count| uploads.entry(key.job).or_default().add(count))?;
        Ok(uploads)
    }

    fn upload(&self, job: JobId) -> Result<UploadCount, DerivedError> {
        let mut all = UploadCount::default();
        for (_, count) in self.serving().view()?.upload(job)? {
            all.add(count);
        }
        Ok(all)
    }

    fn refused_lines(&self, job: JobId) -> Result<Vec<RefusedLine>, DerivedError> {
        self.serving().view()?.refused_lines(job)
    }

    fn at_one_moment(
        &self,
        stop: &Stop,
        read: &mut dyn FnMut(&View<'_>),
    ) -> Result<(), DerivedError> {
        let serving = self.serving();
        read(&serving.view()?.until(stop));
        Ok(())
    }
}

/// Bounds of the API. The defaults are those of production; tests shorten the times.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time; more are closed at once.
    pub connections: usize,
    /// How long a head may take, and an idle connection stay.
    pub head: Duration,
    /// How long a body may take.
    pub body: Duration,
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// How long a submission waits for its turn and for its sync.
    pub store: Duration,
    /// How long a report waits for its turn.
    pub report_turn: Duration,
    /// Submissions and look-ups on the blocking pool at a time.
    pub store_calls: usize,
    /// Reports being read at a time.
    pub reports: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(10),
            body: Duration::from_secs(10),
            body_bytes: 64 << 10,
            store: Duration::from_secs(10),
            report_turn: Duration::from_secs(2),
            store_calls: 32,
            reports: 4,
        }
    }
}

/// Verifies a click id.
pub type Verify = dyn Fn(&str) -> Option<ClickId> + Send + Sync;

/// Everything a request is answered from. Shared by all connections.
pub struct ApiState {
    /// The log.
    pub log: Log,
    /// The catalogue in force.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// The fold's results.
    pub figures: Arc<dyn Figures>,
    /// Verifies click ids.
    pub verify: Box<Verify>,
    /// Bounds.
    pub limits: Limits,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where uploaded files go.
    pub files: Files,
    /// Takes arrivals on pages of brands.
    pub page_loads: Option<PageLoads>,
    pub(super) hash_key: HashKey,
    pub(super) keys: ArcSwap<KeyTable>,
    pub(super) pins: Pins,
    pub(super) held: Held,
    pub(super) store_turns: Semaphore,
    pub(super) report_turns: Arc<Semaphore>,
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiState")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl ApiState {
    /// The state of an API over these stores; reads the keys from the log.
    ///
    /// # Errors
    /// The keys can't be read.
    pub fn new(
        log: Log,
        catalog: Arc<ArcSwap<Catalog>>,
        figures: Arc<dyn Figures>,
        verify: Box<Verify>,
        hash_key: HashKey,
        limits: Limits,
        metrics: Arc<Metrics>,
    ) -> Result<Self, KeyError> {
        Ok(Self {
            keys: ArcSwap::from_pointee(KeyTable::load(&log)?),
            pins: Pins::load(&log)?,
            held: Held::default(),
            store_turns: Semaphore::new(limits.store_calls),
            report_turns: Arc::new(Semaphore::new(limits.reports)),
            files: Files::beside(&log),
            log,
            catalog,
            figures,
            verify,
            limits,
            metrics,
            page_loads: None,
            hash_key,
        })
    }

    /// Reads the keys again, after one was made or revoked. Blocking.
    ///
    /// # Errors
    /// The keys can't be read; the old ones stay.
    pub fn reload_keys(&self) -> Result<(), KeyError> {
        self.keys.store(Arc::new(KeyTable::load(&self.log)?));
        self.pins.reload(&self.log)
    }
}
