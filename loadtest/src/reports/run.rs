//! The run: options, live clicks, the month, rebuilds, questions, the proof.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::history::History;
use super::{ask, fold};
use crate::check::bounds::Bounds;
use crate::daemon::pin::Pins;
use crate::daemon::site::Site;
use crate::daemon::stage::clickd;
use crate::drive::batch::Batch;
use crate::drive::closed;
use crate::http::brand::{Brand, Totals};
use crate::table;
use crate::traffic::big::{Size, text};
use crate::traffic::crowd::Crowd;

/// Live clicks made at a time.
const BATCH: u64 = 200_000;
/// Keep-alive connections that send them.
const CONNECTIONS: u16 = 64;
const DAY: i64 = 86_400_000;
/// How long imported rows may take to show, and how often they are looked for.
const FOLD_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(200);

/// Measures the fold and the reports over a long history.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Clicks of the imported history
    #[arg(long, default_value_t = 10_000_000, value_parser = clicks())]
    clicks: u64,
    /// Live clicks before it
    #[arg(long, default_value_t = 2_000_000, value_parser = clicks())]
    live: u64,
    /// Days of the history, up to yesterday
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// Partners, each under contract
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partners: u32,
    /// Ads
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    ads: u32,
    /// Questions of each report
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..))]
    asks: u16,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Which clicks are sent
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leave it to the kernel which CPU runs what
    #[arg(long)]
    free: bool,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

/// Fewer say nothing, and more would not end in time.
fn clicks() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1_000..=100_000_000)
}

/// Runs it; an error is any difference and any missed bound.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let clickd = clickd(options.clickd.clone())?;
    let pins = Pins::new(options.free)?;
    let size = Size {
        programs: 1,
        ads: options.ads,
        partners: options.partners,
    };
    let (mut site, _) = Site::start(&clickd, &text(size, 0, &[])?, options.keep, pins).await?;
    writeln!(out, "{pins}")?;
    let mut bounds = Bounds::default();
    let measured = measure(&options, size, &mut site, &mut bounds, out).await;
    if let Err(error) = measured {
        return Err(error.context(site.tail()));
    }
    let ledger = site.verify(options.live).await?;
    writeln!(out, "verify clean, ledger {ledger}")?;
    site.stop().await?;
    bounds.check()
}

async fn measure(
    options: &Options,
    size: Size,
    site: &mut Site,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    live(options, size, site).await?;
    fold::rebuild(site, "live clicks", options.live, bounds, out).await?;
    let today = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())? / DAY;
    let history = History {
        clicks: options.clicks,
        days: options.days,
        start: (today - i64::from(options.days)) * DAY,
        size,
        seed: options.seed,
    };
    let account = site.account(size.program(1)).await?;
    let mut brand = Brand::new(&account);
    import(&history, site, &mut brand, out).await?;
    let all = options.live + options.clicks;
    fold::rebuild(site, "clicks", all, bounds, out).await?;
    site.rested().await?;
    for (name, bytes) in site.stored()? {
        let each = bytes * 10 / all.max(1);
        writeln!(out, "{name}: {} bytes a click", tenths(each))?;
    }
    writeln!(
        out,
        "resident: {}",
        table::mebibytes(site.usage()?.resident)
    )?;
    ask::all(&mut brand, &history.span()?, options.asks, bounds, out).await
}

/// Sends the live clicks and waits until they are folded.
async fn live(options: &Options, size: Size, site: &mut Site) -> Result<()> {
    let crowd = Crowd::big(size);
    let target = site.settings.public;
    let mut sent = 0;
    while sent < options.live {
        let count = BATCH.min(options.live - sent);
        let seed = options.seed.wrapping_add(sent);
        let batch = Batch::new(target, crowd.clicks(seed, count))?;
        closed::send(batch, CONNECTIONS, target).await?;
        sent += count;
    }
    site.until(crate::scale::FOLDED, "", |folded| folded >= sent)
        .await
        .map(drop)
}

/// Imports the month; every row of it must show in the reports.
async fn import(
    history: &History,
    site: &Site,
    brand: &mut Brand,
    out: &mut impl Write,
) -> Result<()> {
    let (clicks, sales) = (site.path("clicks.csv"), site.path("sales.csv"));
    let file = |path| anyhow::Ok(BufWriter::with_capacity(1 << 20, File::create(path)?));
    history.write(file(&clicks)?, file(&sales)?)?;
    for (kind, path) in [("clicks", &clicks), ("conversions", &sales)] {
        let begun = Instant::now();
        let said = site.import(kind, path).await?;
        let took = table::seconds(begun.elapsed());
        writeln!(out, "import: {} · {took}", said.trim())?;
        std::fs::remove_file(path)?;
    }
    let expected = Totals {
        raw: history.clicks,
        actions: history.sales(),
    };
    let (days, begun) = (history.span()?, Instant::now());
    loop {
        let (totals, _) = brand.totals(&days).await?;
        if totals == expected {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < FOLD_MAX,
            "the reports show {totals:?}, written were {expected:?}"
        );
        tokio::time::sleep(LOOK).await;
    }
}

fn tenths(figure: u64) -> String {
    format!("{}.{}", figure / 10, figure % 10)
}
