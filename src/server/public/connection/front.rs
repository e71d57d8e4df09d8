//! The front of a connection: answers plain requests for links without a copy, and hands the
//! connection to hyper at the first request that is anything else.
//!
//! Hot path. Bytes are read into a buffer that all connections of the worker share, so that a
//! connection between two requests holds none. Polled by the connection's task.

use std::cell::RefCell;
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::ReadBuf;

use super::head::{self, Head, Plain};
use super::line::Line;
use crate::server::public::answer::Ending;
use crate::server::public::intake::{Asked, CookieOf};
use crate::server::public::turn;

/// Bytes read at once; a head that does not fit is left to hyper.
const READ_BYTES: usize = 16 << 10;
/// Requests of one connection that are answered before others have their turn.
const BURST: usize = 16;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Serves a connection as long as its requests are plain.
pub(crate) struct Front {
    line: Rc<Line>,
    peer: IpAddr,
    /// Requests the connection may still make.
    left: u32,
    /// What was read but not handled: the beginning of a head, or requests beyond a burst.
    rest: Vec<u8>,
    /// Whether `rest` is to be handled before anything is read.
    is_behind: bool,
}

/// How a connection goes on.
pub(crate) enum Next {
    /// With hyper, which begins with these bytes and may serve so many requests.
    Hyper(Vec<u8>, u32),
    /// It ends. It lingers if the client may be sending more.
    Close { lingers: bool },
}

impl Front {
    /// The front of a connection that may make `left` requests.
    pub(crate) fn new(line: Rc<Line>, peer: IpAddr, left: u32) -> Self {
        Self {
            line,
            peer,
            left,
            rest: Vec::new(),
            is_behind: false,
        }
    }

    /// Answers requests until there is none, or one that is not plain.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        let line = Rc::clone(&self.line);
        loop {
            if self.is_behind {
                self.is_behind = false;
                let rest = std::mem::take(&mut self.rest);
                if let Some(next) = self.serve(&rest) {
                    return Poll::Ready(next);
                }
            } else {
                let served = READ.with_borrow_mut(|scratch| {
                    let mut buffer = ReadBuf::new(scratch);
                    buffer.put_slice(&self.rest);
                    let before = buffer.filled().len();
                    ready!(line.poll_read(context, &mut buffer))?;
                    if buffer.filled().len() == before {
                        return Poll::Ready(Ok(Some(Next::Close { lingers: false })));
                    }
                    // Not cleared: a connection between two requests holds no memory.
                    self.rest = Vec::new();
                    Poll::Ready(io::Result::Ok(self.serve(buffer.filled())))
                });
                match ready!(served) {
                    Ok(None) => {}
                    Ok(Some(next)) => return Poll::Ready(next),
                    Err(_) => return Poll::Ready(Next::Close { lingers: false }),
                }
            }
            if self.is_behind {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Answers the requests in `bytes` and keeps what is left of them.
    fn serve(&mut self, bytes: &[u8]) -> Option<Next> {
        let mut bytes = bytes;
        for _ in 0..BURST {
            if bytes.is_empty() {
                return None;
            }
            let mut room = [const { MaybeUninit::uninit() }; head::HEADERS_MAX];
            match head::read(bytes, &mut room) {
                Head::Plain(plain) => {
                    bytes = bytes.get(plain.len..).unwrap_or_default();
                    if self.answer(&plain) {
                        // A client that asked for the end sends nothing after that.
                        let lingers = !plain.close || !bytes.is_empty();
                        return Some(Next::Close { lingers });
                    }
                }
                Head::Partial if bytes.len() < READ_BYTES => {
                    self.line.stamp.arrived();
                    self.rest.extend_from_slice(bytes);
                    return None;
                }
                Head::Partial | Head::Other => {
                    return Some(Next::Hyper(bytes.to_vec(), self.left));
                }
            }
        }
        self.rest.extend_from_slice(bytes);
        self.is_behind = !bytes.is_empty();
        None
    }

    /// Answers one request; whether the connection ends with it.
    fn answer(&mut self, plain: &Plain<'_, '_>) -> bool {
        self.line.stamp.head_done();
        self.left = self.left.saturating_sub(1);
        let (path, query) = match plain.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (plain.target, None),
        };
        let asked = Asked {
            head: plain.head,
            host: None,
            path,
            query,
            needs_host: true,
            headers: plain.headers,
            cookie: CookieOf::Request,
        };
        turn::with(|turn| {
            let ending = Ending {
                close: plain.close || self.left == 0 || turn.is_draining(),
                head: plain.head,
            };
            turn.answer(&self.line, self.peer, &asked, ending)
        })
        // Only workers serve connections, so there is always a turn.
        .unwrap_or(true)
    }
}
