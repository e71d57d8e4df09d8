//! The run: options, the two daemons, the parts in their order, the bounds.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::{cost, load, swap};
use crate::check::bounds::Bounds;
use crate::daemon::pin::Pins;
use crate::daemon::site::Site;
use crate::daemon::stage::clickd;
use crate::drive::batch::{Batch, check_numbers};
use crate::drive::closed;
use crate::table;
use crate::traffic::big::{Size, text};
use crate::traffic::catalogue;
use crate::traffic::crowd::Crowd;
use crate::traffic::generator::{ADS, PARTNERS};

/// Measures what a big catalogue costs.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Ads of the big catalogue, over all programs
    #[arg(long, default_value_t = 100_000)]
    ads: u32,
    /// Its partners, each under contract with every program
    #[arg(long, default_value_t = 10_000)]
    partners: u32,
    /// Its programs
    #[arg(long, default_value_t = 10)]
    programs: u32,
    /// Restarts of each daemon whose times are compared
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    restarts: u16,
    /// Pairs of rounds whose cost is compared
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Clicks of one round, and of the warm-up
    #[arg(long, default_value_t = 100_000, value_parser = clicks())]
    clicks: u32,
    /// Keep-alive connections
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) connections: u16,
    /// Clicks a second while the catalogue is changed
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub(super) rate: u32,
    /// How long clicks are sent with changes, and how long without, each in two parts
    #[arg(long, value_parser = crate::duration, default_value = "20s")]
    pub(super) swap_time: Duration,
    /// Changes of the catalogue, over both parts
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(2..=50))]
    pub(super) swaps: u16,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Which clicks are sent
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Leave it to the kernel which CPU runs what
    #[arg(long)]
    free: bool,
    /// Keep the temporary folders
    #[arg(long)]
    keep: bool,
}

/// A daemon, its clicks, and the numbers of those that it answered as recorded.
pub(super) struct Side {
    /// The daemon.
    pub(super) site: Site,
    /// Who clicks on its links.
    pub(super) crowd: Crowd,
    /// Numbers of the clicks answered.
    pub(super) numbers: Vec<u64>,
}

/// The requests of a round lie in the memory of this process.
fn clicks() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=400_000)
}

impl Options {
    fn size(&self) -> Result<Size> {
        let size = Size {
            programs: self.programs,
            ads: self.ads,
            partners: self.partners,
        };
        size.check()?;
        let swaps = u32::from(self.swaps);
        ensure!(swaps <= self.ads, "more changes than ads");
        let allowed = Duration::from_secs(1)..=Duration::from_secs(300);
        ensure!(
            allowed.contains(&self.swap_time),
            "--swap-time is {}, allowed are 1 s to 300 s",
            table::seconds(self.swap_time)
        );
        Ok(size)
    }
}

impl Side {
    /// Sends `count` clicks of a seed in a closed loop and waits until the fold has counted them.
    pub(super) async fn send(
        &mut self,
        seed: u64,
        count: u64,
        connections: u16,
    ) -> Result<Duration> {
        let target = self.site.settings.public;
        let batch = Batch::new(target, self.crowd.clicks(seed, count))?;
        let folded = self.site.metrics().await?.sum(FOLDED, "")?;
        let (numbers, took) = closed::send(batch, connections, target).await?;
        self.numbers.extend(numbers);
        let goal = folded + count;
        self.site.until(FOLDED, "", |now| now >= goal).await?;
        Ok(took)
    }
}

/// Clicks that have gone through the fold since the daemon started.
pub(crate) const FOLDED: &str = "clickd_fold_clicks_total";

/// Runs it; an error is any click that is not answered as it must be, and any missed bound.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let size = options.size()?;
    let clickd = clickd(options.clickd.clone())?;
    let pins = Pins::new(options.free)?;
    let (partners, ads) = ((1..=PARTNERS).collect(), (1..=ADS).collect());
    let small_text = catalogue::text(&partners, &ads);
    let big_text = text(size, 0, &[])?;
    let (site, small_apply) = Site::start(&clickd, &small_text, options.keep, pins).await?;
    let mut small = Side {
        site,
        crowd: Crowd::Small,
        numbers: Vec::new(),
    };
    let (site, big_apply) = Site::start(&clickd, &big_text, options.keep, pins).await?;
    let mut big = Side {
        site,
        crowd: Crowd::big(size),
        numbers: Vec::new(),
    };
    writeln!(
        out,
        "big catalogue: {} programs, {} ads, {} partners, {} contracts, {} of text · small: 1 \
         program, {ADS} ads, {PARTNERS} partners",
        size.programs,
        size.ads,
        size.partners,
        size.contracts(),
        table::mebibytes(u64::try_from(big_text.len())?)
    )?;
    writeln!(
        out,
        "catalog apply: small {} ms, big {} ms",
        small_apply.as_millis(),
        big_apply.as_millis()
    )?;
    writeln!(out, "{pins}")?;
    let mut bounds = Bounds::default();
    let parts = parts(&options, size, &mut small, &mut big, &mut bounds, out).await;
    if let Err(error) = parts {
        let [small, big] = [&small, &big].map(|side| side.site.tail());
        return Err(error.context(format!("small: {small}\nbig: {big}")));
    }
    for (name, side) in [("small", &mut small), ("big", &mut big)] {
        check_numbers(&mut side.numbers)?;
        let recorded = u64::try_from(side.numbers.len())?;
        let ledger = side.site.verify(recorded).await?;
        let took = side.site.stop().await?;
        writeln!(
            out,
            "{name}: verify clean, ledger {ledger}; stopped in {} ms with exit code 0",
            took.as_millis()
        )?;
    }
    bounds.check()?;
    writeln!(out, "scale: every bound held, nothing lost")?;
    Ok(())
}

async fn parts(
    options: &Options,
    size: Size,
    small: &mut Side,
    big: &mut Side,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    let resident = load::restarts(options.restarts, small, big, bounds, out).await?;
    for side in [&mut *small, &mut *big] {
        side.send(options.seed, options.clicks.into(), options.connections)
            .await?;
    }
    load::memory(resident, small, big, bounds, out)?;
    let plan = cost::Plan {
        pairs: options.rounds,
        clicks: options.clicks.into(),
        connections: options.connections,
        seed: options.seed,
    };
    cost::compare(&plan, small, big, bounds, out).await?;
    swap::compare(options, size, big, bounds, out).await
}
