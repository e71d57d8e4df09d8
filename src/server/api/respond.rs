//! Answers: status, headers, and the error shape of each endpoint.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, LINK, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::conversion::FieldError;
use crate::report::Written;
use crate::report::error::QueryError;
use crate::report::query::Format;

/// An answer of the API.
pub type Answer = Response<Full<Bytes>>;

/// How an account is proven.
const CHALLENGE: &str = "Basic realm=\"clickd\", charset=\"UTF-8\"";

/// Seconds after which a client may try again.
const RETRY_SECONDS: &str = "1";

/// An answer with a JSON value.
#[must_use]
pub fn value(status: StatusCode, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => body_of(status, body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            body_of(StatusCode::INTERNAL_SERVER_ERROR, Vec::new())
        }
    }
}

/// An answer with JSON text.
#[must_use]
pub fn body_of(status: StatusCode, json: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(json)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// An answer of a report or a list. What the attributes of JSON say, headers say beside CSV.
#[must_use]
pub fn written(written: Written) -> Answer {
    let mut answer = body_of(StatusCode::OK, written.body);
    if written.format == Format::Json {
        return answer;
    }
    let headers = answer.headers_mut();
    let text = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    headers.insert(CONTENT_TYPE, text);
    let next = written.next.map(|next| format!("<{next}>; rel=\"next\""));
    let currency = written.currency.map(|currency| currency.to_string());
    for (name, text) in [
        (LINK, next),
        (HeaderName::from_static("x-clickd-as-of"), written.as_of),
        (HeaderName::from_static("x-clickd-currency"), currency),
    ] {
        // All of them are ASCII.
        if let Some(Ok(value)) = text.as_deref().map(HeaderValue::from_str) {
            headers.insert(name, value);
        }
    }
    answer
}

/// An error in the general shape.
#[must_use]
pub fn error(status: StatusCode, message: &str) -> Answer {
    value(status, &json!({"Status": "ERROR", "Message": message}))
}

/// An error after which the connection is closed, since the rest of the request is not read.
#[must_use]
pub fn closing(status: StatusCode, message: &str) -> Answer {
    with(error(status, message), CONNECTION, "close")
}

/// The answer to every path that is not there, for whatever reason.
#[must_use]
pub fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "not found")
}

/// No key, or one that proves nothing.
#[must_use]
pub fn unauthorized() -> Answer {
    let message = "send HTTP Basic with an account SID and an auth token that is in force";
    let answer = error(StatusCode::UNAUTHORIZED, message);
    with(answer, WWW_AUTHENTICATE, CHALLENGE)
}

/// A signature that proves nothing. The connection is closed where the body is not read.
#[must_use]
pub fn unsigned(message: &str, closes: bool) -> Answer {
    let answer = if closes {
        closing(StatusCode::UNAUTHORIZED, message)
    } else {
        error(StatusCode::UNAUTHORIZED, message)
    };
    with(answer, WWW_AUTHENTICATE, CHALLENGE)
}

/// Another method than the endpoint has.
#[must_use]
pub fn method_not_allowed(allow: &'static str) -> Answer {
    let message = format!("method not allowed; allowed: {allow}");
    let answer = error(StatusCode::METHOD_NOT_ALLOWED, &message);
    with(answer, ALLOW, allow)
}

/// Nothing was acknowledged; the same request may be sent again.
#[must_use]
pub fn try_again(status: StatusCode, message: &str) -> Answer {
    with(error(status, message), RETRY_AFTER, RETRY_SECONDS)
}

/// Every field error of a conversion, in the trade's shape.
#[must_use]
pub fn field_errors(errors: &[FieldError]) -> Answer {
    let errors: Vec<_> = errors
        .iter()
        .map(|e| json!({"field": e.field, "level": "ERROR", "message": e.message}))
        .collect();
    let body = json!({"Status": "ERROR", "errors": errors});
    value(StatusCode::BAD_REQUEST, &body)
}

/// Every problem of a query.
#[must_use]
pub fn query_errors(errors: &[QueryError]) -> Answer {
    let listed: Vec<_> = errors
        .iter()
        .map(|e| json!({"Field": e.field, "Message": e.message}))
        .collect();
    let body = json!({
        "Status": "ERROR",
        "Message": "the query can't be answered; see Errors",
        "Errors": listed,
    });
    value(StatusCode::BAD_REQUEST, &body)
}

fn with(mut answer: Answer, name: HeaderName, text: &'static str) -> Answer {
    let value = HeaderValue::from_static(text);
    answer.headers_mut().insert(name, value);
    answer
}
