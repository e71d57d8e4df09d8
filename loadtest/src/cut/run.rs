//! The run: a daemon, clicks, the deck, the comparison and what is printed.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::deck::{Deck, Size};
use super::judge;
use super::send::{Named, send};
use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::http::brand::Brand;
use crate::http::sender::{Expect, Sender};
use crate::table;
use crate::traffic::catalogue::PROGRAM;
use crate::traffic::visit::Visit;
use crate::watch::{days, today};

/// Partners whose clicks are named.
const PARTNERS: u32 = 20;
/// Clicks that are named.
const CLICKS: u32 = 400;
/// The one ad.
const AD: u32 = 1;
/// Differences printed one by one.
const SAID: usize = 20;

/// Sends conversions of which many have their connection cut, and compares what came of them.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Orders; conversions of theirs with another payload come on top
    #[arg(long, default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    orders: u32,
    /// Of a hundred conversions so many are cut before their answer, and then sent again
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
    cut: u8,
    /// Connections at a time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// Another deck for another seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

/// Runs it; an error is any difference.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let clickd = clickd(options.clickd.clone())?;
    let (partners, ads) = ((1..=PARTNERS).collect(), BTreeSet::from([AD]));
    let stage = Stage::set(&clickd, Ack::Fast, &partners, &ads, options.keep).await?;
    writeln!(out, "{} in {}", clickd.display(), stage.folder().display())?;
    if let Err(error) = on_stage(&options, &stage, out).await {
        return Err(error.context(stage.daemon.tail()));
    }
    stage.strike(out).await?;
    writeln!(out, "cut: no difference")?;
    Ok(())
}

async fn on_stage(options: &Options, stage: &Stage, out: &mut impl Write) -> Result<()> {
    let since = today();
    let clicks = clicks(stage).await?;
    let size = Size {
        orders: options.orders,
        cut: options.cut,
        clicks: CLICKS,
    };
    let deck = Deck::new(options.seed, size);
    let tries = deck.tries.len();
    let begun = Instant::now();
    let account = &stage.account;
    let (deck, clicks, sent) = send(deck, clicks, account, options.connections).await?;
    let took = begun.elapsed();
    writeln!(
        out,
        "conversions: {} of {} orders, {} of them cut before an answer · {tries} tries and {} \
         repetitions in {}",
        deck.payloads.len(),
        deck.orders(),
        deck.cut,
        sent.repeated,
        table::seconds(took)
    )?;
    let shown = judge::ask(account, &sent.answered, options.connections).await?;
    let (figures, mut wrong) = judge::judge(&deck, &clicks, &sent.answered, &shown)?;
    let actions: i64 = figures.values().map(|[actions, ..]| actions).sum();
    if actions != i64::from(options.orders) {
        wrong.push(format!("{actions} actions of {} orders", options.orders));
    }
    let reported = Brand::new(account).by_partner(&days(&since)).await?;
    wrong.extend(judge::report(&figures, &reported.records)?);
    let ledger = stage.verify().await?.conversions;
    writeln!(out, "verify: clean\nledger, conversions: {ledger}")?;
    let posts = u64::try_from(deck.payloads.len())?;
    let further = posts.saturating_sub(u64::from(deck.orders()));
    writeln!(
        out,
        "expected: {actions} actions, {further} times CONV_DUPLICATE"
    )?;
    if ledger.stored != posts || ledger.received > sent.requests {
        wrong.push(format!(
            "{posts} conversions were sent in {} requests, the ledger says: {ledger}",
            sent.requests
        ));
    }
    let said: Vec<&str> = wrong.iter().take(SAID).map(String::as_str).collect();
    ensure!(
        wrong.is_empty(),
        "{} differences\n  {}",
        wrong.len(),
        said.join("\n  ")
    );
    Ok(())
}

/// Opens links and keeps the ids.
async fn clicks(stage: &Stage) -> Result<Vec<Named>> {
    let mut sender = Sender::new(stage.settings.public, PROGRAM, Expect::ClickId)?;
    let mut clicks = Vec::new();
    for n in 0..CLICKS {
        let visit = Visit {
            partner: 1 + n % PARTNERS,
            ad: AD,
            ip: n,
            device: 1,
            os: 1,
        };
        let id = sender.send(&visit).await?.context("no click id")?;
        ensure!(!id.unrecorded, "click {n} is not recorded");
        clicks.push(Named {
            id: id.text,
            partner: visit.partner,
        });
    }
    Ok(clicks)
}
