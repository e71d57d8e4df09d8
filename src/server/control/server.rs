//! The daemon's side of the control socket: one request for each connection.
//!
//! In: `POST /{verb}` with a JSON body. Out: 200 with the verb's JSON, or another status with a
//! [`VerbError`]. Verbs run on the blocking pool of the API's runtime, a few at a time.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use serde_json::Value;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::polite;
use super::socket::ControlSocket;
use super::verb::{BODY_BYTES_MAX, EXIT_INPUT, EXIT_TEMPORARY, VerbError, Verbs};

/// Verbs at work at a time; further commands wait in the backlog.
const VERBS_MAX: usize = 8;
/// How long the head, and then the body, of a request may take.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after an accept that failed for want of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `verbs` on `socket` until `stop` is done, then lets running verbs finish, whose answers
/// are still sent. The caller bounds that wait; its file goes away at the end.
///
/// # Errors
/// When the socket can't be used with this runtime.
pub async fn serve(
    socket: ControlSocket,
    verbs: Arc<Verbs>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = UnixListener::from_std(socket.listener()?)?;
    let room = Arc::new(Semaphore::new(VERBS_MAX));
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
            Some(_) = tasks.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let verbs = Arc::clone(&verbs);
        tasks.spawn(async move {
            connection(stream, verbs).await;
            drop(permit);
        });
    }
    drop(listener);
    drop(socket);
    while tasks.join_next().await.is_some() {}
    Ok(())
}

async fn connection(stream: UnixStream, verbs: Arc<Verbs>) {
    let service = service_fn(move |request| {
        let verbs = Arc::clone(&verbs);
        async move { Ok::<_, Infallible>(answer(request, verbs).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(READ_TIMEOUT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a command went away");
    }
}

async fn answer(request: Request<Incoming>, verbs: Arc<Verbs>) -> Response<Full<Bytes>> {
    let (status, body) = match act(request, verbs).await {
        Ok(done) => done,
        Err((status, error)) => (status, text(&error)),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn text(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn refuse(status: StatusCode, error: impl Into<String>) -> (StatusCode, VerbError) {
    (status, VerbError::new(EXIT_INPUT, error))
}

/// Reads the request and does its verb. A catalogue takes a while to read, so that too is left to
/// the blocking pool.
async fn act(
    request: Request<Incoming>,
    verbs: Arc<Verbs>,
) -> Result<(StatusCode, Vec<u8>), (StatusCode, VerbError)> {
    if request.method() != Method::POST {
        let error = "a verb is asked for with POST";
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, error));
    }
    let name = String::from(request.uri().path().trim_start_matches('/'));
    let bytes = body(request).await?;
    let work = tokio::task::spawn_blocking(move || {
        let value = parsed(bytes).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
        let value = verbs.run(&name, value).map_err(|error| {
            tracing::info!(verb = name, error = error.error, "a verb was refused");
            let known = verbs.has(&name);
            let status = if known {
                StatusCode::UNPROCESSABLE_ENTITY
            } else {
                StatusCode::NOT_FOUND
            };
            (status, error)
        })?;
        Ok((StatusCode::OK, text(&value)))
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a verb ended without an answer");
        let error = VerbError::new(EXIT_TEMPORARY, "the verb ended without an answer");
        Err((StatusCode::INTERNAL_SERVER_ERROR, error))
    })
}

/// The value of a body. A catalogue takes a while, so a thread of its own reads it.
fn parsed(bytes: Bytes) -> Result<Value, String> {
    let read = move || {
        polite::lower();
        serde_json::from_slice(&bytes).map_err(|error| format!("the body is not JSON: {error}"))
    };
    let thread = std::thread::Builder::new().name("control-read".to_owned());
    let reading = thread
        .spawn(read)
        .map_err(|error| format!("the body can't be read: {error}"))?;
    let panicked = |_| Err("the body can't be read".to_owned());
    reading.join().unwrap_or_else(panicked)
}

async fn body(request: Request<Incoming>) -> Result<Bytes, (StatusCode, VerbError)> {
    let too_large = || {
        let error = format!("the body is over {BODY_BYTES_MAX} bytes, the most allowed");
        refuse(StatusCode::PAYLOAD_TOO_LARGE, error)
    };
    let declared = usize::try_from(request.body().size_hint().lower()).unwrap_or(usize::MAX);
    if declared > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let limited = Limited::new(request.into_body(), BODY_BYTES_MAX);
    let Ok(collected) = tokio::time::timeout(READ_TIMEOUT, limited.collect()).await else {
        let error = "the body took too long";
        return Err(refuse(StatusCode::REQUEST_TIMEOUT, error));
    };
    collected.map(Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        let error = format!("the body can't be read: {error}");
        refuse(StatusCode::BAD_REQUEST, error)
    })
}
