//! The run: options, the daemon, the phases in their order, the bounds.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::files::make_room;
use super::phases::{bound, closes, honest, hostile, line, quiet};
use super::pipelines::Plan;
use crate::check::bounds::Bounds;
use crate::daemon::pin::Pins;
use crate::daemon::site::Site;
use crate::daemon::stage::clickd;
use crate::drive::batch::check_numbers;
use crate::measure::latency::Latency;
use crate::table;
use crate::traffic::catalogue;
use crate::traffic::generator::{ADS, PARTNERS};

/// The most connections of a run; the daemon takes 10,000 unless told otherwise.
const CONNECTIONS_MAX: u64 = 9_900;

/// Measures honest clicks among others.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Honest clicks a second
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub(super) rate: u32,
    /// Seconds of each of the three phases
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(2..=50))]
    seconds: u8,
    /// Keep-alive connections of honest clicks
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) connections: u16,
    /// Connections that send a byte of a head every 10 s
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u16).range(1..=9_000))]
    pub(super) slow: u16,
    /// Connections that make one request and stay silent
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=9_000))]
    pub(super) idle: u16,
    /// Connections that pipeline
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pipelines: u16,
    /// Clicks of one of their batches
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    depth: u16,
    /// Batches of each of them in a second
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    batches: u16,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Which clicks are sent
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Leave it to the kernel which CPU runs what
    #[arg(long)]
    free: bool,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

impl Options {
    /// How long a phase is measured.
    pub(super) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// What the pipelining connections send.
    pub(super) fn pipelines(&self, seed: u64) -> Plan {
        Plan {
            connections: self.pipelines,
            depth: self.depth,
            rate: self.batches,
            seed,
        }
    }

    /// All connections at once.
    fn all(&self) -> Result<u64> {
        let all = [self.connections, self.slow, self.idle, self.pipelines];
        let all = all.into_iter().map(u64::from).sum();
        ensure!(
            all <= CONNECTIONS_MAX,
            "{all} connections: the daemon takes {CONNECTIONS_MAX}; lower --slow or --idle"
        );
        Ok(all)
    }
}

/// Runs it; an error is any click that is not answered as it must be, and any missed bound.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    make_room(options.all()?)?;
    let clickd = clickd(options.clickd.clone())?;
    let (partners, ads) = ((1..=PARTNERS).collect(), (1..=ADS).collect());
    let text = catalogue::text(&partners, &ads);
    let pins = Pins::new(options.free)?;
    writeln!(out, "{pins}")?;
    let (mut site, _) = Site::start(&clickd, &text, options.keep, pins).await?;
    let mut bounds = Bounds::default();
    let mut numbers = Vec::new();
    let phases = phases(&options, &mut site, &mut numbers, &mut bounds, out).await;
    if let Err(error) = phases {
        return Err(error.context(site.tail()));
    }
    check_numbers(&mut numbers)?;
    let ledger = site.verify(u64::try_from(numbers.len())?).await?;
    let took = site.stop().await?;
    writeln!(
        out,
        "verify clean, ledger {ledger}; stopped in {} ms with exit code 0",
        took.as_millis()
    )?;
    bounds.check()?;
    writeln!(out, "hostile: every bound held, nothing lost")?;
    Ok(())
}

async fn phases(
    options: &Options,
    site: &mut Site,
    numbers: &mut Vec<u64>,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    writeln!(
        out,
        "{} clicks a second over {} connections; the others: {} slow heads, {} idle, {} \
         pipelining {} × {} clicks a second",
        options.rate,
        options.connections,
        options.slow,
        options.idle,
        options.pipelines,
        options.batches,
        options.depth
    )?;
    let mut alone = Latency::new()?;
    let before = honest(options, 0, site).await?;
    line("alone, before", &before, out)?;
    alone.add(&before.latency)?;
    numbers.extend(before.numbers);
    quiet(site, numbers.len()).await?;
    let among = hostile(options, site, numbers, bounds, out).await?;
    line("among the others", &among, out)?;
    numbers.extend(among.numbers);
    quiet(site, numbers.len()).await?;
    let after = honest(options, 2, site).await?;
    line("alone, after", &after, out)?;
    alone.add(&after.latency)?;
    numbers.extend(after.numbers);
    closes(site, out).await?;
    let [alone, among] = [alone, among.latency].map(|latency| latency.percentiles().p99);
    writeln!(
        out,
        "p99 alone, both phases together: {} (under 1 ms counts as 1 ms)",
        table::millis(alone)
    )?;
    let figures = [among, bound(alone)];
    bounds.at_most(out, "p99 among the others", figures, table::millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_bounded_by_what_the_daemon_takes() {
        let mut options = Options {
            rate: 1,
            seconds: 20,
            connections: 64,
            slow: 5_000,
            idle: 1_000,
            pipelines: 8,
            depth: 16,
            batches: 5,
            clickd: None,
            seed: 1,
            free: true,
            keep: false,
        };
        assert_eq!(options.all().unwrap(), 6_072);
        assert_eq!(options.length(), Duration::from_secs(20));
        options.slow = 9_000;
        let error = options.all().unwrap_err().to_string();
        assert!(error.contains("10072 connections"), "{error}");
    }
}
