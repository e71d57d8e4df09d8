//! One request: checks in a fixed order, then its endpoint.

use std::sync::Arc;

use hyper::body::Body;
use hyper::header::{ACCEPT, EXPECT, HOST, HeaderMap};
use hyper::http::uri::Authority;
use hyper::{Request, StatusCode};

use super::auth;
use super::keys::KeyRecord;
use super::respond::{self, Answer};
use super::route::{Account, Route};
use super::state::ApiState;
use super::{actions, changes, files, page_load, pins, reports, submissions};
use crate::model::arrival::RefusedReason;
use crate::registry::Viewer;
use crate::report::query::Format;
use crate::telemetry::label::{ApiRoute, CodeClass};

/// Longest request target, in bytes.
const TARGET_BYTES_MAX: usize = 4 * 1024;
/// Longest names and values of all headers together, in bytes.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Answers `request` and counts the answer.
pub async fn handle<B>(state: &Arc<ApiState>, request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let route = Route::of(request.uri().path());
    // Arrivals have a metric of their own.
    let label = route.map_or(ApiRoute::Other, |(_, route)| route.label(request.method()));
    let answer = judge(state, request).await;
    let class = CodeClass::of(answer.status().as_u16());
    state.metrics.api.requests.add(label, class, 1);
    answer
}

async fn judge<B>(state: &Arc<ApiState>, request: Request<B>) -> Answer
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Some(answer) = malformed(&request) {
        return answer;
    }
    if request.uri().path() == page_load::PATH {
        return page_load::answer(state, request).await;
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    if auth::holds_token(&query) {
        return respond::closing(
            StatusCode::BAD_REQUEST,
            "an auth token must not be in the query: send it with HTTP Basic, and replace this one",
        );
    }
    let keys = state.keys.load_full();
    let key = auth::basic(request.headers())
        .and_then(|(sid, token)| keys.check(&state.hash_key, &sid, &token));
    let Some(key) = key else {
        state.metrics.api.auth_failures.increment(1);
        return respond::unauthorized();
    };
    let path = request.uri().path().to_owned();
    let (account, route, format) = match admit(state, key, &path, &request) {
        Ok(admitted) => admitted,
        Err(answer) => return *answer,
    };
    let sid = account.sid;
    match route {
        Route::Conversions => submissions::submit(state, sid, request).await,
        Route::Submission(id) => submissions::show(state, sid, id).await,
        Route::Actions if Route::changes(request.method()) => {
            changes::submit(state, sid, request).await
        }
        Route::Actions
        | Route::Action(_)
        | Route::ActionItems(_)
        | Route::ActionItem(..)
        | Route::ActionUpdates
        | Route::ActionUpdate(_) => {
            actions::show(state, account, route, &path, query, format).await
        }
        Route::Files if request.method() == hyper::Method::POST => {
            files::upload(state, key, request).await
        }
        Route::Files | Route::File(_) | Route::FileErrors(_) | Route::FileError(..) => {
            files::show(state, sid, route, &path, query).await
        }
        Route::ReportList => reports::list(&state.pins, key, account, &query),
        Route::Pin(handle) => {
            let is_pinned = request.method() == hyper::Method::PUT;
            pins::change(state, (account.viewer, &key.id), handle, is_pinned).await
        }
        Route::MetaData(handle) => reports::metadata(account.viewer, handle),
        Route::Report(handle) => reports::run(state, account, handle, format, &path, query).await,
    }
}

/// Whether the key is that of the account, and the catalogue in force has it. A partner's key is
/// that of one partner: an account that goes to another takes no keys with it.
fn is_own(state: &ApiState, key: &KeyRecord, account: Account<'_>) -> bool {
    let catalog = state.catalog.load();
    account.sid == key.sid
        && match (account.viewer, key.partner) {
            (Viewer::Brand, None) => catalog.brand(account.sid).is_some(),
            (Viewer::Partner, Some(own)) => {
                let partner = catalog.partner_of(account.sid);
                partner.is_some_and(|partner| partner.id == own)
            }
            (Viewer::Brand, Some(_)) | (Viewer::Partner, None) => false,
        }
}

