//! A server that is not clickd: started with its output in a file, never left behind.
//!
//! It is known by the pid of the child and may have children of its own. Dropping a [`Process`]
//! asks it to end and, if it does not, kills it; whatever it leaves is killed as well.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};

use crate::daemon::process::tail;
use crate::daemon::usage::tree;

/// How often something awaited is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// How long it may take to end by itself.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// A running server.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output in the file `log`.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        let output = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", Path::new(command.get_program()).display()))?;
        Ok(Self { child, log })
    }

    /// Its pid.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails if it has ended.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server ended with {status}\n{}", self.tail());
        }
        Ok(())
    }

    /// The end of its output, for a message.
    pub(crate) fn tail(&self) -> String {
        tail(&self.log)
    }

    fn ended_by(&mut self, deadline: Instant) -> bool {
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(LOOK);
        }
        true
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Descriptors, since a number could be another process by the time it is used.
        let mut left: Vec<OwnedFd> = tree(self.pid()).into_iter().filter_map(open).collect();
        let asked = raw(self.pid()).is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        if !asked || !self.ended_by(Instant::now() + STOP_LIMIT) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        left.retain(|handle| pidfd_send_signal(handle, Signal::KILL).is_ok());
    }
}

fn raw(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

fn open(pid: u32) -> Option<OwnedFd> {
    pidfd_open(raw(pid)?, PidfdFlags::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(folder: &Path, body: &str) -> Process {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", body]);
        Process::start(&mut command, folder.join("log")).unwrap()
    }

    /// Whether it runs; a process that ended and was not waited for does not.
    fn runs(pid: u32) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = stat
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.chars().nth(1));
        !matches!(state, None | Some('Z'))
    }

    #[test]
    fn a_server_that_ended_is_reported_with_its_output() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = start(folder.path(), "echo no such option >&2; exit 3");
        while process.check_alive().is_ok() {
            std::thread::sleep(LOOK);
        }
        let error = process.check_alive().unwrap_err().to_string();
        assert!(
            error.contains('3') && error.contains("no such option"),
            "{error}"
        );
    }

    #[test]
    fn children_end_with_their_server() {
        let folder = tempfile::tempdir().unwrap();
        // The parent obeys SIGTERM and leaves its child behind, as a killed nginx would.
        let process = start(folder.path(), "sleep 600 & echo up; wait");
        while !process.tail().contains("up") {
            std::thread::sleep(LOOK);
        }
        let pids = tree(process.pid());
        assert_eq!(pids.len(), 2);
        assert!(pids.iter().all(|pid| runs(*pid)));
        drop(process);
        for pid in pids {
            let deadline = Instant::now() + Duration::from_secs(5);
            while runs(pid) {
                assert!(Instant::now() < deadline, "{pid} still runs");
                std::thread::sleep(LOOK);
            }
        }
    }
}
