//! Connections that send a request head one byte at a time and never finish it.
//!
//! The daemon closes such a connection; it is opened again at once, so that their number stays.
//! Each is a task that sleeps in the runtime's timer wheel and wakes only for its next byte or its
//! end. They come from several loopback addresses, so that ports do not run out while closed
//! connections linger in the kernel. Dropping [`Slow`] closes all.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// The head that is never finished.
const HEAD: &[u8] = b"GET /c/1/1/7?subId1=slow HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
/// How long a connection may take to open.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait after a connection that could not be opened.
const RETRY: Duration = Duration::from_millis(100);

/// What the connections have seen.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Connections opened.
    pub(super) opened: Cell<u64>,
    /// Bytes sent.
    pub(super) bytes: Cell<u64>,
    /// Connections that the daemon closed.
    pub(super) closed: Cell<u64>,
    /// How many of them sooner than after one gap between two bytes.
    pub(super) early: Cell<u64>,
    /// Connections that could not be opened.
    pub(super) failed: Cell<u64>,
}

/// The connections.
pub(super) struct Slow {
    /// What they have seen.
    pub(super) counts: Rc<Counts>,
    // Dropping it ends the tasks.
    _tasks: JoinSet<()>,
}

impl Slow {
    /// Opens `connections` to `target`, evenly over `ramp`, and goes on in the background; each
    /// sends a byte every `gap`.
    pub(super) fn start(
        target: SocketAddr,
        connections: u16,
        gap: Duration,
        ramp: Duration,
    ) -> Self {
        let counts = Rc::new(Counts::default());
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for n in 0..connections {
            let due = start + ramp * u32::from(n) / u32::from(connections.max(1));
            let counts = counts.clone();
            tasks.spawn_local(async move {
                tokio::time::sleep_until(due.into()).await;
                hold(target, source(n), gap, &counts).await;
            });
        }
        Self {
            counts,
            _tasks: tasks,
        }
    }
}

/// The address of connection `n`: one of eight, none of them the one that honest clicks use.
fn source(n: u16) -> Ipv4Addr {
    let [_, low] = (n % 8).to_be_bytes();
    Ipv4Addr::new(127, 0, 0, 2 + low)
}

/// Opens the connection again and again, until the task is dropped.
async fn hold(target: SocketAddr, source: Ipv4Addr, gap: Duration, counts: &Counts) {
    loop {
        let opening = tokio::time::timeout(OPEN_LIMIT, open(target, source));
        let Ok(Ok(stream)) = opening.await else {
            add(&counts.failed, 1);
            tokio::time::sleep(RETRY).await;
            continue;
        };
        add(&counts.opened, 1);
        let begun = Instant::now();
        trickle(stream, gap, counts).await;
        add(&counts.closed, 1);
        add(&counts.early, u64::from(begun.elapsed() < gap));
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

fn add(counter: &Cell<u64>, more: u64) {
    counter.set(counter.get() + more);
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::http::mock::run;

    #[test]
    fn heads_trickle_and_closed_connections_come_back() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let gap = Duration::from_millis(20);
            let slow = Slow::start(target, 1, gap, Duration::ZERO);
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
            let counts = &slow.counts;
            assert_eq!((counts.opened.get(), counts.closed.get()), (3, 2));
            assert_eq!((counts.early.get(), counts.failed.get()), (1, 0));
            assert!(counts.bytes.get() >= 4);
        });
    }

    #[test]
    fn dropping_them_closes_all() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let target = listener.local_addr().unwrap();
            let slow = Slow::start(target, 1, Duration::from_secs(60), Duration::ZERO);
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
