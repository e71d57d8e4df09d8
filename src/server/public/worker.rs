//! A public worker: one thread, one runtime, its own connections.
//!
//! The runtime runs nothing but this worker's connections, its accept loop, a housekeeper that
//! looks at every connection once a second, and in `durable` mode a listener for finished syncs.
//! Before it parks it ends the turn.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ahash::AHashMap;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::telemetry::label::{CloseReason, Listener};

use super::connection::front::{Front, Next};
use super::connection::line::{Line, Wire};
use super::connection::stamp::Stamp;
use super::service::Public;
use super::shared::Shared;
use super::turn;
use crate::server::page_load::PageLoads;

/// Bytes of a head that are buffered; a little above the longest target that hyper parses, so that
/// a longer one is told so (414) instead of being cut off.
const HEAD_BUFFER_BYTES: usize = 72 << 10;
/// Pause after an accept that failed, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections of which all are looked at at once, every second.
const FEW: usize = 256;
/// In how many parts more than a few are looked at in the course of a second. Thousands that came
/// together and are slow would otherwise be closed in one go, and customers wait meanwhile.
const PARTS: u64 = 32;
/// How often a worker looks at what waits for a sync or a stalled store.
const RESTLESS: Duration = Duration::from_millis(5);

/// How the public listener is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads.
    pub workers: usize,
    /// Connections of all workers together.
    pub connections_max: usize,
    /// Requests after which a connection is closed.
    pub requests_per_connection_max: u32,
    /// How long a connection may stay without a request.
    pub keep_alive: Duration,
}

/// The running workers.
#[derive(Debug)]
pub struct Handle {
    threads: Vec<JoinHandle<()>>,
    stop: watch::Sender<Stop>,
}

/// How far the stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    No,
    /// No new connections; the others end with their next answer.
    Drain,
    /// Now.
    Cut,
}

/// The connections of one worker.
#[derive(Default)]
struct Connections {
    next: Cell<u64>,
    open: RefCell<AHashMap<u64, (Rc<Line>, AbortHandle)>>,
}

/// Starts the workers on `listener`.
///
/// # Errors
/// The listener can't be shared, or a thread or its runtime can't be made.
pub fn start(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    options: &Options,
) -> io::Result<Handle> {
    listener.set_nonblocking(true)?;
    let (stop, _) = watch::channel(Stop::No);
    let mut threads = Vec::new();
    let page_loads = Arc::new(PageLoads::new(Arc::clone(shared)));
    for index in 0..options.workers.max(1) {
        let listener = listener.try_clone()?;
        let (shared, options, stop) = (Arc::clone(shared), options.clone(), stop.subscribe());
        let runtime = move || {
            Builder::new_current_thread()
                .enable_all()
                .on_thread_park(turn::end)
                .build_local(LocalOptions::default())
        };
        let page_loads = Arc::clone(&page_loads);
        let thread = std::thread::Builder::new().name(format!("public-{index}"));
        threads.push(thread.spawn(move || {
            turn::install(Arc::clone(&shared), page_loads);
            match runtime() {
                Ok(runtime) => runtime.block_on(serve(listener, shared, options, stop)),
                Err(error) => tracing::error!(%error, "a public worker has no runtime"),
            }
        })?);
    }
    Ok(Handle { threads, stop })
}

impl Handle {
    /// Stops accepting and lets every request at hand be answered, for at most `grace`; then cuts.
    /// Blocks until the workers have ended.
    pub fn stop(self, shared: &Shared, grace: Duration) {
        shared
            .draining
            .store(true, std::sync::atomic::Ordering::Relaxed);
        self.stop.send_replace(Stop::Drain);
        let deadline = std::time::Instant::now() + grace;
        while std::time::Instant::now() < deadline
            && self.threads.iter().any(|thread| !thread.is_finished())
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.stop.send_replace(Stop::Cut);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a public worker panicked");
            }
        }
    }
}

async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    options: Options,
    mut stop: watch::Receiver<Stop>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the public listener can't be polled");
            return;
        }
    };
    let clock = Rc::new(Cell::new(0));
    let connections = Rc::new(Connections::default());
    let house = tokio::task::spawn_local(keep_house(
        Rc::clone(&clock),
        Rc::clone(&connections),
        Arc::clone(&shared),
        u32::try_from(options.keep_alive.as_secs()).unwrap_or(u32::MAX),
    ));
    let syncs = tokio::task::spawn_local(follow_syncs(Arc::clone(&shared)));
    let mut drain = stop.clone();
    tokio::select! {
        () = accept(&listener, &shared, &options, &clock, &connections) => {}
        _ = drain.wait_for(|stop| *stop != Stop::No) => {}
    }
    drop(listener);
    // Connections between two requests are closed; the others close with their answer.
    loop {
        connections.close_idle();
        if connections.open.borrow().is_empty() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(RESTLESS) => {}
            _ = stop.wait_for(|stop| *stop == Stop::Cut) => {
                connections.close_all(&shared);
                break;
            }
        }
    }
    house.abort();
    syncs.abort();
    turn::end();
}

