//! `POST …/FTPFileSubmissions?Type=…&FileName=…`: what is asked, the bytes, the answer.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::{Request, StatusCode};
use serde_json::json;
use tokio::time::timeout;

use crate::job::batch::{BatchKind, BatchRecord, Form, SpoolError};
use crate::model::arrival::Stream;
use crate::model::id::JobId;
use crate::report::error::QueryError;
use crate::report::parameters::{decode, shown};

use super::super::keys::{KeyRecord, Scope};
use super::super::respond::{self, Answer};
use super::super::signature;
use super::super::state::ApiState;
use super::receive::{self, Bounds, NotReceived, Received};

const UNAVAILABLE: &str = "the file could not be made durable; send it again";
/// Longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// How long an upload waits for its turn.
const TURN: Duration = Duration::from_secs(2);

/// `POST /Advertisers/{sid}/FTPFileSubmissions`
pub async fn upload<B>(state: &Arc<ApiState>, key: &KeyRecord, request: Request<B>) -> Answer
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match taken(state, key, request).await {
        Ok(job) => {
            let uri = super::list::uri(&key.sid, job);
            let body = json!({"Status": "QUEUED", "QueuedUri": uri});
            respond::value(StatusCode::OK, &body)
        }
        Err(answer) => *answer,
    }
}

async fn taken<B>(
    state: &Arc<ApiState>,
    key: &KeyRecord,
    request: Request<B>,
) -> Result<JobId, Box<Answer>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let query = request.uri().query().unwrap_or_default();
    let asked = Asked::read(query).map_err(|errors| respond::query_errors(&errors))?;
    let (scope, stream) = match asked.kind {
        BatchKind::Conversion => (Scope::WriteConversions, Stream::Conversion),
        BatchKind::Modification | BatchKind::Reversal => {
            (Scope::ModifyActions, Stream::Modification)
        }
    };
    if !key.may(scope) {
        let message = format!("the key lacks the scope {}", scope.name());
        return Err(Box::new(respond::closing(StatusCode::FORBIDDEN, &message)));
    }
    let signed = signature::before_body(state, &key.sid, stream, request.headers())?;
    let form = form(request.headers()).ok_or_else(|| {
        let message = "send Content-Type text/csv or application/x-ndjson, in UTF-8, without \
                       Content-Encoding";
        respond::closing(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    })?;
    let body = request.into_body();
    let announced = body.size_hint().lower();
    if announced > state.files.bytes_max {
        return Err(Box::new(refused(state, &NotReceived::TooLarge)));
    }
    let Ok(Ok(turn)) = timeout(TURN, state.files.turns.acquire()).await else {
        let message = "too many files at once; try again";
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Err(Box::new(respond::try_again(status, message)));
    };
    let bounds = Bounds {
        bytes_max: state.files.bytes_max,
        disk_free_min: state.files.disk_free_min,
        patience: state.limits.body,
    };
    let spool = state.files.spool.directory();
    let room = receive::has_room(spool, announced, bounds.disk_free_min);
    if let Ok(false) = room {
        return Err(Box::new(refused(state, &NotReceived::DiskFull)));
    }
    let running = signed.map(|signature| {
        let keys = state.keys.load();
        signature.begin(keys.signing_secrets(&state.hash_key, &key.sid))
    });
    let received = receive::receive(body, spool, bounds, running).await;
    let received = received.map_err(|error| refused(state, &error))?;
    if received.is_signed == Some(false) {
        return Err(signature::wrong(state, stream));
    }
    let job = queue(state, key.sid.clone(), asked, form, received).await;
    drop(turn);
    job.map_err(|error| {
        let reason = error.map_or_else(|| "it panicked".to_owned(), |error| error.to_string());
        tracing::warn!(reason, "a file was not queued");
        Box::new(respond::try_again(
            StatusCode::SERVICE_UNAVAILABLE,
            UNAVAILABLE,
        ))
    })
}

