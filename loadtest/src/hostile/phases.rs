//! The phases of the run: honest clicks alone, then among the others, then alone again.

use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::idle::Idle;
use super::memory::{EACH_GOAL, EACH_MAX, each, kibibytes};
use super::pipelines::{self, Piped};
use super::run::Options;
use super::slow::{Plan, Seen, Slow};
use crate::check::bounds::Bounds;
use crate::daemon::site::Site;
use crate::drive::batch::Batch;
use crate::drive::open::{self, Flow};
use crate::table;
use crate::traffic::crowd::Crowd;

/// The beginning of every phase, in which nothing is measured.
const WARM: Duration = Duration::from_secs(1);
/// Between two bytes of a slow head: as long as the daemon waits for the whole.
const GAP: Duration = Duration::from_secs(10);
/// How long the slow connections take to open, so that they also end one by one.
const RAMP: Duration = Duration::from_secs(9);
/// How long the daemon may settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(1);
const OPEN: &str = "clickd_http_connections";
const PUBLIC: &str = "listener=\"public\"";
const FOLDED: &str = "clickd_fold_clicks_total";

/// Sends honest clicks for one phase.
pub(super) async fn honest(options: &Options, n: u64, site: &Site) -> Result<Flow> {
    let target = site.settings.public;
    let count = open::count(options.rate, WARM + options.length());
    let seed = options.seed.wrapping_add(n);
    let batch = Batch::new(target, Crowd::Small.clicks(seed, count))?;
    open::send(batch, options.rate, WARM, options.connections, target).await
}

/// Waits until the fold has counted `recorded` clicks and every public connection is closed.
pub(super) async fn quiet(site: &mut Site, recorded: usize) -> Result<()> {
    let goal = u64::try_from(recorded)?;
    site.until(FOLDED, "", |now| now >= goal).await?;
    site.until(OPEN, PUBLIC, |open| open == 0).await?;
    Ok(())
}

/// Opens the others, reads what they cost, sends honest clicks among them, and closes them.
pub(super) async fn hostile(
    options: &Options,
    site: &mut Site,
    numbers: &mut Vec<u64>,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<Flow> {
    let target = site.settings.public;
    tokio::time::sleep(SETTLE).await;
    let alone = site.usage()?.resident;
    let (idle, clicks) = Idle::open(target, options.idle, !options.seed).await?;
    numbers.extend(clicks);
    tokio::time::sleep(SETTLE).await;
    let (with_idle, held) = held(site).await?;
    ensure!(
        held == u64::from(options.idle),
        "the daemon holds {held} connections, {} were opened",
        options.idle
    );
    let slow = Slow::start(Plan {
        target,
        connections: options.slow,
        gap: GAP,
        ramp: RAMP,
    })?;
    tokio::time::sleep(RAMP + SETTLE / 2).await;
    let (with_all, held) = self::held(site).await?;
    check_held(held, options.idle, options.slow)?;
    writeln!(
        out,
        "resident: alone {}, with {} idle {}, with {held} idle and slow {}",
        kibibytes(alone),
        options.idle,
        kibibytes(with_idle),
        kibibytes(with_all)
    )?;
    let idle_each = each(alone, with_idle, u64::from(options.idle));
    let all_each = each(alone, with_all, held);
    for (what, each) in [("an idle", idle_each), ("an idle or slow", all_each)] {
        let what = format!(
            "memory of {what} connection (goal {})",
            kibibytes(EACH_GOAL)
        );
        bounds.at_most(out, &what, [each, EACH_MAX], kibibytes)?;
    }
    let flow = among(options, site, numbers, out).await?;
    let (resident, held) = self::held(site).await?;
    writeln!(
        out,
        "after the clicks: {held} connections held, resident {}",
        kibibytes(resident)
    )?;
    check_held(held, options.idle, options.slow)?;
    let open = idle.count_open();
    ensure!(
        open == usize::from(options.idle),
        "{open} of {} idle connections are still open, though none was idle for 75 s",
        options.idle
    );
    let seen = slow.seen();
    tell(&seen, out)?;
    ensure!(seen.closed > 0, "no slow connection was closed");
    Ok(flow)
}

/// Honest clicks and pipelined ones, until the honest ones are all answered.
async fn among(
    options: &Options,
    site: &Site,
    numbers: &mut Vec<u64>,
    out: &mut impl Write,
) -> Result<Flow> {
    let plan = options.pipelines(!options.seed.wrapping_mul(3));
    let piped = Rc::new(Piped::default());
    let target = site.settings.public;
    let mut pipes = JoinSet::new();
    for n in 0..plan.connections {
        pipes.spawn_local(pipelines::send(plan, n, target, piped.clone()));
    }
    let piping = async {
        while let Some(ended) = pipes.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    };
    let clicking = async {
        let flow = honest(options, 1, site).await;
        piped.stop.set(true);
        flow
    };
    let (flow, ()) = tokio::try_join!(clicking, piping)?;
    let piped_clicks = piped.numbers.take();
    writeln!(
        out,
        "pipelined: {} clicks in {} batches of {} over {} connections, all answered in order; {} \
         sent again behind the end of a connection",
        piped_clicks.len(),
        piped.batches.get(),
        plan.depth,
        plan.connections,
        piped.again.get()
    )?;
    numbers.extend(piped_clicks);
    Ok(flow)
}

/// Resident bytes and open public connections.
async fn held(site: &mut Site) -> Result<(u64, u64)> {
    let held = site.metrics().await?.sum(OPEN, PUBLIC)?;
    Ok((site.usage()?.resident, held))
}

/// Nearly all connections are there; a few of the slow ones may be between end and opening.
fn check_held(held: u64, idle: u16, slow: u16) -> Result<()> {
    let (idle, slow) = (u64::from(idle), u64::from(slow));
    let fewest = idle + slow - slow / 20;
    ensure!(
        held >= fewest,
        "the daemon holds {held} of {} connections: the load was not what was asked",
        idle + slow
    );
    Ok(())
}

fn tell(seen: &Seen, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "slow heads: {} connections opened, {} bytes sent, {} closed by the daemon ({} sooner than \
         after {} s), {} could not be opened",
        seen.opened,
        seen.bytes,
        seen.closed,
        seen.early,
        GAP.as_secs(),
        seen.failed
    )?;
    Ok(())
}

