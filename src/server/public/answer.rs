//! Answers to link requests: ready-made refusals, and the redirect.
//!
//! Hot path. Each answer has two forms that say the same: bytes written straight into the turn's
//! answers for a plain request, and a response for hyper.

use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;
use httpdate::HttpDate;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, SET_COOKIE,
};
use hyper::{Response, StatusCode};

use crate::click::Signer;
use crate::model::click_id::ClickId;
use crate::model::time::{Millis, SECOND};
use crate::telemetry::label::LinkOutcome;

/// Tells that the click is not stored.
const RECORDED: HeaderName = HeaderName::from_static("x-clickd-recorded");
const NOT_RECORDED: &str = "0";
const NO_STORE: &str = "no-store";

const NOT_FOUND_PAGE: &str = "<!doctype html><title>Link not found</title>\
    <p>This link leads nowhere. Please tell the page that sent you here.\n";
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

/// An answer by hyper's way.
pub(super) type Answer = Response<Full<Bytes>>;

/// How an answer ends.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    /// The connection ends with it.
    pub(super) close: bool,
    /// It answers HEAD: the length of the body is told, the body is not sent.
    pub(super) head: bool,
}

/// The answer to a click.
#[derive(Clone, Copy)]
pub(in crate::server) struct Redirect<'a> {
    /// Where it leads.
    pub(super) location: &'a [u8],
    /// The cookie that it sets.
    pub(super) set_cookie: Option<&'a [u8]>,
    /// Whether the click is stored.
    pub(super) recorded: bool,
}

