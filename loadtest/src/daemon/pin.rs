//! Which CPU runs what: servers on the first, everything that loads them on the second.
//!
//! A child inherits the CPUs of the thread that starts it, so a server is placed by placing this
//! thread while it starts.

use std::fmt;

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where servers and loaders run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pins(Option<Pair>);

#[derive(Clone, Copy, Debug)]
struct Pair {
    server: usize,
    loader: usize,
}

/// While it lives, this thread and what it starts run where servers do.
pub(crate) struct OnServer(Option<Pair>);

impl Pins {
    /// Places this thread where loaders run, unless placement is left to the kernel.
    pub(crate) fn new(free: bool) -> Result<Self> {
        if free {
            return Ok(Self(None));
        }
        let allowed = sched_getaffinity(None).context("reading the CPUs of this program")?;
        let mut cpus = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu));
        let pair = cpus.next().zip(cpus.next());
        let (server, loader) = pair.context("one CPU only; two are needed, or --free")?;
        run_on(loader)?;
        Ok(Self(Some(Pair { server, loader })))
    }

    /// Moves this thread to where servers run.
    pub(crate) fn on_server(self) -> Result<OnServer> {
        if let Some(pair) = self.0 {
            run_on(pair.server)?;
        }
        Ok(OnServer(self.0))
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        if let Some(pair) = self.0 {
            // It was allowed before, and the next reading of the CPUs would tell.
            drop(run_on(pair.loader));
        }
    }
}

impl fmt::Display for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Pair { server, loader }) => {
                write!(f, "each server on CPU {server}, its load from CPU {loader}")
            }
            None => f.write_str("not pinned: servers and load share all CPUs"),
        }
    }
}

fn run_on(cpu: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set).with_context(|| format!("moving to CPU {cpu}"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn cpus_of_a_child() -> String {
        let output = Command::new("grep")
            .args(["Cpus_allowed_list", "/proc/self/status"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_ascii_whitespace().nth(1).unwrap().to_owned()
    }

    #[test]
    fn children_run_where_their_starter_does() {
        let Ok(pins) = Pins::new(false) else {
            // A machine with one CPU.
            return;
        };
        let pair = pins.0.unwrap();
        assert_ne!(pair.server, pair.loader);
        assert_eq!(cpus_of_a_child(), pair.loader.to_string());
        let moved = pins.on_server().unwrap();
        assert_eq!(cpus_of_a_child(), pair.server.to_string());
        drop(moved);
        assert_eq!(cpus_of_a_child(), pair.loader.to_string());
        assert!(pins.to_string().contains(&format!("CPU {}", pair.server)));
    }

    #[test]
    fn free_servers_stay_where_they_are() {
        let before = cpus_of_a_child();
        let pins = Pins::new(true).unwrap();
        drop(pins.on_server().unwrap());
        assert_eq!(cpus_of_a_child(), before);
    }
}
