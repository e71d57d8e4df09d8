//! The postbacks thread: started after log, derived store and fold, stopped before them.
//!
//! It has an event loop of its own, so that nothing a receiver does holds up clicks or the API. An
//! error of the stores stops it for good and is kept for readiness; events then wait in the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::config::secrets::KEY_LEN;
use crate::config::settings;
use crate::log::Clock;
use crate::model::time::Millis;
use crate::telemetry::Metrics;

use super::deliver::{Delivery, Order, Pace, WAITING_MAX};
use super::error::{PostbackError, ReplayError};
use super::history::{self, Which};
use super::ledger::Ledger;
use super::queue::{Limits, Queue};
use super::schedule::{self, Patience};
use super::send::Sender;
use super::source::Source;
use super::tls;

/// Tries of one destination under way at once.
const EACH: usize = 4;
/// How long an order may take.
const ANSWER: Duration = Duration::from_secs(30);

/// What the thread works with.
pub struct Context {
    /// `[postbacks]` of the configuration.
    pub settings: settings::Postbacks,
    /// `shutdown.grace`: how long a stop waits for tries under way.
    pub grace: Duration,
    /// The key-hash key, which secrets of destinations are derived from.
    pub key: [u8; KEY_LEN],
    /// Where events are remembered.
    pub ledger: Arc<dyn Ledger>,
    /// Where new events come from.
    pub source: Box<dyn Source>,
    /// The process clock.
    pub clock: Clock,
    /// Shows what the thread does.
    pub metrics: Option<Arc<Metrics>>,
}

/// How the postbacks are doing, read on any thread.
#[derive(Debug, Default)]
pub struct PostbackStatus {
    running: AtomicBool,
    failure: OnceLock<String>,
}

impl PostbackStatus {
    /// Whether the thread is alive.
    ///
    /// # Errors
    /// Why it is not.
    pub fn alive(&self) -> Result<(), String> {
        if let Some(failure) = self.failure.get() {
            Err(format!("postbacks have stopped: {failure}"))
        } else if self.running.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err("postbacks have ended".to_owned())
        }
    }
}

/// The running thread. Dropping it stops the thread and waits for it.
#[derive(Debug)]
pub struct Postbacks {
    status: Arc<PostbackStatus>,
    remote: PostbacksRemote,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread.
///
/// # Errors
/// `postbacks.ca_file` does not read, or the system gives no thread.
pub fn start(context: Context) -> Result<Postbacks, PostbackError> {
    let first = context.settings.first_wait;
    let pace = move |tries, random| schedule::next(first, tries, random);
    start_at(context, Box::new(pace))
}

/// Starts the thread with waits between tries by `pace`: a test can't wait as long as they are.
pub(super) fn start_at(context: Context, pace: Pace) -> Result<Postbacks, PostbackError> {
    let settings = &context.settings;
    let sender = Sender {
        tls: tls::client(settings.ca_file.as_deref())?,
        allow_private: settings.allow_private,
        timeout: settings.timeout,
    };
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("postback-names")
        .build()
        .map_err(PostbackError::Thread)?;
    let limits = Limits {
        each: EACH,
        all: settings.connections_max,
    };
    let patience = Patience {
        tries_max: settings.tries_max,
        give_up_after: settings.give_up_after,
    };
    let (orders, inbox) = unbounded_channel();
    let status = Arc::new(PostbackStatus::default());
    status.running.store(true, Ordering::Release);
    let remote = PostbacksRemote {
        orders,
        ledger: Arc::clone(&context.ledger),
    };
    let delivery = Delivery {
        ledger: context.ledger,
        source: context.source,
        sender,
        key: context.key,
        patience,
        pace,
        keep_log: context.settings.keep_log,
        clock: context.clock,
        metrics: context.metrics,
        queue: Queue::new(limits),
        tries: JoinSet::new(),
        names: ahash::AHashMap::new(),
        cursors: ahash::AHashMap::new(),
        unsaved: ahash::AHashSet::new(),
        round: std::collections::VecDeque::new(),
    };
    let running = Running(Arc::clone(&status));
    let grace = context.grace;
    let thread = std::thread::Builder::new()
        .name("postbacks".to_owned())
        .spawn(move || {
            let ended = runtime.block_on(delivery.run(inbox, grace));
            // A name's look-up that hangs must not hold up the stop.
            runtime.shutdown_background();
            if let Err(error) = ended {
                tracing::error!(%error, "postbacks have stopped; events wait");
                // Set once, here: this thread ends now.
                let _kept = running.0.failure.set(error.to_string());
            }
        })
        .map_err(PostbackError::Thread)?;
    Ok(Postbacks {
        status,
        remote,
        thread: Some(thread),
    })
}

/// Marks the thread as ended, also on the way of a panic.
struct Running(Arc<PostbackStatus>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Release);
    }
}

impl Postbacks {
    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> &Arc<PostbackStatus> {
        &self.status
    }

    /// A handle for those who ask for something without owning the thread.
    #[must_use]
    pub fn remote(&self) -> PostbacksRemote {
        self.remote.clone()
    }

    /// Makes no further try, waits for those under way, and for the thread.
    pub fn stop(&mut self) {
        // A thread that has ended takes no orders and needs none.
        let _told = self.remote.orders.send(Order::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the postbacks thread panicked");
        }
    }
}

impl Postbacks {
    /// Makes no further try and waits for nothing: for an end in which threads may hang.
    pub fn abandon(&mut self) {
        // As for a stop.
        let _told = self.remote.orders.send(Order::Stop);
        drop(self.thread.take());
    }
}

impl Drop for Postbacks {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a replay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Events that are sent again; those that wait anyway are not counted.
    pub events: usize,
    /// When the first event ended that there was no room for: a replay since then goes on.
    pub left_from: Option<Millis>,
}

/// Asks the running thread for work. Cheap to clone; outlives the thread harmlessly.
#[derive(Clone)]
pub struct PostbacksRemote {
    orders: UnboundedSender<Order>,
    ledger: Arc<dyn Ledger>,
}

impl std::fmt::Debug for PostbacksRemote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostbacksRemote")
    }
}

impl PostbacksRemote {
    /// Sends the events of `destination` again that `which` means, at most 10,000 of them. Waits
    /// for the disk and the thread: not to be called on an event loop.
    ///
    /// # Errors
    /// The ledger can't be read, or the thread has stopped.
    pub fn replay(&self, destination: u32, which: &Which) -> Result<Replayed, ReplayError> {
        let chosen = history::select(&*self.ledger, destination, which, WAITING_MAX)?;
        let (reply, answer) = std::sync::mpsc::channel();
        let order = Order::Again {
            destination,
            rows: chosen.rows,
            reply,
        };
        if self.orders.send(order).is_err() {
            return Err(ReplayError::NotRunning);
        }
        let answer = answer.recv_timeout(ANSWER);
        let events = answer.map_err(|_| ReplayError::NotRunning)?;
        Ok(Replayed {
            events,
            left_from: chosen.left_from,
        })
    }
}
