//! Bounds on the patience with one connection, without a timer for each.
//!
//! Hot path. The socket is wrapped so that it notes, in whole seconds of a clock that the worker
//! ticks, when a head began to arrive, when anything last arrived, and since when the client takes
//! no bytes. Once a second the worker asks every connection whether it is overdue.
//!
//! A socket that is closed while bytes lie unread makes the kernel throw away what was answered
//! but not yet taken. So a close tells the client that nothing more will come, and then reads, for
//! a short while and a bounded amount, until the client has closed too (RFC 9112, 9.6).

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::telemetry::label::CloseReason;

/// Seconds that a head may take, from its first byte or, on a new connection, from its accept.
pub const HEAD_SECONDS: u32 = 10;
/// Seconds that a client may take no bytes of an answer.
pub const WRITE_SECONDS: u32 = 10;

/// Seconds that a client may take to close once it has its last answer.
pub const LINGER_SECONDS: u32 = 2;
/// Bytes that are read and dropped meanwhile.
const LINGER_BYTES_MAX: usize = 1 << 20;

/// Notes of one connection, in seconds of the worker's clock.
#[derive(Debug)]
pub(super) struct Stamp {
    clock: Rc<Cell<u32>>,
    /// When the head at hand began; `None` between requests.
    head_since: Cell<Option<u32>>,
    /// When the last request was complete.
    idle_since: Cell<u32>,
    /// Whether a request waits for its answer.
    answering: Cell<bool>,
    /// Since when the client takes no bytes.
    write_since: Cell<Option<u32>>,
    /// Since when nothing more will be answered.
    closing_since: Cell<Option<u32>>,
}

impl Stamp {
    /// Notes of a connection accepted now.
    pub(super) fn new(clock: Rc<Cell<u32>>) -> Rc<Self> {
        let now = clock.get();
        Rc::new(Self {
            clock,
            head_since: Cell::new(Some(now)),
            idle_since: Cell::new(now),
            answering: Cell::new(false),
            write_since: Cell::new(None),
            closing_since: Cell::new(None),
        })
    }

    /// The head of a request is complete.
    pub(super) fn head_done(&self) {
        self.head_since.set(None);
        self.answering.set(true);
        self.idle_since.set(self.clock.get());
    }

    /// Why the connection must be closed now, if it must.
    pub(super) fn overdue(&self, keep_alive: u32) -> Option<CloseReason> {
        let now = self.clock.get();
        let over = |since: Option<u32>, limit| since.is_some_and(|since| now - since > limit);
        if over(self.closing_since.get(), LINGER_SECONDS) {
            Some(CloseReason::Lingering)
        } else if over(self.write_since.get(), WRITE_SECONDS) {
            Some(CloseReason::WriteStalled)
        } else if over(self.head_since.get(), HEAD_SECONDS) {
            Some(CloseReason::SlowHead)
        } else if self.is_idle() && over(Some(self.idle_since.get()), keep_alive) {
            Some(CloseReason::Idle)
        } else {
            None
        }
    }

    /// Whether no head is arriving and no answer is due or on its way out.
    pub(super) fn is_idle(&self) -> bool {
        self.head_since.get().is_none() && !self.answering.get() && self.write_since.get().is_none()
    }
}

/// A socket that keeps notes.
pub(super) struct Watched {
    stream: TcpStream,
    stamp: Rc<Stamp>,
    /// Bytes dropped since the close.
    dropped: usize,
}

impl Watched {
    /// Wraps `stream`.
    pub(super) fn new(stream: TcpStream, stamp: Rc<Stamp>) -> Self {
        Self {
            stream,
            stamp,
            dropped: 0,
        }
    }

    fn wrote<T>(&self, poll: Poll<T>) -> Poll<T> {
        if poll.is_ready() {
            self.stamp.answering.set(false);
            self.stamp.write_since.set(None);
        } else if self.stamp.write_since.get().is_none() {
            self.stamp.write_since.set(Some(self.stamp.clock.get()));
        }
        poll
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && self.stamp.head_since.get().is_none() {
            self.stamp.head_since.set(Some(self.stamp.clock.get()));
        }
        poll
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stamp.closing_since.get().is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.stamp.closing_since.set(Some(self.stamp.clock.get()));
        }
        let mut scratch = [0; 4_096];
        while self.dropped < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.dropped += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[test]
    fn each_kind_of_delay_has_its_bound() {
        let clock = Rc::new(Cell::new(100));
        let stamp = Stamp::new(Rc::clone(&clock));
        let at = |seconds: u32| {
            clock.set(100 + seconds);
            stamp.overdue(75)
        };
        assert_eq!(
            (at(10), at(11)),
            (None, Some(CloseReason::SlowHead)),
            "nothing was sent"
        );
        clock.set(100);
        stamp.head_done();
        assert_eq!(
            (stamp.is_idle(), at(76)),
            (false, None),
            "its answer is due"
        );
        stamp.answering.set(false);
        assert!(stamp.is_idle());
        assert_eq!((at(75), at(76)), (None, Some(CloseReason::Idle)));
        stamp.head_since.set(Some(170));
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::SlowHead)));
        stamp.head_since.set(None);
        stamp.write_since.set(Some(170));
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::WriteStalled)));
        assert!(!stamp.is_idle());
        stamp.closing_since.set(Some(170));
        assert_eq!((at(72), at(73)), (None, Some(CloseReason::Lingering)));
    }

    /// A connected pair; the second end is watched.
    async fn pair(clock: &Rc<Cell<u32>>) -> (TcpStream, Watched, Rc<Stamp>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let stamp = Stamp::new(Rc::clone(clock));
        (client, Watched::new(stream, Rc::clone(&stamp)), stamp)
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_noticed_and_forgiven() {
        let clock = Rc::new(Cell::new(5));
        let (mut client, mut watched, stamp) = pair(&clock).await;
        stamp.head_done();
        let bytes = vec![0; 1 << 20];
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut sent = 0;
        while let Poll::Ready(written) = Pin::new(&mut watched).poll_write(&mut context, &bytes) {
            sent += written.unwrap();
        }
        clock.set(16);
        assert_eq!(stamp.overdue(75), Some(CloseReason::WriteStalled));
        let mut taken = vec![0; sent];
        client.read_exact(&mut taken).await.unwrap();
        watched.write_all(b"more").await.unwrap();
        assert_eq!(stamp.overdue(75), None);
    }

    #[tokio::test]
    async fn what_was_answered_arrives_though_the_client_goes_on_sending() {
        let clock = Rc::new(Cell::new(5));
        let (mut client, mut watched, stamp) = pair(&clock).await;
        let answer = vec![7; 300_000];
        client.write_all(&vec![1; 100_000]).await.unwrap();
        let serve = async {
            watched.write_all(&answer).await.unwrap();
            watched.shutdown().await.unwrap();
            drop(watched);
        };
        let read = async {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.unwrap();
            drop(client);
            all
        };
        let ((), all) = tokio::join!(serve, read);
        assert!(all == answer && stamp.closing_since.get() == Some(5));
    }
}
