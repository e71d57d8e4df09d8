//! The thread that folds: waits for sealed slots, folds them in order, and changes generations.
//!
//! Called by the daemon: started after log and derived store are open, stopped before they close.
//! An error stops the fold for good and is kept for readiness; clicks and conversions go on being
//! taken, and the reports say as of when they are.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::catalog::Shelf;
use crate::derived::{Derived, Generation, Watermark};
use crate::log::Log;
use crate::model::id::Slot;
use crate::model::time::Millis;
use crate::telemetry::Metrics;

use super::error::FoldError;
use super::rebuild::{catch_up, refold};
use super::slot::Folder;
use super::trial::Trial;

/// How long the thread waits for a slot before it looks around.
const WAIT: Duration = Duration::from_millis(200);
/// Niceness of the threads that fold. Where they share a CPU with a public worker, a customer's
/// click comes first and the fold still gets a tenth of the time.
const NICENESS: i32 = 10;

/// Why the fold has stopped.
#[derive(Clone, Debug)]
struct Failure {
    message: String,
    exit_code: u8,
}

/// How the fold is doing, read by readiness and metrics on any thread.
#[derive(Debug, Default)]
pub struct FoldStatus {
    slot: AtomicU32,
    wall_end: AtomicI64,
    slots: AtomicU64,
    clicks: AtomicU64,
    submissions: AtomicU64,
    rebuilds: AtomicU64,
    rebuilding: AtomicBool,
    running: AtomicBool,
    failure: OnceLock<Failure>,
}

impl FoldStatus {
    /// How far the rows that serve go.
    #[must_use]
    pub fn watermark(&self) -> Watermark {
        Watermark {
            slot: Slot(self.slot.load(Ordering::Acquire)),
            wall_end: Millis(self.wall_end.load(Ordering::Acquire)),
        }
    }

    /// Slots folded since the start.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.slots.load(Ordering::Relaxed)
    }

    /// Clicks folded since the start.
    #[must_use]
    pub fn clicks(&self) -> u64 {
        self.clicks.load(Ordering::Relaxed)
    }

    /// Submissions folded since the start.
    #[must_use]
    pub fn submissions(&self) -> u64 {
        self.submissions.load(Ordering::Relaxed)
    }

    /// Rebuilds finished since the start.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        self.rebuilds.load(Ordering::Acquire)
    }

    /// Whether a rebuild is asked for or going on.
    #[must_use]
    pub fn is_rebuilding(&self) -> bool {
        self.rebuilding.load(Ordering::Acquire)
    }

    /// Whether the thread is alive.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Why the fold has stopped for good, if it has.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(|failure| failure.message.as_str())
    }

    /// The exit code that fits the failure: 65 for damaged data, else 75.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.failure.get().map(|failure| failure.exit_code)
    }

    fn publish(&self, at: Watermark) {
        self.wall_end.store(at.wall_end.0, Ordering::Release);
        self.slot.store(at.slot.0, Ordering::Release);
    }
}

#[derive(Debug, Default)]
struct Orders {
    stop: AtomicBool,
    rebuild: AtomicBool,
    /// What is to serve, once it is level.
    trial: Mutex<Option<Trial>>,
    /// Wakes the thread when it has nothing to wait for but orders.
    bell: (Mutex<()>, Condvar),
}

/// The running fold. Dropping it stops the thread and waits for it.
#[derive(Debug)]
pub struct Fold {
    status: Arc<FoldStatus>,
    orders: Arc<Orders>,
    thread: Option<JoinHandle<()>>,
}

impl Fold {
    /// Starts the thread; `metrics` shows what it does.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        log: Log,
        derived: Derived,
        shelf: Arc<Shelf>,
        metrics: Option<Arc<Metrics>>,
    ) -> Result<Self, FoldError> {
        let status = Arc::new(FoldStatus::default());
        let orders = Arc::new(Orders::default());
        status.publish(derived.watermark().unwrap_or_default());
        status.running.store(true, Ordering::Release);
        let mut worker = Worker {
            log,
            derived,
            shelf,
            metrics,
            status: Arc::clone(&status),
            orders: Arc::clone(&orders),
            rebuild: None,
        };
        let thread = std::thread::Builder::new()
            .name("fold".to_owned())
            .spawn(move || worker.run())
            .map_err(FoldError::Thread)?;
        Ok(Self {
            status,
            orders,
            thread: Some(thread),
        })
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> &Arc<FoldStatus> {
        &self.status
    }

    /// A handle for those who ask the fold for something without owning it.
    #[must_use]
    pub fn remote(&self) -> FoldRemote {
        FoldRemote {
            status: Arc::clone(&self.status),
            orders: Arc::clone(&self.orders),
        }
    }

    /// Stops the thread after the part of a slot it is at and waits for it.
    pub fn stop(&mut self) {
        self.orders.stop.store(true, Ordering::Release);
        {
            let _ring = self.orders.bell.0.lock();
            self.orders.bell.1.notify_all();
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the fold thread panicked");
        }
    }
}