async fn accept(
    listener: &tokio::net::TcpListener,
    shared: &Arc<Shared>,
    options: &Options,
    clock: &Rc<Cell<u32>>,
    connections: &Rc<Connections>,
) {
    let http = &shared.metrics.http;
    let share = (options.connections_max / options.workers.max(1)).max(1);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if connections.open.borrow().len() >= share {
            http.rejected.add(Listener::Public, 1);
            continue;
        }
        http.accepted.add(Listener::Public, 1);
        let line = Line::new(stream, Stamp::new(Rc::clone(clock)));
        let left = options.requests_per_connection_max;
        connections.spawn(line, peer.ip(), left, shared);
    }
}

impl Connections {
    fn spawn(self: &Rc<Self>, line: Rc<Line>, peer: IpAddr, left: u32, shared: &Arc<Shared>) {
        let id = self.next.get();
        self.next.set(id + 1);
        let gauge = shared
            .metrics
            .http
            .connections
            .get(Listener::Public)
            .cloned();
        if let Some(gauge) = &gauge {
            gauge.increment(1);
        }
        let guard = Open {
            connections: Rc::clone(self),
            id,
            gauge,
        };
        let shared = Arc::clone(shared);
        let connection = Rc::clone(&line);
        let task = tokio::task::spawn_local(async move {
            let _guard = guard;
            serve_connection(connection, peer, left, &shared).await;
        });
        self.open
            .borrow_mut()
            .insert(id, (line, task.abort_handle()));
    }

    /// In how many parts they are looked at.
    fn parts(&self) -> u64 {
        let is_few = self.open.borrow().len() <= FEW;
        if is_few { 1 } else { PARTS }
    }

    /// Closes what is overdue in one of so many parts of the connections.
    fn sweep(&self, part: u64, parts: u64, shared: &Shared, keep_alive: u32) {
        for (id, (line, task)) in &*self.open.borrow() {
            if id % parts == part
                && let Some(reason) = line.stamp.overdue(keep_alive)
            {
                shared.metrics.http.closed.add(Listener::Public, reason, 1);
                task.abort();
            }
        }
    }

    fn close_idle(&self) {
        for (line, task) in self.open.borrow().values() {
            if line.stamp.is_idle() {
                task.abort();
            }
        }
    }

    fn close_all(&self, shared: &Shared) {
        for (_, task) in self.open.borrow().values() {
            shared
                .metrics
                .http
                .closed
                .add(Listener::Public, CloseReason::Shutdown, 1);
            task.abort();
        }
    }
}

/// Serves a connection to its end: by the front while its requests are plain, then by hyper.
async fn serve_connection(line: Rc<Line>, peer: IpAddr, left: u32, shared: &Shared) {
    let mut front = Front::new(Rc::clone(&line), peer, left);
    let (before, left) = match poll_fn(|context| front.poll(context)).await {
        Next::Hyper(before, left) => (before, left),
        Next::Close { lingers } => {
            let end = poll_fn(|context| {
                if lingers {
                    line.poll_close(context)
                } else {
                    line.poll_left(context)
                }
            });
            // A client that is gone needs no orderly close.
            drop(end.await);
            return;
        }
    };
    let io = TokioIo::new(Wire::new(Rc::clone(&line), before));
    let service = Public {
        peer,
        left: Cell::new(left),
        line,
    };
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BUFFER_BYTES).half_close(true);
    // Boxed, so that the many connections that never come here stay small.
    let connection = Box::pin(builder.serve_connection(io, service));
    if let Err(error) = connection.await
        && error.is_parse()
    {
        shared.metrics.http.parse_errors.add(Listener::Public, 1);
    }
}

/// Forgets a connection when its task ends, however it ends.
struct Open {
    connections: Rc<Connections>,
    id: u64,
    gauge: Option<metrics::Gauge>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.id);
        if let Some(gauge) = &self.gauge {
            gauge.decrement(1);
        }
    }
}

/// Ticks the clock and closes what is overdue; while something waits for a sync or a stalled store,
/// looks at it every few milliseconds.
async fn keep_house(
    clock: Rc<Cell<u32>>,
    connections: Rc<Connections>,
    shared: Arc<Shared>,
    keep_alive: u32,
) {
    let started = tokio::time::Instant::now();
    let nudge = turn::with(|turn| turn.nudge()).unwrap_or_default();
    let mut last = 0;
    loop {
        let restless = turn::with(|turn| {
            turn.release();
            turn.is_restless()
        });
        let pause = if restless == Some(true) {
            RESTLESS
        } else {
            Duration::from_millis(1_000 / connections.parts())
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = nudge.notified(), if restless != Some(true) => {}
        }
        let elapsed = started.elapsed();
        clock.set(u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX));
        let parts = connections.parts();
        let step = u64::try_from(elapsed.as_millis()).unwrap_or(0) * parts / 1_000;
        if step != last {
            last = step;
            connections.sweep(step % parts, parts, &shared, keep_alive);
        }
    }
}

/// Settles the turns that a finished sync covers; also when the log fails.
async fn follow_syncs(shared: Arc<Shared>) {
    let mut syncs = shared.log.watch_durable();
    let mut failed = shared.log.failed();
    loop {
        tokio::select! {
            changed = syncs.changed() => if changed.is_err() { return },
            _ = failed.wait_for(|failed| *failed) => {
                turn::with(turn::Turn::release);
                return;
            }
        }
        turn::with(turn::Turn::release);
    }
}
