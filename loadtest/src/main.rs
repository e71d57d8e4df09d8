//! Load test of the daemon: replays real clicks, or sends a steady stream, over HTTP, and counts
//! for itself.
//!
//! `loadtest replay FILE` proves figures: it starts a daemon of its own, sends every row of the
//! sample, and compares every partner's figures with a recount. `loadtest steady` measures: an
//! open loop at a fixed rate, latency from the moment a click was due. `loadtest compare` measures
//! the daemon beside other servers, as ratios, and judges them. `loadtest scale` compares a big
//! catalogue with a small one and changes it under load. `loadtest hostile` measures honest clicks
//! among connections that misbehave. `loadtest convert` writes the sample as files to import, with
//! the figures that must come of it, and `loadtest import` brings them to a daemon: in order,
//! shuffled and interrupted. `loadtest cut` cuts the connections of conversions and counts what
//! came of them. `loadtest reports` measures the fold and every report over a long history.
//! `loadtest robots` counts which user agents of two lists the daemon takes for robots.
//! `loadtest fraud` plants fraud among clean partners and counts what Risk by Partner finds. All
//! speak to loopback only, end by themselves, and leave no server behind. The
//! exit code is 0 only if nothing differs, fails, is lost or misses its bound.
//!
//! | folder | what |
//! |---|---|
//! | `traffic/` | what is sent, as data |
//! | `http/` | how it is sent and what an answer must be |
//! | `drive/` | clicks made beforehand, sent in a closed or an open loop |
//! | `daemon/` | the daemon under test: settings, process, verbs |
//! | `measure/` | pace, latency, freshness |
//! | `check/` | recount, comparison, ledger, bounds |
//! | `compare/` | other servers, turns and rounds, ratios and their bounds |
//! | `scale/`, `hostile/`, `cut/`, `reports/`, `fraud/` | the tests of these names |
//! | `convert/` | the sample with its own times, as files |
//!
//! It does not use the daemon's library: what it expects is counted from what it sent.

mod check;
mod child;
mod closed_loop;
mod compare;
mod convert;
mod cut;
mod daemon;
mod drive;
mod fraud;
mod hostile;
mod http;
mod measure;
mod open_loop;
mod replay;
mod reports;
mod robots;
mod scale;
mod steady;
mod table;
mod traffic;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

/// No run lasts longer than its own length and this.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// Load test of clickd: sends clicks over HTTP to a daemon of its own and counts for itself
#[derive(Parser, Debug)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    test: Test,
}

#[derive(Subcommand, Debug)]
enum Test {
    /// Send the sample and compare every partner's figures with a recount
    Replay(replay::Options),
    /// Send clicks at a fixed rate and measure latency and freshness
    Steady(steady::Options),
    /// Measure clickd beside nginx, `HAProxy` and a bare hyper
    Compare(compare::command::Options),
    /// The bare hyper of a comparison
    #[command(hide = true)]
    BareHyper(compare::bare_hyper::Options),
    /// Write the sample as files for `clickd import`, and what its reports must say
    Convert(convert::Options),
    /// Import the sample with its own times, whole and interrupted, and compare every figure
    Import(convert::import::Options),
    /// Measure what a big catalogue costs against a small one, and its change under load
    Scale(scale::Options),
    /// Measure honest clicks while others hold connections, send slow heads and pipeline
    Hostile(hostile::Options),
    /// Send conversions with connections cut before the answer and compare what came of them
    Cut(cut::Options),
    /// Measure the fold and every report over a long history
    Reports(reports::Options),
    /// Plant fraud among clean partners and count what Risk by Partner finds
    Fraud(fraud::Options),
    /// Count which user agents of two lists are taken for robots
    Robots(robots::Options),
}

fn main() -> ExitCode {
    let ended = start(Cli::parse());
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell if stderr is gone too.
            drop(writeln!(std::io::stderr(), "loadtest: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<()> {
    if let Test::BareHyper(options) = &cli.test {
        return compare::bare_hyper::run(options);
    }
    if let Test::Convert(options) = &cli.test {
        return convert::run(options, &mut std::io::stdout());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(test(cli.test)))
}

/// Runs the test until it ends, is asked to end, or has run for too long. Its daemon dies with it.
async fn test(test: Test) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut out = std::io::stdout();
    let (limit, run) = match test {
        Test::Replay(options) => (
            LIMIT,
            Box::pin(async { replay::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Steady(options) => (
            LIMIT.saturating_add(options.length()),
            Box::pin(async { steady::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Compare(options) => (
            LIMIT.saturating_add(options.length()),
            Box::pin(async { compare::command::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::BareHyper(_) | Test::Convert(_) => bail!("it is no test"),
        Test::Import(options) => (
            LIMIT,
            Box::pin(async { convert::import::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Scale(options) => (
            LIMIT,
            Box::pin(async { scale::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Hostile(options) => (
            LIMIT,
            Box::pin(async { hostile::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Cut(options) => (
            LIMIT,
            Box::pin(async { cut::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Reports(options) => (
            LIMIT,
            Box::pin(async { reports::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Fraud(options) => (
            LIMIT,
            Box::pin(async { fraud::run(options, &mut out).await }) as Boxed<'_>,
        ),
        Test::Robots(options) => (
            LIMIT,
            Box::pin(async { robots::run(options, &mut out).await }) as Boxed<'_>,
        ),
    };
    tokio::select! {
        ended = run => ended,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
        () = tokio::time::sleep(limit) => bail!("not finished after {} s", limit.as_secs()),
    }
}

type Boxed<'a> = std::pin::Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Reads a duration such as `500ms`, `30s`, `5m`.
fn duration(text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits
        .parse()
        .with_context(|| format!("{text:?} is no duration"))?;
    let millis = match text.strip_prefix(digits) {
        Some("ms") => Some(number),
        Some("s") => number.checked_mul(1_000),
        Some("m") => number.checked_mul(60_000),
        _ => bail!("{text:?} is no duration: allowed are whole numbers of ms, s or m"),
    };
    Ok(Duration::from_millis(
        millis.context("the duration is too long")?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_their_unit() {
        for (text, millis) in [("0ms", 0), ("500ms", 500), ("30s", 30_000), ("5m", 300_000)] {
            assert_eq!(
                duration(text).unwrap(),
                Duration::from_millis(millis),
                "{text}"
            );
        }
        for text in [
            "",
            "5",
            "s",
            "5h",
            "-5s",
            "1.5s",
            "5 s",
            "99999999999999999999s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(duration("18446744073709551615m").is_err());
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
