//! The daemon's process: start, wait until it accepts, stop by SIGTERM, never left behind.
//!
//! The process is known by the pid of the child alone. Dropping a [`Daemon`] that still runs kills
//! and reaps it, whatever the reason.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use rustix::process::{Pid, Signal, kill_process};

use super::settings::Settings;
use crate::http::brand::lossy;
use crate::http::connection::{Answer, Connection};

/// How often something awaited is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long the daemon may take to accept.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long it may take to drain and end.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How much of its log goes into a message.
const LOG_TAIL: usize = 4_000;

/// A running daemon.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
    ops: Connection,
}

impl Daemon {
    /// Starts `clickd serve` with its output in the folder's `daemon.log`.
    pub(crate) fn start(clickd: &Path, settings: &Settings) -> Result<Self> {
        let log = settings.folder.join("daemon.log");
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let child = Command::new(clickd)
            .arg("serve")
            .arg("--config")
            .arg(settings.path())
            .env_remove("NOTIFY_SOCKET")
            .env_remove("LISTEN_FDS")
            .env_remove("LISTEN_PID")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", clickd.display()))?;
        Ok(Self {
            child,
            log,
            ops: Connection::new(settings.ops),
        })
    }

    /// Its pid.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `/readyz` says that it accepts.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the daemon ended during its start with {status}");
            }
            if self
                .get("/readyz")
                .await
                .is_ok_and(|answer| answer.status.is_success())
            {
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("not ready after {} s", START_LIMIT.as_secs());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What `/metrics` answers.
    pub(crate) async fn metrics(&mut self) -> Result<String> {
        let answer = self.get("/metrics").await.context("scraping /metrics")?;
        ensure!(
            answer.status.is_success(),
            "/metrics answered {}: {}",
            answer.status,
            lossy(&answer.body)
        );
        String::from_utf8(answer.body.into()).context("/metrics is not UTF-8")
    }

    /// How much `/metrics` answers: families and series.
    pub(crate) async fn scrape(&mut self) -> Result<(usize, usize)> {
        let (families, series) = metrics(&self.metrics().await?);
        ensure!(families > 0 && series > 0, "/metrics is empty");
        Ok((families, series))
    }

    /// Ends it by SIGTERM; it must leave with exit code 0.
    pub(crate) async fn stop(mut self) -> Result<Duration> {
        let since = Instant::now();
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "the daemon had already ended with {status}\n{}",
                self.tail()
            );
        }
        let pid = Pid::from_raw(i32::try_from(self.child.id())?).context("pid 0")?;
        kill_process(pid, Signal::TERM).context("sending SIGTERM")?;
        let status = self.ended(since + STOP_LIMIT).await?;
        ensure!(
            status.success(),
            "the daemon ended with {status}\n{}",
            self.tail()
        );
        Ok(since.elapsed())
    }

    /// Ends it by SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The end of its log, for a message.
    pub(crate) fn tail(&self) -> String {
        tail(&self.log)
    }

    async fn ended(&mut self, deadline: Instant) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!(
                    "still running {} s after SIGTERM\n{}",
                    STOP_LIMIT.as_secs(),
                    self.tail()
                );
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn get(&mut self, path: &str) -> Result<Answer> {
        let request = Request::get(path)
            .header("Host", self.ops.address().to_string())
            .body(Full::<Bytes>::default())?;
        self.ops.exchange(request).await
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already.
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The end of a log, for a message.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let from = text.len().saturating_sub(LOG_TAIL);
    let tail = String::from_utf8_lossy(text.get(from..).unwrap_or_default());
    format!("--- {} ---\n{tail}", log.display())
}

/// Families and series of a scrape.
fn metrics(text: &str) -> (usize, usize) {
    let families = text
        .lines()
        .filter(|line| line.starts_with("# TYPE clickd_"))
        .count();
    let series = text
        .lines()
        .filter(|line| line.starts_with("clickd_"))
        .count();
    (families, series)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::daemon::settings::Ack;
    use crate::http::mock::{Mock, run};

    /// A daemon that is a shell script.
    fn script(folder: &Path, body: &str) -> (PathBuf, Settings) {
        let path = folder.join("clickd");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        (path, Settings::free(folder, Ack::Fast).unwrap())
    }

    fn alive(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn a_daemon_that_ends_early_is_reported_with_its_log() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (path, settings) = script(folder.path(), "echo no such option >&2; exit 78");
            let mut daemon = Daemon::start(&path, &settings).unwrap();
            let error = daemon.ready().await.unwrap_err().to_string();
            assert!(error.contains("78"), "{error}");
            assert!(daemon.tail().contains("no such option"));
        });
    }

    #[test]
    fn a_dropped_daemon_is_killed_even_if_it_ignores_sigterm() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (path, settings) = script(folder.path(), "trap '' TERM; exec sleep 600");
            let daemon = Daemon::start(&path, &settings).unwrap();
            let pid = daemon.pid();
            assert!(alive(pid));
            drop(daemon);
            assert!(!alive(pid));
        });
    }

    #[test]
    fn a_stop_needs_exit_code_0() {
        run(async {
            for (code, clean) in [(0, true), (75, false)] {
                let folder = tempfile::tempdir().unwrap();
                let body =
                    format!("trap 'exit {code}' TERM; echo up; while :; do sleep 0.01; done");
                let (path, settings) = script(folder.path(), &body);
                let daemon = Daemon::start(&path, &settings).unwrap();
                while !daemon.tail().contains("up") {
                    tokio::time::sleep(LOOK).await;
                }
                assert_eq!(daemon.stop().await.is_ok(), clean, "exit code {code}");
            }
        });
    }

    #[test]
    fn ready_waits_for_the_probe() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let (path, mut settings) = script(folder.path(), "exec sleep 600");
            let asked = std::cell::Cell::new(0);
            let mock = Mock::start(move |request| {
                asked.set(asked.get() + 1);
                assert_eq!(request.path, "/readyz");
                let status = if asked.get() < 3 {
                    "503 Not Ready"
                } else {
                    "200 OK"
                };
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
            })
            .await;
            settings.ops = mock.address;
            let mut daemon = Daemon::start(&path, &settings).unwrap();
            daemon.ready().await.unwrap();
            assert_eq!(mock.seen().len(), 3);
        });
    }

    #[test]
    fn families_and_series_are_counted() {
        let text = "# HELP clickd_a_total a\n# TYPE clickd_a_total counter\n\
                    clickd_a_total{x=\"1\"} 1\nclickd_a_total{x=\"2\"} 1\nother 1\n";
        assert_eq!(metrics(text), (1, 2));
    }
}
