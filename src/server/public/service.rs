//! The HTTP service of one public connection.
//!
//! Hot path. Called by hyper on the worker once a request's head is read. Bodies are never read:
//! a request that announces one is answered and its connection closed.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::IpAddr;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::Service;
use hyper::{Method, Request, Response, Version};

use crate::telemetry::label::LinkOutcome;

use super::answer::{self, Answer, Ending, Waiting};
use super::connection::Stamp;
use super::turn::{self, Asked, Handled, Turn};

/// Bytes of a request target that are accepted.
pub const TARGET_BYTES_MAX: usize = 4 << 10;

/// Serves one connection.
pub(super) struct Public {
    /// The connection's peer.
    pub(super) peer: IpAddr,
    /// Requests the connection may still make.
    pub(super) left: Cell<u32>,
    /// Says when the head of a request was complete.
    pub(super) stamp: Rc<Stamp>,
}

impl Service<Request<Incoming>> for Public {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.stamp.head_done();
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        let (parts, _) = request.into_parts();
        let head = parts.method == Method::HEAD;
        let answer = turn::with(|turn| {
            let close = Ending { close: true, head };
            let refuse = |turn: &mut Turn, outcome, headers: HeaderMap| {
                reply(turn.refuse(outcome), headers, close)
            };
            if parts.method != Method::GET && !head {
                return refuse(turn, LinkOutcome::MethodNotAllowed, parts.headers);
            }
            let target = parts
                .uri
                .path_and_query()
                .map_or("", |target| target.as_str());
            if target.len() > TARGET_BYTES_MAX {
                return refuse(turn, LinkOutcome::UriTooLong, parts.headers);
            }
            if !target.is_ascii() {
                return refuse(turn, LinkOutcome::BadRequest, parts.headers);
            }
            let mut ending = Ending {
                close: left == 0 || turn.is_draining(),
                head,
            };
            if parts.uri.path() == "/robots.txt" {
                return Answer::Now(Some(answer::robots(parts.headers, ending)));
            }
            let asked = Asked {
                head,
                host: parts.uri.host(),
                path: parts.uri.path(),
                query: parts.uri.query(),
                needs_host: parts.version >= Version::HTTP_11,
            };
            let (handled, has_body) = turn.click(self.peer, &asked, &parts.headers);
            ending.close |= has_body;
            reply(handled, parts.headers, ending)
        });
        // Only workers serve connections, so there is always a turn.
        answer.unwrap_or(Answer::Now(None))
    }
}

/// The answer to what became of a request.
fn reply(handled: Handled, headers: HeaderMap, ending: Ending) -> Answer {
    match handled {
        Handled::Refused(outcome) => Answer::Now(Some(answer::refusal(outcome, headers, ending))),
        Handled::Unrecorded(redirect) => {
            Answer::Now(Some(answer::redirect(redirect, headers, false, ending)))
        }
        Handled::Waits { turn, redirect } => Answer::Turn(Some(Waiting {
            turn,
            redirect,
            headers,
            ending,
        })),
    }
}
