//! The answers to arrivals.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    SET_COOKIE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::conversion::FieldError;

/// The answer to one request.
pub(super) type Answer = Response<Full<Bytes>>;

/// What an arrival was read as, in the published names.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Taken {
    /// Where the link that was opened leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) landing_page: Option<String>,
    /// The click that the arrival is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) click_id: Option<String>,
    /// When the session began, where this arrival begins one for sure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session_start: Option<String>,
    /// The value of the cookie that the answer sets.
    #[serde(skip)]
    pub(super) set_cookie: Option<Vec<u8>>,
    /// What was left out, and why.
    #[serde(serialize_with = "warnings")]
    pub(super) warnings: Vec<FieldError>,
}

fn warnings<S: serde::Serializer>(of: &[FieldError], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(shown(of, "WARNING"))
}

fn shown(of: &[FieldError], level: &str) -> Vec<serde_json::Value> {
    let one = |e: &FieldError| json!({"field": e.field, "level": level, "message": e.message});
    of.iter().map(one).collect()
}

/// The arrival is stored, or the person does not want it to be.
pub(super) fn taken(taken: &Taken) -> Answer {
    let mut answer = value(StatusCode::OK, taken);
    let set_cookie = taken.set_cookie.as_deref().map(HeaderValue::from_bytes);
    if let Some(Ok(value)) = set_cookie {
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    answer
}

/// Every error of an arrival that is not taken.
pub(super) fn errors(status: StatusCode, errors: &[FieldError]) -> Answer {
    let none: [(); 0] = [];
    value(
        status,
        &json!({"errors": shown(errors, "ERROR"), "warnings": none}),
    )
}

/// An error about the whole request.
pub(super) fn error(status: StatusCode, message: &str) -> Answer {
    errors(status, &[FieldError::new("request", message)])
}

/// An error after which the connection is closed, since the rest of the request is not read.
pub(super) fn closing(status: StatusCode, message: &str) -> Answer {
    with(error(status, message), CONNECTION, "close")
}

/// Nothing was stored; the same request may be sent again.
pub(super) fn try_again() -> Answer {
    let message = "the arrival could not be stored; send it again";
    let answer = error(StatusCode::SERVICE_UNAVAILABLE, message);
    with(answer, RETRY_AFTER, "1")
}

/// Another method than those allowed.
pub(super) fn method_not_allowed() -> Answer {
    let message = "method not allowed; allowed: POST, OPTIONS";
    let answer = closing(StatusCode::METHOD_NOT_ALLOWED, message);
    with(answer, ALLOW, "POST, OPTIONS")
}

/// An answer without a body.
pub(super) fn empty() -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

fn value(status: StatusCode, value: &impl Serialize) -> Answer {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            (StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    };
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let answer = with(answer, CONTENT_TYPE, "application/json");
    with(answer, CACHE_CONTROL, "no-store")
}

fn with(mut answer: Answer, name: HeaderName, text: &'static str) -> Answer {
    let value = HeaderValue::from_static(text);
    answer.headers_mut().insert(name, value);
    answer
}
