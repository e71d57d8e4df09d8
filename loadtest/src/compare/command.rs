//! The subcommand itself: its options, from starting the servers to judging what they did.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::gates::{Verdict, gates};
use super::ledger::Recorded;
use super::programs::Programs;
use super::report;
use super::request::Mode;
use super::rounds::{self, HEADS, Plan, Results};
use super::servers::{Kind, Server};
use super::wrk::{Load, Wrk};
use crate::daemon::pin::Pins;
use crate::daemon::stage::{clickd, folder};

/// Descriptors that a server with the most connections may need.
const FILES: u64 = 16_384;
/// What a turn takes beside its seconds, at most: the fold's, and coming to rest.
const SETTLING: Duration = Duration::from_secs(10);

/// Measures clickd beside nginx, `HAProxy` and a bare hyper.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Turns of each server under each load; fewer than 10 are for trying only
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Connections at a time
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [16, 64, 256, 1_024],
        value_parser = clap::value_parser!(u16).range(1..=2_048)
    )]
    connections: Vec<u16>,
    /// How long a connection lives
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [Mode::KeepAlive, Mode::PerClick]
    )]
    mode: Vec<Mode>,
    /// Seconds of one turn
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Leave it to the kernel which CPU runs what
    #[arg(long)]
    free: bool,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Write every turn of the closed loop to this CSV file
    #[arg(long, value_name = "FILE")]
    runs: Option<PathBuf>,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

impl Options {
    /// How long it takes at most, beside starting and proving.
    pub(crate) fn length(&self) -> Duration {
        let loads = self.loads().len() + 1;
        let turns = loads.saturating_mul(Kind::ALL.len());
        let turns = u32::try_from(turns).unwrap_or(u32::MAX);
        let turn = Duration::from_secs(self.seconds.into()) + SETTLING;
        turn.saturating_mul(turns.saturating_mul(self.rounds))
    }

    fn loads(&self) -> Vec<Load> {
        let loads: BTreeSet<Load> = self
            .mode
            .iter()
            .flat_map(|mode| {
                let load = |connections: &u16| Load {
                    mode: *mode,
                    connections: *connections,
                };
                self.connections.iter().map(load)
            })
            .collect();
        loads.into_iter().collect()
    }
}

/// Runs it; an error is a gate missed, a wrong answer, or a record that is off.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let programs = Programs::find()?;
    let clickd = clickd(options.clickd.clone())?;
    let runs = options.runs.as_deref().map(runs_file).transpose()?;
    allow_files()?;
    let pins = Pins::new(options.free)?;
    let folder = folder(options.keep)?;
    let wrk = Wrk::new(&programs.wrk, folder.path())?;
    let plan = Plan {
        rounds: options.rounds,
        seconds: options.seconds,
        loads: options.loads(),
    };
    report::head(&clickd, folder.path(), pins, plan.seconds, out)?;
    let mut servers = Vec::new();
    for kind in Kind::ALL {
        servers.push(Server::start(kind, &programs, &clickd, folder.path(), pins).await?);
    }
    let mut results = rounds::run(&plan, &mut servers, &wrk, runs).await?;
    report::closed(&results, out)?;
    report::open(&results, out)?;
    report::records(&servers, out)?;
    for server in servers {
        results.faults.extend(prove(server, out).await?);
    }
    judge(&results, out)
}

/// Compares the store of a daemon with what was sent and stops it.
async fn prove(server: Server, out: &mut impl Write) -> Result<Option<String>> {
    let (kind, sent) = (server.kind, server.sent);
    let Some(stage) = server.into_clickd() else {
        return Ok(None);
    };
    writeln!(out, "\n{}", kind.name())?;
    let clicks = stage.verify().await?.clicks;
    writeln!(out, "verify: clean\nledger, clicks: {clicks}")?;
    stage.strike(out).await?;
    let fault = sent.fault(Recorded {
        clicks: clicks.stored,
        others: clicks.refused + clicks.unrecorded,
    });
    Ok(fault.map(|fault| format!("{}, ledger: {fault}", kind.name())))
}

/// Prints the gates and fails if one is missed or a record is off.
fn judge(results: &Results, out: &mut impl Write) -> Result<()> {
    let gates = gates(results);
    report::gates(&gates, out)?;
    let missed = gates
        .iter()
        .filter(|gate| gate.verdict() == Verdict::Missed)
        .count();
    let faults = &results.faults;
    ensure!(
        faults.is_empty(),
        "{} records or answers are off\n  {}",
        faults.len(),
        faults.join("\n  ")
    );
    writeln!(out, "\nledgers: every record is what the clients counted")?;
    ensure!(missed == 0, "{missed} gates are missed");
    Ok(())
}

/// Begins the file of runs.
fn runs_file(path: &Path) -> Result<csv::Writer<File>> {
    let mut runs =
        csv::Writer::from_path(path).with_context(|| format!("writing {}", path.display()))?;
    runs.write_record(HEADS)?;
    Ok(runs)
}

/// Lets this program and what it starts open as many files as the largest load needs.
fn allow_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < FILES) else {
        return Ok(());
    };
    let highest = limit.maximum.unwrap_or(FILES).min(FILES);
    let raised = Rlimit {
        current: Some(current.max(highest)),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).context("raising the limit of open files")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::rounds::tests::{kept, sample};

    fn options(connections: &[u16], mode: &[Mode]) -> Options {
        Options {
            rounds: 2,
            connections: connections.to_vec(),
            mode: mode.to_vec(),
            seconds: 1,
            free: false,
            clickd: None,
            runs: None,
            keep: false,
        }
    }

    #[test]
    fn every_mode_meets_every_number_of_connections_once() {
        let both = options(&[64, 16, 64], &[Mode::PerClick, Mode::KeepAlive]);
        let loads = both.loads();
        assert_eq!(loads.len(), 4);
        assert_eq!(loads[..2], [kept(16), kept(64)]);
        // Four loads and the open loop, six servers, two rounds.
        assert_eq!(both.length(), Duration::from_secs(5 * 6 * 2 * 11));
    }

    #[test]
    fn a_missed_gate_and_a_fault_fail_the_run() {
        let judged = |results: &Results| {
            let mut out = Vec::new();
            let error = judge(results, &mut out).err();
            (
                String::from_utf8(out).unwrap(),
                error.map(|e| e.to_string()),
            )
        };
        let mut results = Results::default();
        let (_, error) = judged(&results);
        assert_eq!(error, None, "what is not measured is not missed");
        let kinds = results.closed.entry(kept(64)).or_default();
        kinds.insert(Kind::Nginx, vec![sample(10_000, 1)]);
        kinds.insert(Kind::ClickdFast, vec![sample(8_000, 1)]);
        let (text, error) = judged(&results);
        assert_eq!(error, None);
        assert!(text.contains("0.800") && text.contains("holds"), "{text}");
        let kinds = results.closed.entry(kept(64)).or_default();
        kinds.insert(Kind::ClickdFast, vec![sample(9_500, 1)]);
        let (text, error) = judged(&results);
        assert!(text.contains("missed"), "{text}");
        assert!(error.unwrap().contains("1 gates"));
        results.faults.push("nginx: one line too few".to_owned());
        let (_, error) = judged(&results);
        assert!(error.unwrap().contains("one line too few"));
    }
}
