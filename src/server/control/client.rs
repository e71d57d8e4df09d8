//! The command line's side of the control socket.
//!
//! In: a verb and its value. Out: the daemon's answer. Blocking, with a runtime of its own on the
//! calling thread; a verb may take as long as it needs.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use super::verb::{EXIT_TEMPORARY, VerbError};

/// Exit code of a command that may not open the socket.
const EXIT_NOT_ALLOWED: u8 = 77;

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No daemon answers at the path; the store may be opened directly.
    #[error("no daemon answers at {}", path.display())]
    NotRunning {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The socket belongs to another user.
    #[error("not allowed to open {}; run the command as the daemon's user or as root",
            path.display())]
    NotAllowed {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The daemon answered that it did nothing.
    #[error(transparent)]
    Refused(#[from] VerbError),
    /// The connection failed after it was made; the verb may have been done or not.
    #[error("the daemon at {} went away before it answered: {reason}", path.display())]
    Broken {
        /// The path of the socket.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
}

impl CallError {
    /// The exit code of the command.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self {
            Self::Refused(error) => error.exit,
            Self::NotAllowed { .. } => EXIT_NOT_ALLOWED,
            Self::NotRunning { .. } | Self::Broken { .. } => EXIT_TEMPORARY,
        }
    }
}

/// Asks the daemon at `path` to do `verb` with `value`, and waits for its answer.
///
/// # Errors
/// When no daemon answers, the caller may not ask, the verb refuses, or the daemon goes away.
pub fn call(path: &Path, verb: &str, value: &Value) -> Result<Value, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(path, &error))?;
    runtime.block_on(exchange(path, verb, value))
}

/// Whether a daemon listens at `path`, be it that it still starts.
#[must_use]
pub fn listens(path: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(path).is_ok()
}

fn broken(path: &Path, reason: &dyn std::fmt::Display) -> CallError {
    CallError::Broken {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

async fn connect(path: &Path) -> Result<UnixStream, CallError> {
    UnixStream::connect(path).await.map_err(|error| {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                CallError::NotRunning { path }
            }
            io::ErrorKind::PermissionDenied => CallError::NotAllowed { path },
            _ => broken(&path, &error),
        }
    })
}

async fn exchange(path: &Path, verb: &str, value: &Value) -> Result<Value, CallError> {
    let stream = TokioIo::new(connect(path).await?);
    let (mut sender, connection) = http1::handshake(stream)
        .await
        .map_err(|error| broken(path, &error))?;
    let request = Request::post(format!("/{verb}"))
        .header(HOST, "clickd")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(value.to_string())))
        .map_err(|error| broken(path, &error))?;
    let asked = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>((status, body))
    };
    let mut asked = std::pin::pin!(asked);
    let mut connection = std::pin::pin!(connection);
    let (status, body) = tokio::select! {
        biased;
        answer = &mut asked => answer,
        ended = &mut connection => match ended {
            // The connection is done, so what it brought is already there to be read.
            Ok(()) => asked.await,
            Err(error) => Err(error),
        },
    }
    .map_err(|error| broken(path, &error))?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).map_err(|error| broken(path, &error));
    }
    let refused: VerbError = serde_json::from_slice(&body).map_err(|error| broken(path, &error))?;
    Err(CallError::Refused(refused))
}