/// The redirect of a click.
pub(super) fn redirect(to: &Redirect<'_>, ending: Ending) -> Response<Full<Bytes>> {
    let mut headers = HeaderMap::new();
    match HeaderValue::from_bytes(to.location) {
        Ok(location) => headers.insert(LOCATION, location),
        // Landing pages are serialised URLs and values are escaped, so this is never reached by
        // any link; an answer without a location would strand the customer without a trace.
        Err(_) => return refusal(LinkOutcome::NotFound, ending),
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    if let Some(Ok(value)) = to.set_cookie.map(HeaderValue::from_bytes) {
        headers.insert(SET_COOKIE, value);
    }
    if !to.recorded {
        headers.insert(RECORDED, HeaderValue::from_static(NOT_RECORDED));
    }
    finish(StatusCode::FOUND, headers, Bytes::new(), ending)
}

/// Appends the same redirect in its bytes.
pub(super) fn write_redirect(out: &mut Vec<u8>, to: &Redirect<'_>, ending: Ending, date: &[u8]) {
    out.extend_from_slice(b"HTTP/1.1 302 Found\r\nlocation: ");
    out.extend_from_slice(to.location);
    out.extend_from_slice(b"\r\ncache-control: no-store\r\n");
    if let Some(value) = to.set_cookie {
        for part in [b"set-cookie: ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    if !to.recorded {
        out.extend_from_slice(b"x-clickd-recorded: 0\r\n");
    }
    if ending.close {
        out.extend_from_slice(b"connection: close\r\n");
    }
    out.extend_from_slice(b"content-length: 0\r\ndate: ");
    out.extend_from_slice(date);
    out.extend_from_slice(b"\r\n\r\n");
}

/// The bytes of a redirect with every mention of `id` replaced by the same id flagged as
/// unrecorded, and with the header that says so.
pub(super) fn as_unrecorded(bytes: &[u8], id: &ClickId, signer: &Signer) -> Vec<u8> {
    let flagged = ClickId {
        unrecorded: true,
        ..*id
    };
    let (from, to) = (signer.sign(id), signer.sign(&flagged));
    // The empty line ends the head, and a redirect has no body.
    let mut head = bytes.strip_suffix(b"\r\n").unwrap_or(bytes).to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(bytes, &from).collect();
    for at in places {
        if let Some(place) = head.get_mut(at..at + to.len()) {
            place.copy_from_slice(&to);
        }
    }
    for part in [RECORDED.as_str(), ": ", NOT_RECORDED, "\r\n\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    head
}

/// An answer that is the same for everybody.
struct Page {
    status: StatusCode,
    content_type: Option<&'static str>,
    body: &'static str,
}

/// The page of a request that is no link.
fn page(outcome: LinkOutcome) -> Page {
    let status = match outcome {
        LinkOutcome::NotFound | LinkOutcome::Redirected => {
            return Page {
                status: StatusCode::NOT_FOUND,
                content_type: Some("text/html; charset=utf-8"),
                body: NOT_FOUND_PAGE,
            };
        }
        LinkOutcome::BadRequest => StatusCode::BAD_REQUEST,
        LinkOutcome::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        LinkOutcome::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
        LinkOutcome::UriTooLong => StatusCode::URI_TOO_LONG,
        LinkOutcome::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    };
    Page {
        status,
        content_type: None,
        body: "",
    }
}

/// The answer to a request that is no link.
pub(super) fn refusal(outcome: LinkOutcome, ending: Ending) -> Response<Full<Bytes>> {
    let page = page(outcome);
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    if page.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    whole(&page, headers, ending)
}

/// Appends the refusal of a plain request in its bytes; such a request is never one of a method
/// that is not allowed.
pub(super) fn write_refusal(out: &mut Vec<u8>, outcome: LinkOutcome, ending: Ending, date: &[u8]) {
    let page = page(outcome);
    let status = page.status.canonical_reason().unwrap_or_default();
    let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
    put(&[
        b"HTTP/1.1 ",
        page.status.as_str().as_bytes(),
        b" ",
        status.as_bytes(),
    ]);
    put(&[b"\r\ncache-control: ", NO_STORE.as_bytes()]);
    if let Some(content_type) = page.content_type {
        put(&[b"\r\ncontent-type: ", content_type.as_bytes()]);
    }
    if ending.close {
        put(&[b"\r\nconnection: close"]);
    }
    let length = HeaderValue::from(page.body.len());
    put(&[b"\r\ncontent-length: ", length.as_bytes()]);
    put(&[b"\r\ndate: ", date, b"\r\n\r\n"]);
    if !ending.head {
        put(&[page.body.as_bytes()]);
    }
}

/// The answer to `/robots.txt`: links are not for crawlers.
pub(super) fn robots(ending: Ending) -> Response<Full<Bytes>> {
    let page = Page {
        status: StatusCode::OK,
        content_type: Some("text/plain; charset=utf-8"),
        body: ROBOTS,
    };
    whole(&page, HeaderMap::new(), ending)
}

fn whole(page: &Page, mut headers: HeaderMap, ending: Ending) -> Response<Full<Bytes>> {
    if let Some(content_type) = page.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    let body = Bytes::from_static(page.body.as_bytes());
    finish(page.status, headers, body, ending)
}

fn finish(
    status: StatusCode,
    mut headers: HeaderMap,
    body: Bytes,
    ending: Ending,
) -> Response<Full<Bytes>> {
    if ending.close {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if ending.head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The `Date` of answers, written anew once a second.
#[derive(Debug, Default)]
pub(super) struct Date {
    second: Option<i64>,
    text: [u8; 29],
}

impl Date {
    /// The date at `now` (IMF-fixdate, RFC 9110, 5.6.7).
    pub(super) fn at(&mut self, now: Millis) -> &[u8] {
        let second = now.0.div_euclid(SECOND);
        if self.second != Some(second) {
            let since = Duration::from_secs(u64::try_from(second).unwrap_or(0));
            let date = HttpDate::from(UNIX_EPOCH + since);
            // The text always has this length.
            let written = write!(self.text.as_mut_slice(), "{date}");
            self.second = written.is_ok().then_some(second);
        }
        &self.text
    }
}
