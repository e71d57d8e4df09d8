//! Answers to link requests: ready-made refusals, and the redirect that waits for its turn.
//!
//! Hot path. The header map of the request is emptied and sent back with the response, so that
//! hyper keeps one map for each connection; the location is handed over without a copy.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION,
};
use hyper::{Response, StatusCode};

use crate::telemetry::label::LinkOutcome;

use super::turn::{self, Redirect};

/// Tells that the click is not stored: `0`.
const RECORDED: HeaderName = HeaderName::from_static("x-clickd-recorded");

const NOT_FOUND_PAGE: &str = "<!doctype html><title>Link not found</title>\
    <p>This link leads nowhere. Please tell the page that sent you here.\n";
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

/// The future of one answer.
pub(super) enum Answer {
    /// Ready.
    Now(Option<Response<Full<Bytes>>>),
    /// Waits for its turn to be settled.
    Turn(Option<Waiting>),
}

/// A redirect in waiting.
pub(super) struct Waiting {
    pub(super) turn: u64,
    pub(super) redirect: Redirect,
    pub(super) headers: HeaderMap,
    pub(super) ending: Ending,
}

/// How an answer ends.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    /// The connection ends with it.
    pub(super) close: bool,
    /// It answers HEAD: the length of the body is told, the body is not sent.
    pub(super) head: bool,
}

impl Future for Answer {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match &mut *self {
            Self::Now(response) => response.take(),
            Self::Turn(waiting) => {
                let number = waiting.as_ref().map_or(0, |waiting| waiting.turn);
                let settled = turn::with(|turn| turn.poll(number, context.waker())).flatten();
                let Some(recorded) = settled else {
                    return Poll::Pending;
                };
                waiting.take().map(|waiting| {
                    redirect(waiting.redirect, waiting.headers, recorded, waiting.ending)
                })
            }
        };
        Poll::Ready(Ok(response.unwrap_or_default()))
    }
}

/// The redirect of a click that is stored, or is not.
pub(super) fn redirect(
    redirect: Redirect,
    mut headers: HeaderMap,
    recorded: bool,
    ending: Ending,
) -> Response<Full<Bytes>> {
    headers.clear();
    let location = if recorded || redirect.id.unrecorded {
        redirect.location
    } else {
        as_unrecorded(&redirect)
    };
    match HeaderValue::from_maybe_shared(location.freeze()) {
        Ok(location) => headers.insert(LOCATION, location),
        // Landing pages are serialised URLs and values are escaped, so this is never reached by
        // any link; an answer without a location would strand the customer without a trace.
        Err(_) => return refusal(LinkOutcome::NotFound, HeaderMap::new(), ending),
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !recorded {
        headers.insert(RECORDED, HeaderValue::from_static("0"));
    }
    finish(StatusCode::FOUND, headers, Bytes::new(), ending)
}

/// The location with every mention of the id replaced by the same id flagged as unrecorded.
fn as_unrecorded(redirect: &Redirect) -> BytesMut {
    let Some([from, to]) = turn::with(|turn| turn.resign(&redirect.id)) else {
        return redirect.location.clone();
    };
    let mut location = redirect.location.clone();
    let places: Vec<usize> = memchr::memmem::find_iter(&redirect.location, &from).collect();
    for at in places {
        if let Some(place) = location.get_mut(at..at + to.len()) {
            place.copy_from_slice(&to);
        }
    }
    location
}

/// The answer to a request that is no link.
pub(super) fn refusal(
    outcome: LinkOutcome,
    mut headers: HeaderMap,
    ending: Ending,
) -> Response<Full<Bytes>> {
    headers.clear();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let status = match outcome {
        LinkOutcome::NotFound | LinkOutcome::Redirected => StatusCode::NOT_FOUND,
        LinkOutcome::BadRequest => StatusCode::BAD_REQUEST,
        LinkOutcome::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        LinkOutcome::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
        LinkOutcome::UriTooLong => StatusCode::URI_TOO_LONG,
        LinkOutcome::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    };
    let body = if status == StatusCode::NOT_FOUND {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        Bytes::from_static(NOT_FOUND_PAGE.as_bytes())
    } else {
        Bytes::new()
    };
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    finish(status, headers, body, ending)
}

/// The answer to `/robots.txt`: links are not for crawlers.
pub(super) fn robots(mut headers: HeaderMap, ending: Ending) -> Response<Full<Bytes>> {
    headers.clear();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    finish(
        StatusCode::OK,
        headers,
        Bytes::from_static(ROBOTS.as_bytes()),
        ending,
    )
}

fn finish(
    status: StatusCode,
    mut headers: HeaderMap,
    body: Bytes,
    ending: Ending,
) -> Response<Full<Bytes>> {
    if ending.head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    if ending.close {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
