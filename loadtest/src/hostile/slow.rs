//! Connections that send a request head one byte at a time and never finish it.
//!
//! The daemon closes such a connection; it is opened again at once, so that their number stays.
//! Each is a task that sleeps in the timer wheel of its runtime and wakes only for its next byte
//! or its end. The daemon ends hundreds of them in the same moment, so they have a thread of their
//! own: on the thread of the honest clicks these would wait for all that opening, and the tool
//! would measure itself. They come from several loopback addresses, so that ports do not run out
//! while closed connections linger in the kernel. Dropping [`Slow`] closes all.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};

/// The head that is never finished.
const HEAD: &[u8] = b"GET /c/1/1/7?subId1=slow HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
/// How long a connection may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait after a connection that could not be opened.
const RETRY: Duration = Duration::from_millis(100);

/// What the connections have seen.
#[derive(Debug, Default)]
pub(super) struct Counts {
    opened: AtomicU64,
    bytes: AtomicU64,
    closed: AtomicU64,
    early: AtomicU64,
    failed: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Connections opened.
    pub(super) opened: u64,
    /// Bytes sent.
    pub(super) bytes: u64,
    /// Connections that the daemon closed.
    pub(super) closed: u64,
    /// How many of them sooner than after one gap between two bytes.
    pub(super) early: u64,
    /// Connections that could not be opened.
    pub(super) failed: u64,
}

/// What every connection does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Where it leads.
    pub(super) target: SocketAddr,
    /// How many there are.
    pub(super) connections: u16,
    /// Between two bytes.
    pub(super) gap: Duration,
    /// Over which time they are opened first.
    pub(super) ramp: Duration,
}

/// The connections.
pub(super) struct Slow {
    counts: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Slow {
    /// Opens the connections and goes on in the background.
    pub(super) fn start(plan: Plan) -> Result<Self> {
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let shared = counts.clone();
        let thread = std::thread::Builder::new()
            .name("slow".to_owned())
            .spawn(move || {
                runtime.block_on(LocalSet::new().run_until(hold_all(plan, shared, stopped)));
            })?;
        Ok(Self {
            counts,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// What they have seen so far.
    pub(super) fn seen(&self) -> Seen {
        let counts = &self.counts;
        let [opened, bytes, closed, early, failed] = [
            &counts.opened,
            &counts.bytes,
            &counts.closed,
            &counts.early,
            &counts.failed,
        ]
        .map(|counter| counter.load(Ordering::Relaxed));
        Seen {
            opened,
            bytes,
            closed,
            early,
            failed,
        }
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told by itself.
            drop(thread.join());
        }
    }
}

/// Holds all connections until `stopped`.
async fn hold_all(plan: Plan, counts: Arc<Counts>, stopped: oneshot::Receiver<()>) {
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for n in 0..plan.connections {
        let due = start + plan.ramp * u32::from(n) / u32::from(plan.connections.max(1));
        let counts = counts.clone();
        tasks.spawn_local(async move {
            tokio::time::sleep_until(due.into()).await;
            hold(plan, source(n), &counts).await;
        });
    }
    // It ends by an error, because the other end is dropped.
    drop(stopped.await);
}

/// The address of connection `n`: one of eight, none of them the one that honest clicks use.
fn source(n: u16) -> Ipv4Addr {
    let [_, low] = (n % 8).to_be_bytes();
    Ipv4Addr::new(127, 0, 0, 2 + low)
}

/// Opens the connection again and again, until the task is dropped.
async fn hold(plan: Plan, source: Ipv4Addr, counts: &Counts) {
    loop {
        let opening = tokio::time::timeout(OPEN_LIMIT, open(plan.target, source));
        let Ok(Ok(stream)) = opening.await else {
            add(&counts.failed, 1);
            tokio::time::sleep(RETRY).await;
            continue;
        };
        add(&counts.opened, 1);
        let begun = Instant::now();
        trickle(stream, plan.gap, counts).await;
        add(&counts.closed, 1);
        add(&counts.early, u64::from(begun.elapsed() < plan.gap));
    }
}

async fn open(target: SocketAddr, source: Ipv4Addr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    Ok(socket.connect(target).await?)
}

/// Sends a byte every `gap` until the daemon closes the connection.
async fn trickle(mut stream: TcpStream, gap: Duration, counts: &Counts) {
    let mut scratch = [0; 256];
    for byte in HEAD.iter().chain(std::iter::repeat(&b'x')) {
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
        add(&counts.bytes, 1);
        let next = tokio::time::Instant::now() + gap;
        // A last answer may come before the end; only the end counts.
        while let Ok(read) = tokio::time::timeout_at(next, stream.read(&mut scratch)).await {
            if !read.is_ok_and(|read| read > 0) {
                return;
            }
        }
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::mock::run;

    fn one(target: SocketAddr, gap: Duration) -> Slow {
        Slow::start(Plan {
            target,
            connections: 1,
            gap,
            ramp: Duration::ZERO,
        })
        .unwrap()
    }

    #[test]
    fn heads_trickle_and_closed_connections_come_back() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let gap = Duration::from_millis(20);
            let slow = one(target, gap);
            for bytes in [3, 1] {
                let (mut stream, peer) = listener.accept().await.unwrap();
                assert_eq!(peer.ip(), Ipv4Addr::new(127, 0, 0, 2));
                let begun = Instant::now();
                let mut head = vec![0; bytes];
                stream.read_exact(&mut head).await.unwrap();
                assert_eq!(head, HEAD[..bytes]);
                let pauses = u32::try_from(bytes).unwrap() - 1;
                assert!(begun.elapsed() + Duration::from_millis(5) >= gap * pauses);
                stream
                    .write_all(b"HTTP/1.1 408 Slow\r\n\r\n")
                    .await
                    .unwrap();
            }
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            let seen = slow.seen();
            assert_eq!((seen.opened, seen.closed), (3, 2));
            assert_eq!((seen.early, seen.failed), (1, 0));
            assert!(seen.bytes >= 4);
        });
    }

    #[test]
    fn dropping_them_closes_all() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let slow = one(target, Duration::from_secs(60));
            let (mut stream, _) = listener.accept().await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), b'G');
            drop(slow);
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        });
    }

    #[test]
    fn sources_are_eight_addresses_apart_from_the_honest_one() {
        let seen: std::collections::HashSet<_> = (0..100).map(source).collect();
        assert_eq!(seen.len(), 8);
        assert!(
            seen.iter()
                .all(|ip| ip.is_loopback() && *ip != Ipv4Addr::LOCALHOST)
        );
    }
}
