//! Bounds on the patience with one connection, without a timer for each.
//!
//! Hot path. The socket is wrapped so that it notes, in whole seconds of a clock that the worker
//! ticks, when a head began to arrive, when anything last arrived, and since when the client takes
//! no bytes. Once a second the worker asks every connection whether it is overdue.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::telemetry::label::CloseReason;

/// Seconds that a head may take, from its first byte or, on a new connection, from its accept.
pub const HEAD_SECONDS: u32 = 10;
/// Seconds that a client may take no bytes of an answer.
pub const WRITE_SECONDS: u32 = 10;

/// Notes of one connection, in seconds of the worker's clock.
#[derive(Debug)]
pub(super) struct Stamp {
    clock: Rc<Cell<u32>>,
    /// When the head at hand began; `None` between requests.
    head_since: Cell<Option<u32>>,
    /// When the last request was complete.
    idle_since: Cell<u32>,
    /// Since when the client takes no bytes.
    write_since: Cell<Option<u32>>,
}

impl Stamp {
    /// Notes of a connection accepted now.
    pub(super) fn new(clock: Rc<Cell<u32>>) -> Rc<Self> {
        let now = clock.get();
        Rc::new(Self {
            clock,
            head_since: Cell::new(Some(now)),
            idle_since: Cell::new(now),
            write_since: Cell::new(None),
        })
    }

    /// The head of a request is complete.
    pub(super) fn head_done(&self) {
        self.head_since.set(None);
        self.idle_since.set(self.clock.get());
    }

    /// Why the connection must be closed now, if it must.
    pub(super) fn overdue(&self, keep_alive: u32) -> Option<CloseReason> {
        let now = self.clock.get();
        let over = |since: Option<u32>, limit| since.is_some_and(|since| now - since > limit);
        if over(self.write_since.get(), WRITE_SECONDS) {
            Some(CloseReason::WriteStalled)
        } else if over(self.head_since.get(), HEAD_SECONDS) {
            Some(CloseReason::SlowHead)
        } else if self.is_idle() && over(Some(self.idle_since.get()), keep_alive) {
            Some(CloseReason::Idle)
        } else {
            None
        }
    }

    /// Whether no head is arriving and no answer is on its way out.
    pub(super) fn is_idle(&self) -> bool {
        self.head_since.get().is_none() && self.write_since.get().is_none()
    }
}

/// A socket that keeps notes.
pub(super) struct Watched {
    stream: TcpStream,
    stamp: Rc<Stamp>,
}

impl Watched {
    /// Wraps `stream`.
    pub(super) fn new(stream: TcpStream, stamp: Rc<Stamp>) -> Self {
        Self { stream, stamp }
    }

    fn wrote<T>(&self, poll: Poll<T>) -> Poll<T> {
        if poll.is_ready() {
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
        Pin::new(&mut self.stream).poll_shutdown(context)
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
        assert!(stamp.is_idle());
        assert_eq!((at(75), at(76)), (None, Some(CloseReason::Idle)));
        stamp.head_since.set(Some(170));
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::SlowHead)));
        stamp.head_since.set(None);
        stamp.write_since.set(Some(170));
        assert_eq!((at(80), at(81)), (None, Some(CloseReason::WriteStalled)));
        assert!(!stamp.is_idle());
    }
}
