//! What customers notice while the big catalogue is changed.
//!
//! Clicks are sent at a fixed rate in four windows: without changes, with, with, without. A change
//! gives one popular ad another page; a click before it must lead to the old page and the first
//! click after it to the new one, else the change was not under test.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::run::{Options, Side};
use crate::check::bounds::Bounds;
use crate::drive::batch::{Batch, read};
use crate::drive::open;
use crate::http::pipe::Pipe;
use crate::measure::latency::{Latency, Percentiles, micros};
use crate::measure::spread::Spread;
use crate::table;
use crate::traffic::big::{Size, page, text};
use crate::traffic::crowd::{Click, scatter};
use crate::traffic::visit::Visit;

/// The beginning of every window, in which connections are opened and nothing is measured.
const WARM: Duration = Duration::from_secs(1);

/// A change of the catalogue.
struct Change {
    /// The ad that gets another page.
    ad: u32,
    /// Which change it is, counted from 1.
    number: usize,
    /// The whole catalogue with this change and those before it.
    file: PathBuf,
}

/// Sends the windows and compares the latencies.
pub(super) async fn compare(
    options: &Options,
    size: Size,
    big: &mut Side,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    let changes = changes(options, size, big)?;
    let (first, second) = changes.split_at(changes.len() / 2);
    let [mut quiet, mut swapped] = [Latency::new()?, Latency::new()?];
    let mut took = Vec::new();
    for (n, changes) in [&[], first, second, &[]].into_iter().enumerate() {
        let (flow, applied) = window(options, size, n, changes, big).await?;
        let own = flow.delay.percentiles();
        let figures = line(&flow.latency.percentiles());
        let with = if changes.is_empty() {
            "without"
        } else {
            "with"
        };
        writeln!(
            out,
            "window {}, {with} changes: {figures}; the tool's own delay: p99.9 {}",
            n + 1,
            table::millis(own.p999)
        )?;
        let side = if changes.is_empty() {
            &mut quiet
        } else {
            &mut swapped
        };
        side.add(&flow.latency)?;
        big.numbers.extend(flow.numbers);
        took.extend(applied);
    }
    let apply = Spread::of(&took);
    writeln!(
        out,
        "{} changes applied under load, each seen by the next click: {} ({} to {})",
        took.len(),
        table::millis(apply.median),
        table::millis(apply.min),
        table::millis(apply.max)
    )?;
    let [quiet, swapped] = [quiet, swapped].map(|latency| latency.percentiles());
    writeln!(out, "without changes: {}", line(&quiet))?;
    writeln!(out, "with changes: {}", line(&swapped))?;
    let usage = big.site.usage()?;
    writeln!(
        out,
        "big: resident {}, peak {}",
        table::mebibytes(usage.resident),
        table::mebibytes(usage.peak)
    )?;
    let found = [swapped.p999, bound(quiet.p999)];
    bounds.at_most(out, "p99.9 with changes", found, table::millis)
}

/// What p99.9 may be with changes when it is `quiet` without, in microseconds.
fn bound(quiet: u64) -> u64 {
    (quiet + quiet / 4).saturating_add(1_000)
}

/// Writes the files of all changes before any click, because that takes a while.
fn changes(options: &Options, size: Size, big: &Side) -> Result<Vec<Change>> {
    let mut ads = Vec::new();
    let mut changes = Vec::new();
    for rank in 0..u32::from(options.swaps) {
        let ad = 1 + scatter(rank, size.ads);
        ads.push(ad);
        let text = text(size, rank + 1, &ads)?;
        changes.push(Change {
            ad,
            number: ads.len(),
            file: big
                .site
                .write(&format!("change-{}.toml", ads.len()), &text)?,
        });
    }
    Ok(changes)
}