/// Writes why the daemon closed public connections.
pub(super) async fn closes(site: &mut Site, out: &mut impl Write) -> Result<()> {
    let metrics = site.metrics().await?;
    let reasons = metrics.series("clickd_http_closed_total", PUBLIC)?;
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(labels, count)| format!("{} {count}", reason(labels)))
        .collect();
    writeln!(
        out,
        "closed by the daemon, by its own count: {}; rejected {}, heads not understood {}",
        reasons.join(", "),
        metrics.sum("clickd_http_rejected_total", PUBLIC)?,
        metrics.sum("clickd_http_parse_errors_total", PUBLIC)?
    )?;
    Ok(())
}

/// The value of the label `reason`.
fn reason(labels: &str) -> &str {
    let found = labels
        .split(',')
        .find_map(|label| label.strip_prefix("reason=\""));
    found
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(labels)
}

/// What p99 may be among the others when it is `alone` without, both in microseconds. Below a
/// millisecond the machine's own noise is as large as the figure, so that counts as one.
pub(super) fn bound(alone: u64) -> u64 {
    alone.max(1_000).saturating_mul(2)
}

/// Writes the latencies of a phase.
pub(super) fn line(name: &str, flow: &Flow, out: &mut impl Write) -> Result<()> {
    let found = flow.latency.percentiles();
    writeln!(
        out,
        "{name}: p50 {} · p99 {} · p99.9 {} · max {} ({} samples); of that until sent: \
         p99 {}, the tool's own delay: p99 {}",
        table::millis(found.p50),
        table::millis(found.p99),
        table::millis(found.p999),
        table::millis(found.max),
        found.count,
        table::millis(flow.late.percentiles().p99),
        table::millis(flow.delay.percentiles().p99)
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_is_allowed_and_a_fast_baseline_counts_as_a_millisecond() {
        for (alone, most) in [(0, 2_000), (400, 2_000), (1_000, 2_000), (3_000, 6_000)] {
            assert_eq!(bound(alone), most);
        }
    }

    #[test]
    fn a_twentieth_of_the_slow_ones_may_be_missing() {
        assert!(check_held(6_000, 1_000, 5_000).is_ok());
        assert!(check_held(5_750, 1_000, 5_000).is_ok());
        assert!(check_held(5_749, 1_000, 5_000).is_err());
    }

    #[test]
    fn reasons_are_read_out_of_labels() {
        assert_eq!(
            reason("listener=\"public\",reason=\"slow_head\""),
            "slow_head"
        );
        assert_eq!(reason("reason=\"idle\",listener=\"public\""), "idle");
        assert_eq!(reason("x"), "x");
    }
}