/// The answer to a request that breaks a rule of HTTP or a bound of its head.
fn malformed<B>(request: &Request<B>) -> Option<Answer> {
    let bad = |message| Some(respond::closing(StatusCode::BAD_REQUEST, message));
    let target = request
        .uri()
        .path_and_query()
        .map_or("", |target| target.as_str());
    if target.len() > TARGET_BYTES_MAX {
        let message = format!("the target is longer than {TARGET_BYTES_MAX} bytes");
        return Some(respond::closing(StatusCode::URI_TOO_LONG, &message));
    }
    let headers = request.headers().iter();
    let head_bytes: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if head_bytes > HEAD_BYTES_MAX {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        let message = format!("the headers are longer than {HEAD_BYTES_MAX} bytes");
        return Some(respond::closing(status, &message));
    }
    if !target.is_ascii() {
        return bad("the target holds bytes outside ASCII; percent-encode them");
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let valid = host.is_some_and(is_host);
    if !valid || hosts.next().is_some() {
        return bad("send exactly one valid Host header");
    }
    let expects = request.headers().get_all(EXPECT).iter();
    for expect in expects {
        if !expect.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            let message = "only Expect: 100-continue can be met";
            return Some(respond::closing(StatusCode::EXPECTATION_FAILED, message));
        }
    }
    None
}

/// Whether `text` is a host with at most a port, as `Host` has it.
fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let port = text.strip_prefix(host).filter(|_| !host.is_empty());
    port.is_some_and(|port| {
        port.is_empty()
            || port.strip_prefix(':').is_some_and(|digits| {
                digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok()
            })
    })
}

/// Account, path, method, scope and form of answer, in this order: with another account's key
/// every path is as if it was not there.
fn admit<'p, B>(
    state: &ApiState,
    key: &KeyRecord,
    path: &'p str,
    request: &Request<B>,
) -> Result<(Account<'p>, Route<'p>, Format), Box<Answer>> {
    let (account, route) = Route::of(path)
        .filter(|(account, _)| is_own(state, key, *account))
        .ok_or_else(|| Box::new(respond::not_found()))?;
    let viewer = account.viewer;
    if !route.allows(viewer, request.method()) {
        match (viewer, route) {
            (Viewer::Brand, Route::Conversions) => {
                submissions::refuse(state, None, RefusedReason::Method);
            }
            (Viewer::Brand, Route::Actions) => changes::refuse(state, None, RefusedReason::Method),
            _ => {}
        }
        return Err(Box::new(respond::method_not_allowed(route.allow(viewer))));
    }
    let scopes = route.scopes(request.method());
    if !scopes.iter().any(|scope| key.may(*scope)) {
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let message = format!("the key lacks the scope {}", names.join(" or "));
        return Err(Box::new(respond::error(StatusCode::FORBIDDEN, &message)));
    }
    // A conversion or a change is worth more than the form of its answer.
    let is_submitted = route == Route::Conversions || Route::changes(request.method());
    if is_submitted || takes(request.headers(), &JSON) {
        return Ok((account, route, Format::Json));
    }
    if route.has_csv() && takes(request.headers(), &CSV) {
        return Ok((account, route, Format::Csv));
    }
    let message = if route.has_csv() {
        "only application/json and text/csv are answered"
    } else {
        "only application/json is answered"
    };
    Err(Box::new(respond::error(
        StatusCode::NOT_ACCEPTABLE,
        message,
    )))
}

const JSON: [&str; 3] = ["application/json", "application/*", "*/*"];
const CSV: [&str; 2] = ["text/csv", "text/*"];

/// Whether `Accept` names one of these ranges, or nothing at all.
fn takes(headers: &HeaderMap, ranges: &[&str]) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let refused = parts.any(|parameter| {
                let weight = parameter
                    .strip_prefix("q=")
                    .or_else(|| parameter.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.bytes().all(|b| matches!(b, b'0' | b'.')))
            });
            let named = ranges.iter().any(|known| known.eq_ignore_ascii_case(media));
            named && !refused
        })
}

#[cfg(test)]
mod unit {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn accept_is_read_as_a_list() {
        for (value, expected) in [
            ("application/json", true),
            ("*/*", true),
            ("text/html, application/*;q=0.8", true),
            ("application/xml", false),
            ("application/json;q=0", false),
            ("text/csv, application/json; q=0.0", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(value));
            assert_eq!(takes(&headers, &JSON), expected, "{value}");
        }
        assert!(takes(&HeaderMap::new(), &JSON));
    }

    #[test]
    fn hosts_have_a_name_and_at_most_a_port() {
        for host in ["a", "a.example:8081", "127.0.0.1:1", "[::1]:8081", "[::1]"] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "", "a:x", "a:", "a:65536", "a:1:2", "u@a", "a b", "a/b", ":80",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }
}