impl Drop for Fold {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks a running fold for work. Cheap to clone; outlives the fold harmlessly.
#[derive(Clone, Debug)]
pub struct FoldRemote {
    status: Arc<FoldStatus>,
    orders: Arc<Orders>,
}

impl FoldRemote {
    /// Asks for the whole log to be folded again; see [`FoldStatus::rebuilds`] for its end.
    pub fn rebuild(&self) {
        self.status.rebuilding.store(true, Ordering::Release);
        self.orders.rebuild.store(true, Ordering::Release);
    }

    /// Asks for a trial whose judgement is in the log to serve; [`Derived::serving`] tells when.
    pub fn adopt(&self, trial: Trial) {
        *self.orders.trial.lock() = Some(trial);
    }

    /// Turns true when the fold stops; work on its behalf stops with it.
    #[must_use]
    pub fn stopping(&self) -> &AtomicBool {
        &self.orders.stop
    }

    /// How the fold is doing.
    #[must_use]
    pub fn status(&self) -> &FoldStatus {
        &self.status
    }

    /// Whether the fold is at work.
    ///
    /// # Errors
    /// Why it is not.
    pub fn alive(&self) -> Result<(), String> {
        if let Some(failure) = self.status.failure() {
            return Err(format!("the fold has stopped: {failure}"));
        }
        if self.status.is_running() {
            Ok(())
        } else {
            Err("the fold has ended".to_owned())
        }
    }
}

type Rebuild = JoinHandle<Result<Option<Folder>, FoldError>>;

struct Worker {
    log: Log,
    derived: Derived,
    shelf: Arc<Shelf>,
    metrics: Option<Arc<Metrics>>,
    status: Arc<FoldStatus>,
    orders: Arc<Orders>,
    rebuild: Option<Rebuild>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Also on the way of a panic.
        self.status.running.store(false, Ordering::Release);
    }
}

impl Worker {
    fn run(&mut self) {
        step_back();
        if let Err(error) = self.fold() {
            if let Some(metrics) = &self.metrics {
                metrics.fold.errors.increment(1);
            }
            tracing::error!(%error, "the fold has stopped; reports stand still");
            let failure = Failure {
                message: error.to_string(),
                exit_code: error.exit_code(),
            };
            // Set once, here: this thread ends now.
            let _kept = self.status.failure.set(failure);
        }
        self.orders.stop.store(true, Ordering::Release);
        if let Some(rebuild) = self.rebuild.take()
            && let Ok(Ok(Some(folder))) = rebuild.join()
        {
            folder.generation().retire();
        }
    }

    fn folder(&self, generation: Arc<Generation>) -> Folder {
        Folder::new(self.log.clone(), generation).sharing(Arc::clone(&self.shelf))
    }

    fn fold(&mut self) -> Result<(), FoldError> {
        let mut folder = self.folder(self.derived.serving());
        if !folder.is_of_this_log()? {
            tracing::warn!("derived store discarded: it was folded from another log");
            let fresh = self.derived.next_generation()?;
            self.derived.adopt(Arc::clone(&fresh))?;
            folder = self.folder(fresh);
        }
        if self.derived.outdated()? || folder.is_overruled()? {
            tracing::info!("the rules of the fold have changed: folding the log again");
            self.status.rebuilding.store(true, Ordering::Release);
            self.orders.rebuild.store(true, Ordering::Release);
        }
        while !self.stopped() {
            folder = self.change_generation(folder)?;
            let above = folder.mark().map_or(Slot(0), |mark| mark.slot);
            let sealed = self.log.wait_sealed(above, WAIT);
            if sealed <= above {
                self.rest();
                continue;
            }
            while let Some(slot) = folder.next_slot()?
                && slot <= sealed
                && !self.stopped()
            {
                self.fold_one(&mut folder, slot)?;
            }
        }
        Ok(())
    }

