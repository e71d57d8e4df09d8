//! The run: options, and for every seed a daemon, the clicks, the conversions and the question.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::civil::Date;
use tokio::task::JoinSet;

use super::dice::Dice;
use super::judge::Judged;
use super::kind::Kind;
use super::live;
use super::market::Market;
use super::source::Source;
use super::traffic::{write_clicks, write_sales};
use crate::check::compare::Record;
use crate::daemon::pin::Pins;
use crate::daemon::site::Site;
use crate::daemon::stage::clickd;
use crate::http::brand::{Brand, Days, Totals};
use crate::http::connection::Connection;
use crate::http::sender::now;
use crate::table;
use crate::traffic::catalogue::{EVENT_TYPE, PROGRAM};

const DAY: i64 = 86_400_000;
/// How many days ago the first click was: four days of clicks and a week of conversions are past.
const AGO: i64 = 14;
/// Conversions with forged click ids, of each partner that sends them.
const FORGED: usize = 40;
/// How long the fold may take.
const LIMIT: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);

/// Plants fraud among clean partners and counts what Risk by Partner finds.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The sample, gzip CSV
    #[arg(value_name = "FILE.csv.gz")]
    file: PathBuf,
    /// One seed, or the first and the last of several
    #[arg(long, default_value = "11", value_parser = seeds, value_name = "FIRST-LAST")]
    seeds: RangeInclusive<u64>,
    /// Say what is found of each partner
    #[arg(long)]
    partners: bool,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Keep the temporary folders
    #[arg(long)]
    keep: bool,
}

/// Reads `11` or `11-40`.
fn seeds(text: &str) -> Result<RangeInclusive<u64>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| -> Result<u64> {
        let allowed = "allowed is a number such as 11, or two such as 11-40";
        text.parse().with_context(|| format!("{text:?}: {allowed}"))
    };
    let seeds = number(first)?..=number(last)?;
    ensure!(!seeds.is_empty(), "{text:?}: the last is below the first");
    Ok(seeds)
}

/// Runs it; an error is a bound that is missed.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let clickd = clickd(options.clickd.clone())?;
    let source = Rc::new(Source::read(&options.file)?);
    let mut found = Judged::default();
    for seed in options.seeds.clone() {
        let begun = Instant::now();
        let market = Market::new(&source, seed, (now() / DAY - AGO) * DAY)?;
        let records = judged(&clickd, &source, &market, seed, options.keep).await?;
        let took = table::seconds(begun.elapsed());
        writeln!(out, "seed {seed}: {} clicks, {took}", market.clicks())?;
        if options.partners {
            partners(&market, &records, out)?;
        }
        found.add(&market, &records)?;
    }
    found.check(out)
}

/// Brings a market to a new daemon; the rows of its Risk by Partner.
async fn judged(
    clickd: &Path,
    source: &Rc<Source>,
    market: &Market,
    seed: u64,
    keep: bool,
) -> Result<Vec<Record>> {
    let (mut site, _) = Site::start(clickd, &market.catalogue(), keep, Pins::new(true)?).await?;
    let asked = ask(&site, source, market, seed).await;
    let records = asked.with_context(|| site.tail())?;
    site.stop().await?;
    Ok(records)
}

async fn ask(site: &Site, source: &Rc<Source>, market: &Market, seed: u64) -> Result<Vec<Record>> {
    let mut brand = Brand::new(&site.account(PROGRAM).await?);
    let (followed, forged) = live(site, source, market, seed).await?;
    let (clicks, sales) = (site.path("clicks.csv"), site.path("sales.csv"));
    let file = |path| anyhow::Ok(BufWriter::with_capacity(1 << 20, File::create(path)?));
    write_clicks(&market.traffic, file(&clicks)?)?;
    write_sales(&market.traffic, file(&sales)?)?;
    site.import("clicks", &clicks).await?;
    site.import("conversions", &sales).await?;
    for (n, id) in forged.iter().enumerate() {
        brand
            .convert(EVENT_TYPE, &format!("forged-{n}"), id)
            .await?;
    }
    let days = days()?;
    let raw = market.clicks() + followed;
    let mut actions = u64::try_from(market.sales().count())?;
    until(&mut brand, &days, Totals { raw, actions }).await?;
    for sale in market.sales().filter(|sale| sale.reversed) {
        brand.reverse(EVENT_TYPE, &sale.order).await?;
        actions -= 1;
    }
    until(&mut brand, &days, Totals { raw, actions }).await?;
    Ok(brand.risk(&days).await?.records)
}

/// Sends what partners send over HTTP, each on a connection of its own; how many clicks, and
/// click ids that are forged.
async fn live(
    site: &Site,
    source: &Rc<Source>,
    market: &Market,
    seed: u64,
) -> Result<(u64, Vec<String>)> {
    let mut senders = JoinSet::new();
    let mut followed = 0;
    for (kind, traffic) in market.kinds.iter().zip(&market.traffic) {
        let Some((way, each)) = kind.live() else {
            continue;
        };
        let count = u64::try_from(traffic.clicks.len())? * each / 1_000;
        followed += count;
        let (kind, partner, source) = (*kind, traffic.partner, Rc::clone(source));
        let mut connection = Connection::new(site.settings.public);
        senders.spawn_local(async move {
            let mut dice = Dice::new(!seed, partner);
            let sent = live::send(&mut connection, &source, partner, way, count, &mut dice);
            anyhow::Ok((kind, sent.await?))
        });
    }
    let mut forged = Vec::new();
    while let Some(sent) = senders.join_next().await {
        let (kind, ids) = sent??;
        if kind == Kind::Forged {
            forged.extend(ids.iter().cycle().take(FORGED).map(|id| live::forged(id)));
        }
    }
    Ok((followed, forged))
}

/// Waits until the reports show what was sent.
async fn until(brand: &mut Brand, days: &Days, expected: Totals) -> Result<()> {
    let begun = Instant::now();
    loop {
        let (totals, _) = brand.totals(days).await?;
        if totals == expected {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < LIMIT,
            "the reports show {totals:?}, sent were {expected:?}"
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// From the first click to today.
fn days() -> Result<Days> {
    let day = |number: i64| -> Result<String> {
        let days = jiff::Span::new().try_days(number)?;
        Ok(Date::constant(1970, 1, 1).checked_add(days)?.to_string())
    };
    let today = now() / DAY;
    Ok(Days {
        start: day(today - AGO - 1)?,
        end: day(today)?,
    })
}

/// What the report says of each partner.
fn partners(market: &Market, records: &[Record], out: &mut impl Write) -> Result<()> {
    let mut rows = Vec::new();
    for record in records {
        let text = |name: &str| {
            record
                .get(name)
                .map_or_else(String::new, ToString::to_string)
        };
        let number = text("MediaId").trim_matches('"').to_owned();
        let place = market
            .traffic
            .iter()
            .position(|t| t.partner.to_string() == number);
        let kind = place.and_then(|place| market.kinds.get(place));
        rows.push(vec![
            kind.map_or("-", |kind| kind.name()).to_owned(),
            number,
            text("RawClicks"),
            text("GrossActions"),
            text("RiskLevel"),
            text("RiskScore"),
            text("Reasons"),
        ]);
    }
    let heads = [
        "kind", "partner", "clicks", "actions", "level", "score", "reasons",
    ];
    table::write(out, &heads, &rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_one_or_a_range() {
        assert_eq!(seeds("7").unwrap(), 7..=7);
        assert_eq!(seeds("11-40").unwrap(), 11..=40);
        for text in ["", "a", "1-", "-1", "40-11", "1-2-3"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