/// Sends clicks for one window and makes its changes meanwhile, evenly spread.
async fn window(
    options: &Options,
    size: Size,
    n: usize,
    changes: &[Change],
    big: &mut Side,
) -> Result<(open::Flow, Vec<u64>)> {
    let length = options.swap_time / 2;
    let target = big.site.settings.public;
    let seed = !options.seed.wrapping_add(u64::try_from(n)?);
    let count = open::count(options.rate, WARM + length);
    let batch = Batch::new(target, big.crowd.clicks(seed, count))?;
    let sending = open::send(batch, options.rate, WARM, options.connections, target);
    let start = Instant::now();
    let Side { site, numbers, .. } = big;
    let changing = async {
        let mut took = Vec::new();
        let pause = length / u32::try_from(changes.len())?.max(1);
        let mut pipe = Pipe::new(target);
        for (change, turn) in changes.iter().zip(0..) {
            let due = start + WARM + pause * turn;
            tokio::time::sleep_until(due.into()).await;
            numbers.push(look(&mut pipe, size, change.ad, 0).await?);
            let applied = site.apply(&change.file).await?;
            took.push(micros(applied));
            let number = look(&mut pipe, size, change.ad, change.number).await;
            numbers.push(number.with_context(|| format!("after change {}", change.number))?);
        }
        Ok(took)
    };
    tokio::try_join!(sending, changing)
}

/// Clicks on an ad, which must lead to its page after this change; returns the click's number.
async fn look(pipe: &mut Pipe, size: Size, ad: u32, change: usize) -> Result<u64> {
    let visit = Visit {
        partner: 1,
        ad,
        ip: 0,
        device: 0,
        os: 0,
    };
    let program = size.program(ad);
    let batch = Batch::new(pipe.address(), std::iter::once(Click { program, visit }))?;
    let (bytes, clicks) = batch.get(0, 1).context("no click")?;
    let mut answers = Vec::new();
    pipe.exchange(bytes, 1, &mut answers).await?;
    let click = clicks.first().context("no click")?;
    let answer = answers.first().context("no answer")?;
    let number = read(click, answer)?;
    let page = page(ad, change);
    let rest = answer.location.strip_prefix(page.as_str());
    let mark = if change == 0 { '?' } else { '&' };
    ensure!(
        rest.is_some_and(|rest| rest.starts_with(mark) && !rest.starts_with("?v=")),
        "ad {ad} leads to {}, not to {page}",
        answer.location
    );
    Ok(number)
}

fn line(found: &Percentiles) -> String {
    format!(
        "p50 {} · p99 {} · p99.9 {} · p99.99 {} · max {} ({} samples)",
        table::millis(found.p50),
        table::millis(found.p99),
        table::millis(found.p999),
        table::millis(found.p9999),
        table::millis(found.max),
        found.count
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::batch::tests::redirect;
    use crate::http::mock::{Mock, run};

    #[test]
    fn a_quarter_and_a_millisecond_are_allowed() {
        for (quiet, most) in [(0, 1_000), (400, 1_500), (8_000, 11_000)] {
            assert_eq!(bound(quiet), most);
        }
    }

    #[test]
    fn a_click_tells_which_page_is_in_force() {
        let size = Size {
            programs: 3,
            ads: 9,
            partners: 1,
        };
        for (shown, asked, good) in [
            (0, 0, true),
            (2, 2, true),
            (0, 2, false),
            (2, 0, false),
            (2, 1, false),
            (1, 12, false),
            (12, 1, false),
        ] {
            run(async {
                let mock = Mock::start(move |request| {
                    let own = redirect(request, 1);
                    match shown {
                        0 => own,
                        _ => own.replace("/5?", &format!("/5?v={shown}&")),
                    }
                })
                .await;
                let mut pipe = Pipe::new(mock.address);
                let seen = look(&mut pipe, size, 5, asked).await;
                assert_eq!(seen.is_ok(), good, "{shown} shown, {asked} asked");
                assert_eq!(
                    mock.paths(),
                    [format!("/c/1/5/{}?subId1=os0", size.program(5))]
                );
            });
        }
    }
}