    fn fold_one(&self, folder: &mut Folder, slot: Slot) -> Result<(), FoldError> {
        let started = Instant::now();
        let Some(footer) = folder.fold(slot, &|| self.stopped())? else {
            return Ok(());
        };
        if let Some(metrics) = &self.metrics {
            folder.counts().publish(&metrics.fold, started.elapsed());
        }
        let status = &self.status;
        status.slots.fetch_add(1, Ordering::Relaxed);
        status
            .clicks
            .fetch_add(footer.clicks.into(), Ordering::Relaxed);
        let submissions = footer.submissions.into();
        status.submissions.fetch_add(submissions, Ordering::Relaxed);
        status.publish(Watermark {
            slot,
            wall_end: footer.wall_end,
        });
        Ok(())
    }

    fn stopped(&self) -> bool {
        self.orders.stop.load(Ordering::Acquire)
    }

    /// A failed log answers at once that nothing new is sealed; this keeps the thread from
    /// spinning until the process ends.
    fn rest(&self) {
        if self.log.failure().is_some() {
            let mut bell = self.orders.bell.0.lock();
            if !self.stopped() {
                self.orders.bell.1.wait_for(&mut bell, WAIT);
            }
        }
    }

    /// Starts a rebuild that was asked for; lets one that has finished, or a trial, serve.
    fn change_generation(&mut self, folder: Folder) -> Result<Folder, FoldError> {
        let trial = self.orders.trial.lock().take();
        if let Some(new) = trial.and_then(Trial::into_folder) {
            return self.adopt(&folder, new);
        }
        let finished = match self.rebuild.take() {
            None => {
                if self.orders.rebuild.swap(false, Ordering::AcqRel) {
                    self.rebuild = Some(self.start_rebuild()?);
                }
                return Ok(folder);
            }
            Some(running) if !running.is_finished() => {
                self.rebuild = Some(running);
                return Ok(folder);
            }
            Some(finished) => finished,
        };
        let rebuilt = finished.join();
        let folder = match rebuilt {
            Ok(Ok(Some(new))) if new.is_overruled()? => {
                tracing::info!("the past was judged anew during a rebuild: it begins again");
                new.generation().retire();
                self.orders.rebuild.store(true, Ordering::Release);
                folder
            }
            Ok(Ok(Some(new))) => self.adopt(&folder, new)?,
            Ok(Ok(None)) => folder,
            Ok(Err(error)) => {
                tracing::error!(%error, "the rebuild failed; the old rows serve on");
                folder
            }
            Err(_) => {
                tracing::error!("the rebuild panicked; the old rows serve on");
                folder
            }
        };
        // After the count, which tells those who wait whether it has succeeded.
        let asked_again = self.orders.rebuild.load(Ordering::Acquire);
        self.status.rebuilding.store(asked_again, Ordering::Release);
        Ok(folder)
    }

    /// Lets a generation serve once it is level with the one that serves.
    fn adopt(&self, old: &Folder, mut new: Folder) -> Result<Folder, FoldError> {
        // What was sealed since then; the old generation serves until it is level.
        let level = old.mark().map_or(Slot(0), |mark| mark.slot);
        catch_up(&mut new, level, &|| false, &mut |_, _| {})?;
        self.derived.adopt(Arc::clone(new.generation()))?;
        self.status.rebuilds.fetch_add(1, Ordering::AcqRel);
        Ok(new)
    }

    fn start_rebuild(&self) -> Result<Rebuild, FoldError> {
        let (log, derived) = (self.log.clone(), self.derived.clone());
        let (orders, shelf) = (Arc::clone(&self.orders), Arc::clone(&self.shelf));
        std::thread::Builder::new()
            .name("fold-rebuild".to_owned())
            .spawn(move || {
                step_back();
                refold(&log, &derived, shelf, &orders.stop, &mut |_, _| {})
            })
            .map_err(FoldError::Thread)
    }
}

/// Lets other threads of the process go before this one.
pub fn step_back() {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "the fold runs at the priority of the workers");
    }
}
