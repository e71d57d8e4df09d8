//! The service of a public connection that hyper has taken over.
//!
//! Called by hyper on the worker once a request's head is read. Bodies are read of
//! arrivals ([`super::page_load`]) only: any other request that announces one is answered and its
//! connection closed.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use httparse::Header;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::service::Service;
use hyper::{Method, Request, Response, Version};

use crate::telemetry::label::LinkOutcome;

use super::answer::{self, Answer, Ending};
use super::connection::head::TARGET_BYTES_MAX;
use super::connection::line::Line;
use super::intake::{Asked, CookieOf, Handled};
use super::page_load::{self, Place};
use super::turn::{self, Turn};

/// Serves one connection.
pub(super) struct Public {
    /// The connection's peer.
    pub(super) peer: IpAddr,
    /// Requests the connection may still make.
    pub(super) left: Cell<u32>,
    /// Holds the answers to clicks back until their turn is settled.
    pub(super) line: Rc<Line>,
}

/// An answer: at once, but for arrivals.
pub(super) enum Answering {
    Now(Ready<Result<Answer, Infallible>>),
    Later(Pin<Box<dyn Future<Output = Answer>>>),
}

impl Future for Answering {
    type Output = Result<Answer, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(answer) => Pin::new(answer).poll(context),
            Self::Later(answer) => answer.as_mut().poll(context).map(Ok),
        }
    }
}

impl Service<Request<Incoming>> for Public {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.line.stamp.head_done();
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if let Some(place) = Place::of(request.uri().path()) {
            let line = Rc::clone(&self.line);
            let answer = page_load::answer(place, request, self.peer, line, left == 0);
            return Answering::Later(Box::pin(answer));
        }
        let (parts, _) = request.into_parts();
        let answer = turn::with(|turn| self.answer(turn, &parts, left == 0));
        // Only workers serve connections, so there is always a turn.
        Answering::Now(ready(Ok(answer.unwrap_or_default())))
    }
}

impl Public {
    fn answer(&self, turn: &mut Turn, parts: &Parts, is_last: bool) -> Response<Full<Bytes>> {
        let head = parts.method == Method::HEAD;
        let target = parts
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        let refused = if parts.method != Method::GET && !head {
            Some(LinkOutcome::MethodNotAllowed)
        } else if target.len() > TARGET_BYTES_MAX {
            Some(LinkOutcome::UriTooLong)
        } else if !target.is_ascii() {
            Some(LinkOutcome::BadRequest)
        } else {
            None
        };
        if let Some(outcome) = refused {
            turn.refuse(outcome);
            let close = Ending { close: true, head };
            return answer::refusal(outcome, close);
        }
        let mut ending = Ending {
            close: is_last || turn.is_draining(),
            head,
        };
        if parts.uri.path() == "/robots.txt" {
            return answer::robots(ending);
        }
        let headers: Vec<Header<'_>> = parts
            .headers
            .iter()
            .map(|(name, value)| Header {
                name: name.as_str(),
                value: value.as_bytes(),
            })
            .collect();
        let asked = Asked {
            head,
            host: parts.uri.host(),
            path: parts.uri.path(),
            query: parts.uri.query(),
            needs_host: parts.version >= Version::HTTP_11,
            headers: &headers,
            cookie: CookieOf::Request,
        };
        let (handled, has_body) = turn.click(self.peer, &asked);
        ending.close |= has_body;
        match handled {
            Handled::Refused(outcome) => answer::refusal(outcome, ending),
            Handled::Redirected(id) => {
                if !id.unrecorded {
                    self.line.answers(id);
                }
                answer::redirect(&turn.redirect(&id), ending)
            }
        }
    }
}
