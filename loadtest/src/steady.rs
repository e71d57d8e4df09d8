//! `loadtest steady`: an open loop at a fixed rate.
//!
//! A tick's latency runs from the moment it was due, so a server that stalls is charged for every
//! click that should have gone out meanwhile (no coordinated omission). A warm-up is sent and
//! counted, but its latencies are left out. Against a daemon of its own it also measures
//! freshness and proves that nothing is lost; with `--target` it only measures, so that other
//! servers can be put under the same load. One thread.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::check::compare;
use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::daemon::usage::Usage;
use crate::http::brand::{Brand, Totals};
use crate::http::sender::{Expect, Sender};
use crate::measure::latency::Percentiles;
use crate::measure::pace::Schedule;
use crate::open_loop::OpenLoop;
use crate::table;
use crate::traffic::catalogue::PROGRAM;
use crate::traffic::generator::{ADS, PARTNERS};
use crate::watch::{days, today, watch};

/// The most clicks of one run; each is remembered with 8 bytes.
const TOTAL_MAX: u64 = 50_000_000;

/// Sends clicks at a fixed rate.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Clicks a second
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    rate: u32,
    /// For how long, such as 30s or 5m, warm-up included
    #[arg(long, value_parser = crate::duration)]
    duration: Duration,
    /// How much of it is warm-up, left out of the latencies
    #[arg(long, value_parser = crate::duration, default_value = "2s")]
    warm_up: Duration,
    /// Keep-alive connections
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Measure this server on loopback instead, such as <http://127.0.0.1:8080>; any 302 will do
    #[arg(long, value_name = "URL", value_parser = target, conflicts_with = "clickd")]
    target: Option<SocketAddr>,
    /// When the daemon answers a click
    #[arg(long, value_enum, default_value_t = Ack::Fast)]
    ack: Ack,
    /// The longest p99 from sending a click to seeing it in a report
    #[arg(long, value_parser = crate::duration, default_value = "3s")]
    max_freshness: Duration,
    /// Which clicks are sent
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

impl Options {
    /// How long it sends.
    pub(crate) fn length(&self) -> Duration {
        self.duration
    }

    fn schedule(&self) -> Result<Schedule> {
        let total = self.duration.as_millis() * u128::from(self.rate) / 1_000;
        let total = u64::try_from(total)?;
        ensure!(
            (1..=TOTAL_MAX).contains(&total),
            "{total} clicks: allowed are 1 to {TOTAL_MAX}; change --rate or --duration"
        );
        ensure!(
            self.warm_up < self.duration,
            "--warm-up must be shorter than --duration"
        );
        Ok(Schedule {
            rate: self.rate,
            total,
        })
    }
}

/// Runs it; an error is any failed, lost or surplus click.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let schedule = options.schedule()?;
    if let Some(target) = options.target {
        let run = OpenLoop::new(schedule, options.seed, options.warm_up)?;
        let took = run
            .send(options.connections, || {
                Sender::new(target, PROGRAM, Expect::Redirect)
            })
            .await?;
        run.watched.bar.finish_and_clear();
        print(&run, took, out)?;
        return run.check();
    }
    let clickd = clickd(options.clickd.clone())?;
    let (partners, ads) = ((1..=PARTNERS).collect(), (1..=ADS).collect());
    let stage = Stage::set(&clickd, options.ack, &partners, &ads, options.keep).await?;
    writeln!(
        out,
        "{} ({}) in {}",
        clickd.display(),
        options.ack,
        stage.folder().display()
    )?;
    if let Err(error) = on_stage(&options, schedule, &stage, out).await {
        return Err(error.context(stage.daemon.tail()));
    }
    stage.strike(out).await?;
    writeln!(out, "steady: nothing failed, nothing lost")?;
    Ok(())
}

async fn on_stage(
    options: &Options,
    schedule: Schedule,
    stage: &Stage,
    out: &mut impl Write,
) -> Result<()> {
    let since = today();
    let before = Usage::of(stage.daemon.pid())?;
    let run = OpenLoop::new(schedule, options.seed, options.warm_up)?;
    let sending = async {
        let target = stage.settings.public;
        let took = run
            .send(options.connections, || {
                Sender::new(target, PROGRAM, Expect::ClickId)
            })
            .await?;
        run.watched.await_totals(Totals {
            raw: run.recorded()?,
            actions: 0,
        });
        Ok(took)
    };
    let (took, seen) = tokio::try_join!(sending, watch(&stage.account, &since, &run.watched))?;
    let usage = Usage::of(stage.daemon.pid())?;
    print(&run, took, out)?;
    let fresh = run.watched.sent.borrow().freshness(&seen.polls)?;
    writeln!(out, "freshness: {}", table::percentiles(&fresh))?;
    let cpu = usage.cpu_since(&before);
    writeln!(
        out,
        "daemon: {} CPU, {} a click · resident {}, peak {} · steal {} ‰",
        table::seconds(cpu),
        table::each(cpu, schedule.total),
        table::mebibytes(usage.resident),
        table::mebibytes(usage.peak),
        usage.stolen_since(&before)
    )?;
    let ledger = stage.verify().await?;
    writeln!(out, "verify: clean")?;
    writeln!(out, "ledger, clicks: {}", ledger.clicks)?;
    run.check()?;
    let recorded = run.recorded()?;
    ensure!(
        ledger.clicks.received == schedule.total && ledger.clicks.stored == recorded,
        "{} clicks were sent and {recorded} answered as recorded, the ledger says: {}",
        schedule.total,
        ledger.clicks
    );
    compare_partners(&run, stage, &since).await?;
    check_freshness(&fresh, recorded, options.max_freshness)
}

