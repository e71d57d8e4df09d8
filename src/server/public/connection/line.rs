//! A connection's socket, on which answers are held back until the log has the turn's clicks.
//!
//! Hot path. An answer is made in the same poll in which its request is read. Its bytes go into the
//! open turn's [`Answers`] instead of the socket, and the task goes on to wait for the next
//! request. When the turn is settled, its answers leave in one sweep, so a click costs its
//! connection's task one poll and no wake. hyper's answers go the same way, by its end of the
//! line, [`Wire`].
//!
//! Invariants: bytes leave only in [`Answers::release`] of their turn; answers leave in the order
//! of their requests; nothing is read from a client that leaves answers untaken, so what a
//! connection can pile up is what its read buffer asks for.
//!
//! A socket that is closed while bytes lie unread makes the kernel throw away what was answered
//! but not yet taken. So where the client may be sending more, a close tells it that nothing more
//! will come, and then reads, for a short while and a bounded amount, until the client has closed
//! too (RFC 9112, 9.6).

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::click::Signer;
use crate::model::click_id::ClickId;

use super::stamp::Stamp;
use crate::server::public::{answer, turn};

/// Bytes that are read and dropped after the last answer.
const LINGER_BYTES_MAX: usize = 1 << 20;

/// What a connection's task, its service and the turns share.
pub(crate) struct Line {
    pub(crate) stamp: Stamp,
    stream: RefCell<TcpStream>,
    /// The click whose answer hyper writes next.
    answers: Cell<Option<ClickId>>,
    /// Answers in turns that are not settled.
    held: Cell<usize>,
    /// What may leave but was not taken by the client.
    untaken: RefCell<Vec<u8>>,
    /// Wakes the connection's task.
    waker: RefCell<Option<Waker>>,
    /// Whether the task waits for the last answer to leave.
    closing: Cell<bool>,
    /// Bytes read and dropped since the close.
    dropped: Cell<usize>,
}

/// The answers that one turn holds back.
#[derive(Default)]
pub(crate) struct Answers {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    line: Rc<Line>,
    /// Where its bytes end; they begin where those of the entry before end.
    end: usize,
    /// The recorded click it answers, if any.
    click: Option<ClickId>,
}

impl Line {
    /// The line of a connection accepted now.
    pub(crate) fn new(stream: TcpStream, stamp: Stamp) -> Rc<Self> {
        Rc::new(Self {
            stamp,
            stream: RefCell::new(stream),
            answers: Cell::new(None),
            held: Cell::new(0),
            untaken: RefCell::default(),
            waker: RefCell::default(),
            closing: Cell::new(false),
            dropped: Cell::new(0),
        })
    }

    /// What hyper writes next answers `click`, which the open turn has taken.
    pub(crate) fn answers(&self, click: ClickId) {
        self.answers.set(Some(click));
    }

    /// Reads, once the client has taken all that was sent.
    pub(crate) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.keep_waker(context);
        ready!(self.poll_untaken(context))?;
        Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, buffer)
    }

    /// Waits until all answers have left.
    pub(crate) fn poll_left(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.keep_waker(context);
        self.closing.set(true);
        if self.held.get() > 0 {
            return Poll::Pending;
        }
        self.poll_untaken(context)
    }

    /// Closes, once all answers have left, and reads until the client has closed too.
    pub(crate) fn poll_close(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_left(context))?;
        let mut stream = self.stream.borrow_mut();
        let mut stream = Pin::new(&mut *stream);
        if self.stamp.closes() {
            ready!(stream.as_mut().poll_shutdown(context))?;
        }
        let mut scratch = [0; 4_096];
        while self.dropped.get() < LINGER_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(stream.as_mut().poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            self.dropped.set(self.dropped.get() + buffer.filled().len());
        }
        Poll::Ready(Ok(()))
    }

    /// Sends as much as the client takes and keeps the rest.
    fn send(&self, bytes: &[u8]) {
        let mut untaken = self.untaken.borrow_mut();
        let mut rest = bytes;
        // Answers mostly fit the socket's buffer, so no readiness is asked for first.
        while untaken.is_empty() && !rest.is_empty() {
            match self.stream.borrow().try_write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The client is gone, which reading will tell the connection's task.
                Err(_) => return,
            }
        }
        if !rest.is_empty() {
            untaken.extend_from_slice(rest);
            self.stamp.write_stalls();
            self.wake();
        } else if self.held.get() == 0 && untaken.is_empty() {
            self.stamp.answered();
        }
    }

    /// Sends what was not taken before.
    fn poll_untaken(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut untaken = self.untaken.borrow_mut();
        while !untaken.is_empty() {
            let mut stream = self.stream.borrow_mut();
            let sent = ready!(Pin::new(&mut *stream).poll_write(context, &untaken))?;
            untaken.drain(..sent);
            if self.held.get() == 0 && untaken.is_empty() {
                self.stamp.answered();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn keep_waker(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker
            .as_ref()
            .is_some_and(|kept| kept.will_wake(context.waker()))
        {
            *waker = Some(context.waker().clone());
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

impl Answers {
    /// Holds back what `write` writes.
    pub(crate) fn hold(
        &mut self,
        line: &Rc<Line>,
        click: Option<ClickId>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        line.held.set(line.held.get() + 1);
        write(&mut self.bytes);
        self.entries.push(Entry {
            line: Rc::clone(line),
            end: self.bytes.len(),
            click,
        });
    }

    /// Whether nothing is held back.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Lets everything go; clicks that are not recorded are told so by an id signed anew.
    pub(crate) fn release(&mut self, recorded: bool, signer: &Signer) {
        let mut start = 0;
        for entry in self.entries.drain(..) {
            let bytes = self.bytes.get(start..entry.end).unwrap_or_default();
            start = entry.end;
            let line = entry.line;
            line.held.set(line.held.get() - 1);
            match entry.click {
                Some(click) if !recorded => {
                    line.send(&answer::as_unrecorded(bytes, &click, signer));
                }
                _ => line.send(bytes),
            }
            if line.held.get() == 0 && line.closing.get() {
                line.wake();
            }
        }
        self.bytes.clear();
    }
}

/// hyper's end of a line.
pub(crate) struct Wire {
    line: Rc<Line>,
    /// What was read before hyper came.
    before: Vec<u8>,
}

impl Wire {
    /// The end of `line`, of which `before` is already read.
    pub(crate) fn new(line: Rc<Line>, before: Vec<u8>) -> Self {
        Self { line, before }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let length = self.before.len().min(buffer.remaining());
            buffer.put_slice(self.before.get(..length).unwrap_or_default());
            self.before.drain(..length);
            return Poll::Ready(Ok(()));
        }
        let length = buffer.filled().len();
        let poll = self.line.poll_read(context, buffer);
        if buffer.filled().len() > length {
            self.line.stamp.arrived();
        }
        poll
    }
}

impl AsyncWrite for Wire {
    /// Takes everything at once, so that an answer is with its turn before the turn can end.
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let line = &self.line;
        turn::with(|turn| turn.hold(line, line.answers.take(), bytes));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_close(context)
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
