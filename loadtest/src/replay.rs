//! `loadtest replay`: every row of the sample as a real click, and every figure compared with the
//! recount.
//!
//! The sending is in `closed_loop`; here are the daemon, the comparison and what is printed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::check::compare::{self, Difference};
use crate::check::recount::{Figures, recount, sum};
use crate::closed_loop;
use crate::daemon::settings::Ack;
use crate::daemon::stage::{Stage, clickd};
use crate::daemon::usage::Usage;
use crate::http::brand::Brand;
use crate::table;
use crate::traffic::catalogue::{PAYOUT, WINDOW};
use crate::traffic::sample::{self, Row};
use crate::watch::{days, today};

/// Partners listed for their clicks.
const BY_CLICKS: usize = 10;
/// Further partners listed for their actions.
const BY_ACTIONS: usize = 5;
/// Differences printed one by one.
const SAID: usize = 40;

/// Sends the sample through a daemon of its own and compares every figure with a recount.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The sample: a gzip CSV file with the columns ip, app, device, os, channel, `is_attributed`
    file: PathBuf,
    /// The program to test [default: clickd beside this program]
    #[arg(long, value_name = "PATH")]
    clickd: Option<PathBuf>,
    /// Keep-alive connections that send clicks
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// When the daemon answers a click
    #[arg(long, value_enum, default_value_t = Ack::Fast)]
    ack: Ack,
    /// The longest p99 from sending a click to seeing it in a report
    #[arg(long, value_parser = crate::duration, default_value = "3s")]
    max_freshness: Duration,
    /// Keep the temporary folder
    #[arg(long)]
    keep: bool,
}

/// Runs it; an error is any difference.
pub(crate) async fn run(options: Options, out: &mut impl Write) -> Result<()> {
    let rows = sample::read(&options.file)?;
    let partners = rows.iter().map(|row| row.visit.partner).collect();
    let ads = rows.iter().map(|row| row.visit.ad).collect();
    let clickd = clickd(options.clickd.clone())?;
    let stage = Stage::set(&clickd, options.ack, &partners, &ads, options.keep).await?;
    writeln!(out, "{} in {}", clickd.display(), stage.folder().display())?;
    if let Err(error) = on_stage(&options, rows, &stage, out).await {
        return Err(error.context(stage.daemon.tail()));
    }
    stage.strike(out).await?;
    writeln!(out, "replay: no difference")?;
    Ok(())
}

async fn on_stage(
    options: &Options,
    rows: Vec<Row>,
    stage: &Stage,
    out: &mut impl Write,
) -> Result<()> {
    let since = today();
    let before = Usage::of(stage.daemon.pid())?;
    let (target, account) = (stage.settings.public, &stage.account);
    let run = closed_loop::send(rows, options.connections, target, account, &since).await?;
    let usage = Usage::of(stage.daemon.pid())?;
    let clicks = u64::try_from(run.counted.len())?;
    let fresh = run.freshness()?;
    writeln!(
        out,
        "clicks: {clicks} × 302 over {} connections ({}), every click id valid and its own",
        options.connections, options.ack
    )?;
    writeln!(
        out,
        "sending: {} · {} clicks/s (closed loop)",
        table::seconds(run.took),
        table::per_second(clicks, run.took)
    )?;
    writeln!(out, "latency: {}", table::percentiles(&run.latency))?;
    writeln!(out, "freshness: {}", table::percentiles(&fresh))?;
    let cpu = usage.cpu_since(&before);
    writeln!(
        out,
        "daemon: {} CPU, {} a click · resident {}, peak {} · steal {} ‰",
        table::seconds(cpu),
        table::each(cpu, clicks),
        table::mebibytes(usage.resident),
        table::mebibytes(usage.peak),
        usage.stolen_since(&before)
    )?;
    let expected = recount(&run.counted, WINDOW);
    let differences = report(stage, &since, &expected, out).await?;
    check_ledger(stage, &expected, out).await?;
    ensure!(
        differences.is_empty(),
        "{} figures differ from the recount{}",
        differences.len(),
        listed(&differences)
    );
    let totals = run.seen.totals;
    ensure!(
        (totals.raw, totals.actions) == (clicks, sum(&expected).actions),
        "Performance by Day says {totals:?} as of {}",
        run.seen.as_of.as_deref().unwrap_or("(no @asof)")
    );
    ensure!(
        fresh.count == clicks,
        "only {} clicks became visible",
        fresh.count
    );
    ensure!(
        u128::from(fresh.p99) <= options.max_freshness.as_micros(),
        "p99 freshness is {}, allowed are {}",
        table::millis(fresh.p99),
        table::seconds(options.max_freshness)
    );
    Ok(())
}

