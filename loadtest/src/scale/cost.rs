//! What a click costs each daemon, in pairs of rounds.
//!
//! Rounds go small, big, big, small and so on, so that drift meets both alike. A round is a fixed
//! count of clicks in a closed loop and lasts until the fold has counted them; its cost is the CPU
//! time of all threads of the daemon. Both rounds of a pair have the same visitors.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;

use super::run::Side;
use crate::check::bounds::Bounds;
use crate::measure::latency::micros;
use crate::measure::spread::Spread;
use crate::table;

/// The most that a click of the big catalogue may cost, in thousandths of one of the small.
const RATIO_MAX: u64 = 1_150;

/// What is sent.
pub(super) struct Plan {
    /// Pairs of rounds.
    pub(super) pairs: u16,
    /// Clicks of a round.
    pub(super) clicks: u64,
    /// Connections.
    pub(super) connections: u16,
    /// Which clicks; each pair has a seed of its own after this one.
    pub(super) seed: u64,
}

/// Sends the rounds and compares the cost.
pub(super) async fn compare(
    plan: &Plan,
    small: &mut Side,
    big: &mut Side,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    let mut rows = Vec::new();
    let mut costs = [Vec::new(), Vec::new()];
    let mut ratios = Vec::new();
    for pair in 1..=plan.pairs {
        let seed = plan.seed.wrapping_add(u64::from(pair));
        let small_first = pair % 2 == 1;
        let mut used = [Duration::ZERO; 2];
        let mut rates = [0; 2];
        for is_small in [small_first, !small_first] {
            let side = if is_small { &mut *small } else { &mut *big };
            let (cpu, rate) = round(plan, seed, side).await?;
            let [small_used, big_used] = &mut used;
            let [small_rate, big_rate] = &mut rates;
            if is_small {
                (*small_used, *small_rate) = (cpu, rate);
            } else {
                (*big_used, *big_rate) = (cpu, rate);
            }
        }
        let [ours, theirs] = used.map(micros);
        let ratio = per_mille(theirs, ours);
        ratios.push(ratio);
        for (cost, used) in costs.iter_mut().zip([ours, theirs]) {
            cost.push(used.saturating_mul(1_000) / plan.clicks.max(1));
        }
        let [ours, theirs] = used.map(|used| table::each(used, plan.clicks));
        let mut row = vec![pair.to_string(), ours, theirs, thousandths(ratio)];
        row.extend(rates.map(|rate| rate.to_string()));
        rows.push(row);
    }
    writeln!(
        out,
        "CPU of the daemon for each of {} clicks, fold included:",
        plan.clicks
    )?;
    let heads = ["pair", "small", "big", "ratio", "small clicks/s", "big"];
    table::write(out, &heads, &rows)?;
    let [ours, theirs] = costs.map(|cost| Spread::of(&cost));
    let ratio = Spread::of(&ratios);
    writeln!(
        out,
        "medians: small {} ns, big {} ns; ratio {} ({} to {})",
        ours.median,
        theirs.median,
        thousandths(ratio.median),
        thousandths(ratio.min),
        thousandths(ratio.max)
    )?;
    bounds.at_most(
        out,
        "cost of a click, big against small",
        [ratio.median, RATIO_MAX],
        thousandths,
    )
}

/// The CPU time of one round and its clicks a second.
async fn round(plan: &Plan, seed: u64, side: &mut Side) -> Result<(Duration, u64)> {
    let before = side.site.usage()?;
    let took = side.send(seed, plan.clicks, plan.connections).await?;
    let cpu = side.site.usage()?.cpu_since(&before);
    Ok((cpu, table::per_second(plan.clicks, took)))
}

/// `part` in thousandths of `whole`.
fn per_mille(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1_000) / whole.max(1)
}

/// Thousandths as a number with three decimals.
fn thousandths(figure: u64) -> String {
    format!("{}.{:03}", figure / 1_000, figure % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_thousandths() {
        assert_eq!(per_mille(1_250, 1_000), 1_250);
        assert_eq!(per_mille(999, 1_000), 999);
        assert_eq!(per_mille(5, 0), 5_000);
        assert_eq!(thousandths(1_050), "1.050");
        assert_eq!(thousandths(7), "0.007");
    }
}
