//! `wrk` as the client of the closed loop: its command line, and what it says in the end.
//!
//! Every connection sends its next request when the last is answered. `wrk` counts answers; what
//! is in flight when its time is up the server may still answer, at most one request for each
//! connection. Of statuses it counts those above 399 only: that the others are 302 is for the
//! ledgers and for the check before the runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::request::{HEADERS, Mode, TARGET};
use crate::child;

/// What it takes to start, connect and end, beside the time it sends.
const SLACK: Duration = Duration::from_secs(30);

/// Prints the figures on one line. `wrk` hands durations over in microseconds.
const SCRIPT: &str = r#"
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\ncounted requests=%.0f micros=%.0f", summary.requests, summary.duration))
  io.write(string.format(" connect=%.0f read=%.0f write=%.0f status=%.0f timeout=%.0f",
    e.connect, e.read, e.write, e.status, e.timeout))
  io.write(string.format(" p50=%.0f p99=%.0f p999=%.0f\n",
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
"#;

/// The program, ready to run.
pub(crate) struct Wrk {
    program: PathBuf,
    folder: PathBuf,
}

/// How a server is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Load {
    /// How long a connection lives.
    pub(crate) mode: Mode,
    /// How many connections there are at a time.
    pub(crate) connections: u16,
}

/// What it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Answers.
    pub(crate) requests: u64,
    /// How long it sent, in microseconds.
    pub(crate) micros: u64,
    /// Whatever was not an answer below 400 in time.
    pub(crate) errors: u64,
    /// Latencies in microseconds.
    pub(crate) p50: u64,
    /// 99 of 100.
    pub(crate) p99: u64,
    /// 999 of 1,000.
    pub(crate) p999: u64,
}

impl Wrk {
    /// The program at `program`, which keeps its script and its output in `folder`.
    pub(crate) fn new(program: &Path, folder: &Path) -> Result<Self> {
        let wrk = Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
        };
        std::fs::write(wrk.script(), SCRIPT).context("writing the script of wrk")?;
        Ok(wrk)
    }

    /// Loads `server` for so many seconds.
    pub(crate) async fn run(
        &self,
        server: SocketAddr,
        load: Load,
        seconds: u32,
    ) -> Result<Counted> {
        let mut command = Command::new(&self.program);
        command.args(arguments(load, seconds));
        command.arg("-s").arg(self.script());
        command.arg(format!("http://{server}{TARGET}"));
        let limit = SLACK + Duration::from_secs(seconds.into());
        let said = child::run(&mut command, "wrk", &self.folder.join("wrk"), limit).await?;
        read(&said).with_context(|| format!("wrk printed no figures: {said}"))
    }

    fn script(&self) -> PathBuf {
        self.folder.join("wrk.lua")
    }
}

fn arguments(load: Load, seconds: u32) -> Vec<String> {
    let mut arguments = vec![
        "-t1".to_owned(),
        format!("-c{}", load.connections),
        format!("-d{seconds}s"),
        "--timeout".to_owned(),
        "10s".to_owned(),
    ];
    for (name, value) in HEADERS.into_iter().chain([load.mode.header()]) {
        arguments.push("-H".to_owned());
        arguments.push(format!("{name}: {value}"));
    }
    arguments
}

/// Reads the line of the script.
fn read(said: &str) -> Result<Counted> {
    let mut lines = said.lines();
    let line = lines.find_map(|line| line.strip_prefix("counted "));
    let line = line.context("no such line")?;
    let figure = |name: &str| -> Result<u64> {
        let mut parts = line.split(' ').filter_map(|part| part.split_once('='));
        let found = parts.find(|(have, _)| *have == name);
        let (_, value) = found.with_context(|| format!("no {name}"))?;
        value.parse().with_context(|| format!("{name} is {value}"))
    };
    let mut errors = 0;
    for name in ["connect", "read", "write", "status", "timeout"] {
        errors += figure(name)?;
    }
    let counted = Counted {
        requests: figure("requests")?,
        micros: figure("micros")?,
        errors,
        p50: figure("p50")?,
        p99: figure("p99")?,
        p999: figure("p999")?,
    };
    ensure!(
        counted.requests > 0 && counted.micros > 0,
        "nothing was answered"
    );
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "counted requests=81234 micros=2000456 connect=1 read=20 write=300 \
                        status=4000 timeout=50000 p50=790 p99=1203 p999=4100";

    #[test]
    fn the_line_of_the_script_is_read() {
        let said = format!("Running 2s test\n  1 threads\n{LINE}\n");
        let want = Counted {
            requests: 81_234,
            micros: 2_000_456,
            errors: 54_321,
            p50: 790,
            p99: 1_203,
            p999: 4_100,
        };
        assert_eq!(read(&said).unwrap(), want);
    }

    #[test]
    fn a_line_that_lacks_a_figure_is_refused() {
        for (from, to) in [
            ("counted ", ""),
            (" status=4000", ""),
            ("p999=4100", "p999=nan"),
            ("requests=81234", "requests=0"),
            ("micros=", "seconds="),
        ] {
            assert!(read(&LINE.replace(from, to)).is_err(), "{from}");
        }
    }

    #[test]
    fn the_script_prints_every_figure_that_is_read() {
        for part in LINE.split(' ').skip(1) {
            let (name, _) = part.split_once('=').unwrap();
            assert!(SCRIPT.contains(&format!("{name}=%.0f")), "{name}");
        }
    }

    #[test]
    fn the_load_is_said_to_wrk() {
        for (mode, header) in [
            (Mode::KeepAlive, "Connection: keep-alive"),
            (Mode::PerClick, "Connection: close"),
        ] {
            let load = Load {
                mode,
                connections: 256,
            };
            let said = arguments(load, 3);
            assert_eq!(said[..3], ["-t1", "-c256", "-d3s"]);
            assert!(said.iter().any(|part| part == header));
            assert!(said.iter().any(|part| part == "Sec-Fetch-Mode: navigate"));
        }
    }
}
