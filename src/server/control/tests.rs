//! Both sides of the control socket against each other, in a temporary folder.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::*;

struct Daemon {
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    fn start(verbs: Verbs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = ControlSocket::bind(&folder.path().join("control")).unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let until = async {
                stopped.await.unwrap();
            };
            runtime
                .block_on(serve(socket, Arc::new(verbs), until))
                .unwrap();
        });
        Self {
            folder,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    /// What comes back for raw bytes.
    fn raw(&self, request: &[u8]) -> String {
        let mut stream = UnixStream::connect(self.path()).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn stop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

fn verbs() -> Verbs {
    Verbs::new()
        .with("echo", Ok)
        .with("size", |value: Value| {
            Ok(json!(value.as_str().map(str::len)))
        })
        .with("catalog.apply", |_| {
            let details = vec![String::from("programs.7.currency: unknown")];
            Err(VerbError::new(65, "the catalogue has problems").with_details(details))
        })
        .with("broken", |_| panic!("a planted fault"))
}

fn refused(path: &Path, verb: &str) -> VerbError {
    match call(path, verb, &Value::Null) {
        Err(CallError::Refused(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_verb_answers_with_json_and_again_on_the_next_call() {
    let daemon = Daemon::start(verbs());
    for value in [json!({"a": [1, "ü\u{0}"]}), Value::Null] {
        assert_eq!(call(&daemon.path(), "echo", &value).unwrap(), value);
    }
}

#[test]
fn a_refusal_keeps_its_details_and_exit_code() {
    let daemon = Daemon::start(verbs());
    let error = refused(&daemon.path(), "catalog.apply");
    assert_eq!(error.exit, 65);
    assert_eq!(error.error, "the catalogue has problems");
    assert_eq!(error.details, ["programs.7.currency: unknown"]);
}

#[test]
fn an_unknown_verb_names_the_known_ones() {
    let daemon = Daemon::start(verbs());
    let error = refused(&daemon.path(), "rm");
    assert_eq!(
        error.error,
        "unknown verb `rm`; known are echo, size, catalog.apply, broken"
    );
}

#[test]
fn a_verb_that_panics_answers_and_leaves_the_daemon_serving() {
    let daemon = Daemon::start(verbs());
    assert_eq!(refused(&daemon.path(), "broken").exit, 75);
    assert_eq!(call(&daemon.path(), "echo", &json!(1)).unwrap(), json!(1));
}

#[test]
fn a_large_body_passes_and_a_larger_one_is_refused() {
    let daemon = Daemon::start(verbs());
    let text = "x".repeat(20 * 1024 * 1024);
    assert_eq!(
        call(&daemon.path(), "size", &json!(text)).unwrap(),
        json!(text.len())
    );
    let answer = daemon.raw(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 67108865\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("67108864 bytes"), "{answer}");
}

#[test]
fn what_is_not_a_verb_is_refused_and_the_connection_closed() {
    let daemon = Daemon::start(verbs());
    let get = daemon.raw(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(get.starts_with("HTTP/1.1 405"), "{get}");
    let text = daemon.raw(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{]");
    assert!(
        text.starts_with("HTTP/1.1 400") && text.contains("not JSON"),
        "{text}"
    );
}

#[test]
fn only_the_owner_may_open_the_socket() {
    let daemon = Daemon::start(verbs());
    let mode = fs::metadata(daemon.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_stop_removes_the_file_and_callers_hear_that_nobody_answers() {
    let mut daemon = Daemon::start(verbs());
    let path = daemon.path();
    daemon.stop();
    assert!(!path.exists());
    let error = call(&path, "echo", &Value::Null).unwrap_err();
    assert!(matches!(error, CallError::NotRunning { .. }), "{error}");
}

#[test]
fn a_socket_left_behind_is_replaced_and_a_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let live = ControlSocket::bind(&path).unwrap();
    let error = ControlSocket::bind(&path).unwrap_err();
    assert!(matches!(error, SocketError::Answered { .. }), "{error}");
    drop(live);
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    fs::write(&path, "precious").unwrap();
    let error = ControlSocket::bind(&path).unwrap_err();
    assert!(matches!(error, SocketError::NotASocket { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn dropping_an_old_socket_spares_the_file_of_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control");
    let old = ControlSocket::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _newer = UnixListener::bind(&path).unwrap();
    drop(old);
    assert!(path.exists());
}