fn print(run: &OpenLoop, took: Duration, out: &mut impl Write) -> Result<()> {
    let Schedule { rate, total } = run.schedule;
    writeln!(
        out,
        "sending: {total} clicks in {} · {} a second (asked: {rate}, seed {})",
        table::seconds(took),
        table::per_second(total, took),
        run.seed
    )?;
    let latency = run.latency.borrow().percentiles();
    writeln!(
        out,
        "latency from when due: {}",
        table::percentiles(&latency)
    )?;
    let late = run.late.borrow().percentiles();
    writeln!(out, "of that until sent: {}", table::percentiles(&late))?;
    let delay = run.delay.borrow().percentiles();
    writeln!(out, "the tool's own delay: {}", table::percentiles(&delay))?;
    Ok(())
}

/// Every partner's raw clicks are those that were answered.
async fn compare_partners(run: &OpenLoop, stage: &Stage, since: &str) -> Result<()> {
    let report = Brand::new(&stage.account).by_partner(&days(since)).await?;
    let reported: BTreeMap<u32, i64> = compare::read(&report.records)?
        .into_iter()
        .map(|(partner, [raw, ..])| (partner, raw))
        .collect();
    let counted = run.partners.take();
    for partner in counted.keys().chain(reported.keys()) {
        let [want, have] = [&counted, &reported].map(|rows| rows.get(partner).copied());
        ensure!(
            want == have,
            "partner {partner}: {} raw clicks were answered, the report says {}",
            want.unwrap_or(0),
            have.unwrap_or(0)
        );
    }
    Ok(())
}

fn check_freshness(fresh: &Percentiles, recorded: u64, allowed: Duration) -> Result<()> {
    ensure!(
        fresh.count == recorded,
        "{recorded} clicks were recorded, {} became visible",
        fresh.count
    );
    ensure!(
        u128::from(fresh.p99) <= allowed.as_micros(),
        "p99 freshness is {}, allowed are {}",
        table::millis(fresh.p99),
        table::seconds(allowed)
    );
    Ok(())
}

/// Reads `http://127.0.0.1:PORT`; anything but loopback is refused.
fn target(text: &str) -> Result<SocketAddr> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let address: SocketAddr = bare
        .parse()
        .with_context(|| format!("{text:?} is not http://ADDRESS:PORT"))?;
    ensure!(
        address.ip().is_loopback(),
        "only loopback is allowed, not {}",
        address.ip()
    );
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(rate: u32, millis: u64) -> Options {
        Options {
            rate,
            duration: Duration::from_millis(millis),
            warm_up: Duration::ZERO,
            connections: 4,
            clickd: None,
            target: None,
            ack: Ack::Fast,
            max_freshness: Duration::from_secs(3),
            seed: 1,
            keep: false,
        }
    }

    #[test]
    fn only_loopback_is_a_target() {
        for (text, good) in [
            ("http://127.0.0.1:80/", true),
            ("127.0.0.1:80", true),
            ("http://[::1]:80", true),
            ("http://192.0.2.1:80", false),
            ("http://localhost:80", false),
            ("https://127.0.0.1:80", false),
            ("http://127.0.0.1", false),
        ] {
            assert_eq!(target(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn runs_are_bounded() {
        assert_eq!(options(10, 1_050).schedule().unwrap().total, 10);
        assert!(options(1, 999).schedule().is_err(), "no click at all");
        assert!(options(200_000, 300_000).schedule().is_err(), "too many");
        let mut long = options(10, 1_000);
        long.warm_up = Duration::from_secs(1);
        assert!(long.schedule().is_err(), "nothing but warm-up");
    }

    #[test]
    fn stale_and_missing_clicks_fail_the_run() {
        let fresh = Percentiles {
            count: 10,
            p99: 3_000_000,
            ..Percentiles::default()
        };
        let allowed = Duration::from_secs(3);
        assert!(check_freshness(&fresh, 10, allowed).is_ok());
        assert!(check_freshness(&fresh, 11, allowed).is_err());
        let stale = Percentiles {
            p99: 3_000_001,
            ..fresh
        };
        assert!(check_freshness(&stale, 10, allowed).is_err());
    }
}
