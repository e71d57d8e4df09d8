//! Reads uploaded files into the log, one after the other in the order they came.
//!
//! Runs alone on the thread `clerk`. A file that can't be gone on with waits behind the others.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::config::Config;
use crate::job::batch::check::Known;
use crate::job::batch::{self, BatchError, BatchRecord, Context, Spool, SpoolError, spool};
use crate::log::Log;
use crate::model::id::JobId;
use crate::server::api::changes;
use crate::telemetry::metric::Metrics;

use super::stores::Stores;

/// How long it waits for a file before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_secs(1);
/// Lower than that of whatever answers a customer.
const NICENESS: i32 = 10;

/// The uploaded files that wait, those of the process before this one among them.
pub(super) fn spool(config: &Config, log: &Log) -> Result<Arc<Spool>, SpoolError> {
    let directory = config.jobs.directory.clone();
    let spool = Spool::new(directory.unwrap_or_else(|| config.store.directory.join("spool")));
    spool.recover(log)?;
    Ok(Arc::new(spool))
}

/// The running thread.
pub(super) struct Clerk {
    thread: JoinHandle<()>,
    spool: Arc<Spool>,
    stop: Arc<AtomicBool>,
}

impl Clerk {
    /// Starts the thread.
    pub(super) fn start(
        stores: &Arc<Stores>,
        spool: Arc<Spool>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work {
            stores: Arc::clone(stores),
            spool: Arc::clone(&spool),
            metrics,
            stop: Arc::clone(&stop),
        };
        let thread = std::thread::Builder::new().name("clerk".to_owned());
        let thread = thread.spawn(move || work.run())?;
        Ok(Self {
            thread,
            spool,
            stop,
        })
    }

    /// Ends the thread after the commit it is at.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        self.spool.wake();
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the thread that reads uploaded files panicked");
        }
    }
}

/// What it works with.
struct Work {
    stores: Arc<Stores>,
    spool: Arc<Spool>,
    metrics: Arc<Metrics>,
    stop: Arc<AtomicBool>,
}

impl Work {
    /// The thread's whole life.
    fn run(&self) {
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
            tracing::debug!(%error, "the clerk's niceness stays as it is");
        }
        while !self.stop.load(Ordering::Acquire) {
            let Some(job) = self.spool.next(PATIENCE) else {
                continue;
            };
            self.metrics.job.running.set(1.0);
            let done = self.take(job);
            self.metrics.job.running.set(0.0);
            match done {
                Ok(Some(record)) => tracing::info!(
                    %job,
                    rows = record.cursor,
                    stored = record.stored,
                    refused = record.refused,
                    "an uploaded file is done"
                ),
                Ok(None) | Err(BatchError::Stopped) => {}
                Err(error) => {
                    tracing::warn!(%job, %error, "an uploaded file is not done; tried again");
                    self.spool.push(job);
                    std::thread::park_timeout(PATIENCE);
                }
            }
        }
    }

    /// Reads a file to its end, unless that was done.
    fn take(&self, job: JobId) -> Result<Option<BatchRecord>, BatchError> {
        let stores = &self.stores;
        let record = spool::find(&stores.log, job)?;
        let Some(record) = record.filter(|record| record.completed.is_none()) else {
            return Ok(None);
        };
        let context = Context {
            log: &stores.log,
            spool: &self.spool,
            catalog: &stores.catalog,
            known: Known {
                verify: &|text| stores.signer.verify(text.as_bytes()),
                parts_of: &changes::parts_of,
                resolve: &|asked| changes::find(&stores.log, &stores.derived, asked),
            },
            metrics: &self.metrics,
        };
        batch::run(&context, record, &self.stop).map(Some)
    }
}