/// Queues what was received; durable on return.
async fn queue(
    state: &Arc<ApiState>,
    account: String,
    asked: Asked,
    form: Form,
    received: Received,
) -> Result<JobId, Option<SpoolError>> {
    let own = Arc::clone(state);
    let queued = tokio::task::spawn_blocking(move || {
        let record = BatchRecord {
            job: BatchRecord::id(&account, asked.kind, form, &received.digest),
            account,
            kind: asked.kind,
            form,
            file_name: asked.file_name,
            digest: received.digest.to_hex().to_string(),
            bytes: received.bytes,
            is_signed: received.is_signed.unwrap_or(false),
            created: own.log.clock().now(),
            cursor: 0,
            stored: 0,
            retries: 0,
            refused: 0,
            completed: None,
            is_lost: false,
        };
        own.files.spool.queue(&own.log, &received.path, record)
    });
    queued.await.map_err(|_| None)?.map_err(Some)
}

/// The answer to a body that was not received; the rest of it is not read.
fn refused(state: &ApiState, error: &NotReceived) -> Answer {
    let (status, message) = match error {
        NotReceived::TooLarge => {
            let max = state.files.bytes_max;
            let message = format!("the file is larger than {max} bytes; send it in parts");
            return respond::closing(StatusCode::PAYLOAD_TOO_LARGE, &message);
        }
        NotReceived::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the file came too slowly"),
        NotReceived::Cut => (
            StatusCode::BAD_REQUEST,
            "the file ended early or is malformed",
        ),
        NotReceived::DiskFull => (
            StatusCode::INSUFFICIENT_STORAGE,
            "there is no room for the file; nothing of it was kept",
        ),
        NotReceived::Disk(error) => {
            tracing::error!(%error, "a file could not be kept");
            (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
        }
    };
    respond::closing(status, message)
}

/// How the body is written; nothing for any other media type or charset.
fn form(headers: &HeaderMap) -> Option<Form> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let mut parts = value.to_str().ok()?.split(';').map(str::trim);
    let media = parts.next()?;
    let is_utf8 = parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
    });
    let is = |name: &str| is_utf8 && media.eq_ignore_ascii_case(name);
    if is("text/csv") {
        Some(Form::Csv)
    } else {
        is("application/x-ndjson").then_some(Form::Lines)
    }
}

/// What the query says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    kind: BatchKind,
    file_name: String,
}

impl Asked {
    fn read(query: &str) -> Result<Self, Vec<QueryError>> {
        let (mut kind, mut file_name) = (None, None);
        let mut errors = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let mut error = |message: &str| errors.push(QueryError::new(shown(name), message));
            let Some(value) = decode(value) else {
                error("is not UTF-8 after percent-decoding");
                continue;
            };
            let target = if name.eq_ignore_ascii_case("Type") {
                &mut kind
            } else if name.eq_ignore_ascii_case("FileName") {
                &mut file_name
            } else {
                error("is no parameter of an upload; known are Type, FileName");
                continue;
            };
            if target.replace(value).is_some() {
                error("is given more than once; send it once");
            }
        }
        let kinds = BatchKind::ALL.into_iter();
        let kind = kind.as_deref().and_then(|kind| {
            let mut kinds = kinds;
            kinds.find(|known| known.name().eq_ignore_ascii_case(kind))
        });
        if kind.is_none() {
            let message = "is missing or unknown; Conversion, Modification, Reversal are allowed";
            errors.push(QueryError::new("Type", message));
        }
        let file_name = file_name.unwrap_or_default();
        if file_name.len() > NAME_BYTES_MAX || file_name.chars().any(char::is_control) {
            let message = format!("has more than {NAME_BYTES_MAX} bytes or control characters");
            errors.push(QueryError::new("FileName", message));
        }
        match kind {
            Some(kind) if errors.is_empty() => Ok(Self { kind, file_name }),
            _ => Err(errors),
        }
    }
}