/// Prints Performance by Partner beside the recount and returns every difference.
async fn report(
    stage: &Stage,
    since: &str,
    expected: &BTreeMap<u32, Figures>,
    out: &mut impl Write,
) -> Result<Vec<Difference>> {
    let report = Brand::new(&stage.account).by_partner(&days(since)).await?;
    let reported = compare::read(&report.records)?;
    let wanted: BTreeMap<u32, [i64; 6]> = expected
        .iter()
        .map(|(partner, figures)| (*partner, compare::expected(figures, PAYOUT)))
        .collect();
    let mut rows: Vec<Vec<String>> = leaders(&wanted)
        .into_iter()
        .map(|(partner, want)| line(&partner.to_string(), want, reported.get(&partner)))
        .collect();
    let add = |rows: &BTreeMap<u32, [i64; 6]>| {
        rows.values().fold([0; 6], |mut sum: [i64; 6], row| {
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, cell)| *sum = sum.saturating_add(*cell));
            sum
        })
    };
    let all = format!("all {}", wanted.len());
    rows.push(line(&all, &add(&wanted), Some(&add(&reported))));
    writeln!(
        out,
        "as of {} (recount/report):",
        report.as_of.as_deref().unwrap_or("?")
    )?;
    let heads = [
        "partner",
        "raw clicks",
        "clicks",
        "payable",
        "gross actions",
        "actions",
        "cost",
    ];
    table::write(out, &heads, &rows)?;
    Ok(compare::differences(&wanted, &reported))
}

/// The partners with most clicks, then those with most actions that are not among them.
fn leaders(rows: &BTreeMap<u32, [i64; 6]>) -> Vec<(u32, &[i64; 6])> {
    let mut order: Vec<(u32, &[i64; 6])> = rows.iter().map(|(id, row)| (*id, row)).collect();
    order.sort_by_key(|(id, [raw, ..])| (-raw, *id));
    let mut rest = order.split_off(BY_CLICKS.min(order.len()));
    rest.sort_by_key(|(id, [.., actions, _])| (-actions, *id));
    order.extend(rest.into_iter().take(BY_ACTIONS));
    order
}

/// One row of the table: the recount and the report beside each other.
fn line(name: &str, want: &[i64; 6], have: Option<&[i64; 6]>) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    for (index, want) in want.iter().enumerate() {
        let show = |value: i64| match compare::COLUMNS.get(index) {
            Some(&"ActionCost") => money(value),
            _ => value.to_string(),
        };
        let have = have
            .and_then(|row| row.get(index))
            .map_or_else(|| "-".to_owned(), |v| show(*v));
        cells.push(format!("{}/{have}", show(*want)));
    }
    cells
}

/// Millionths as an amount with two decimals.
fn money(millionths: i64) -> String {
    let (sign, cents) = (
        if millionths < 0 { "-" } else { "" },
        millionths.unsigned_abs() / 10_000,
    );
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Runs `verify` and compares its ledger with what was sent.
async fn check_ledger(
    stage: &Stage,
    expected: &BTreeMap<u32, Figures>,
    out: &mut impl Write,
) -> Result<()> {
    let ledger = stage.verify().await?;
    writeln!(out, "verify: clean")?;
    writeln!(out, "ledger, clicks: {}", ledger.clicks)?;
    writeln!(out, "ledger, conversions: {}", ledger.conversions)?;
    let sent = sum(expected);
    for (stream, line, sent) in [
        ("clicks", ledger.clicks, sent.raw),
        ("conversions", ledger.conversions, sent.actions),
    ] {
        if (line.received, line.stored) != (sent, sent) {
            bail!("{sent} {stream} were sent, the ledger says: {line}");
        }
    }
    Ok(())
}

fn listed(differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences.iter().take(SAID) {
        text.push_str("\n  ");
        text.push_str(&difference.to_string());
    }
    if differences.len() > SAID {
        text.push_str("\n  …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_have_most_clicks_or_most_actions() {
        let rows: BTreeMap<u32, [i64; 6]> = (1..=30)
            .map(|id| (id, [i64::from(id % 20), 0, 0, 0, i64::from(id), 0]))
            .collect();
        let ids: Vec<u32> = leaders(&rows).iter().map(|(id, _)| *id).collect();
        assert_eq!(
            ids,
            [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 30, 29, 28, 27, 26]
        );
        assert_eq!(leaders(&BTreeMap::from([(1, [0; 6])])).len(), 1);
    }

    #[test]
    fn a_line_shows_both_counts_of_each_column() {
        let want = [5, 4, 4, 1, 1, 1_250_000];
        let have = [5, 3, 4, 1, 1, -500_000];
        let cells = ["7", "5/5", "4/3", "4/4", "1/1", "1/1", "1.25/-0.50"];
        assert_eq!(line("7", &want, Some(&have)), cells);
        let cells = ["7", "5/-", "4/-", "4/-", "1/-", "1/-", "1.25/-"];
        assert_eq!(line("7", &want, None), cells);
    }

    #[test]
    fn many_differences_are_cut() {
        let one = Difference {
            partner: 3,
            column: "Clicks",
            expected: Some(1),
            reported: Some(2),
        };
        let text = listed(&vec![one.clone(); SAID]);
        assert_eq!(text.lines().count(), 1 + SAID);
        let text = listed(&vec![one; SAID + 5]);
        assert_eq!(text.lines().count(), 2 + SAID);
        assert!(text.ends_with('…'));
    }
}
