//! `clickd serve` as a child process that never outlives its guard.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::config::Config;
use super::http::{self, Client};

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(2);
/// How long one question about readiness may take; the next one follows.
const QUESTION: Duration = Duration::from_millis(500);

/// A running `clickd serve`. Dropped, it is killed.
pub(crate) struct Daemon {
    child: Child,
    ops: std::net::SocketAddr,
    said: PathBuf,
    since: Instant,
}

impl Daemon {
    /// Writes the settings and starts the daemon on them; it is not ready yet.
    pub(crate) fn start(config: &Config) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_clickd")), config)
    }

    /// As [`Self::start`], where `command` runs the binary, such as under a tracer: the arguments
    /// of `serve` are added to it.
    pub(crate) fn start_by(mut command: Command, config: &Config) -> Self {
        let said = config.folder().join("daemon.log");
        let out = File::options().create(true).append(true).open(&said);
        let out = out.unwrap();
        let since = Instant::now();
        let child = command
            .arg("serve")
            .arg("--config")
            .arg(config.write())
            .env_remove("NOTIFY_SOCKET")
            .env_remove("LISTEN_FDS")
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        Self {
            child,
            ops: config.ops,
            said,
            since,
        }
    }

    /// Waits until the daemon says that it is ready; how long it took from its start.
    pub(crate) fn wait_ready(&mut self, limit: Duration) -> Result<Duration, String> {
        while self.since.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Err(format!("ended with {status}: {}", self.said()));
            }
            let answer = Client::connect(self.ops, QUESTION)
                .and_then(|mut ops| ops.exchange(&http::get("/readyz", &[])));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(self.since.elapsed());
            }
            std::thread::sleep(GLANCE);
        }
        Err(format!("not ready within {limit:?}: {}", self.said()))
    }

    /// SIGKILL, and its end.
    pub(crate) fn kill(&mut self) -> ExitStatus {
        // It may have ended by itself.
        drop(self.child.kill());
        self.child.wait().unwrap()
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = i32::try_from(self.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(GLANCE);
        }
        None
    }

    /// The end of what it has written, with what daemons before it wrote to the same folder.
    pub(crate) fn said(&self) -> String {
        tail(&self.said)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

fn tail(file: &Path) -> String {
    const BYTES: usize = 4_000;
    let text = std::fs::read(file).unwrap_or_default();
    let from = text.len().saturating_sub(BYTES);
    String::from_utf8_lossy(&text[from..]).into_owned()
}
