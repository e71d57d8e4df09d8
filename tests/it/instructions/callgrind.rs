//! The daemon under callgrind, which counts the instructions of each thread.
//!
//! Counts are written and begin anew whenever the test asks, so that neither the start of the
//! daemon nor its end is in a figure. Caches are not simulated, which would cost time and depend on
//! a machine.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use crate::support::config::Config;
use crate::support::daemon::Daemon;

use super::profile::{Profile, Thread};

/// The daemon runs about fifty times as slow as by itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the names of all files of counts begin with.
const BASE: &str = "instructions";

/// A daemon whose instructions are counted.
pub(super) struct Counted<'a> {
    daemon: Daemon,
    config: &'a Config,
}

/// The version of valgrind.
pub(super) fn version() -> String {
    let output = Command::new("valgrind").arg("--version").output();
    let output = output.expect("valgrind is needed: apt-get install valgrind");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl<'a> Counted<'a> {
    /// Starts the daemon and waits until it serves.
    pub(super) fn start(config: &'a Config) -> Self {
        let folder = config.folder().display();
        let mut command = Command::new("valgrind");
        command
            .args(["--tool=callgrind", "--quiet", "--separate-threads=yes"])
            // Else a thread that is always ready to run keeps the others from running.
            .arg("--fair-sched=try")
            .arg(format!("--callgrind-out-file={folder}/{BASE}"))
            .arg(format!("--vgdb-prefix={folder}/vgdb"))
            .arg(env!("CARGO_BIN_EXE_clickd"))
            .env_remove("VALGRIND_OPTS");
        let mut daemon = Daemon::start_by(command, config);
        daemon.wait_ready(PATIENCE).unwrap();
        Self { daemon, config }
    }

    /// What each thread has executed since the last [`Self::count`] or [`Self::begin`].
    pub(super) fn count(&self, phase: &str) -> Vec<Profile> {
        self.dump(phase);
        let mut profiles = Vec::new();
        for entry in std::fs::read_dir(self.config.folder()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().starts_with(BASE) {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                profiles.extend(Profile::read(&text, phase).unwrap());
            }
        }
        profiles
    }

    /// Begins a count.
    pub(super) fn begin(&self) {
        self.dump("before");
    }

    fn dump(&self, phase: &str) {
        // The daemon looks for commands by itself; it need not be stopped for them by ptrace, which
        // containers may forbid.
        let output = Command::new("vgdb")
            .arg(format!(
                "--vgdb-prefix={}",
                self.config.folder().join("vgdb").display()
            ))
            .arg(format!("--pid={}", self.daemon.id()))
            .args(["--max-invoke-ms=0", "dump", phase])
            .output()
            .expect("vgdb comes with valgrind: apt-get install valgrind");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// Asks the daemon to stop, and waits for its end.
    pub(super) fn stop(mut self) -> ExitStatus {
        self.daemon.terminate();
        let ended = self.daemon.wait_end(PATIENCE);
        ended.unwrap_or_else(|| panic!("does not end: {}", self.daemon.said()))
    }
}

/// The instructions of all threads of `profiles` that are one of `threads`, of each of which there
/// is one at least.
pub(super) fn of_all(profiles: &[Profile], threads: &[Thread]) -> u64 {
    for thread in threads {
        let found = profiles.iter().any(|profile| profile.is(*thread));
        assert!(found, "none is {thread:?}: {profiles:?}");
    }
    let are = |profile: &&Profile| threads.iter().any(|thread| profile.is(*thread));
    profiles
        .iter()
        .filter(are)
        .map(|profile| profile.instructions)
        .sum()
}

/// The instructions of the one thread of `profiles` that is `thread`.
pub(super) fn of(profiles: &[Profile], thread: Thread) -> u64 {
    let found: Vec<_> = profiles
        .iter()
        .filter(|profile| profile.is(thread))
        .collect();
    assert_eq!(found.len(), 1, "of {thread:?} there is one: {profiles:?}");
    found[0].instructions
}
