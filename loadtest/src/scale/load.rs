//! How long the two daemons take to become ready, and what they hold in memory.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;

use super::run::Side;
use crate::check::bounds::Bounds;
use crate::measure::latency::micros;
use crate::measure::spread::Spread;
use crate::table;

/// The longest that the big catalogue may add to a start, in microseconds.
const LOAD_MAX: u64 = 2_000_000;
/// The most memory that it may add, in bytes.
const MEMORY_MAX: u64 = 128 << 20;
/// How long a daemon may settle before its memory is read.
const SETTLE: Duration = Duration::from_secs(1);

/// Restarts both in turn, so that drift meets both, and returns their memory before any click.
pub(super) async fn restarts(
    count: u16,
    small: &mut Side,
    big: &mut Side,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<[u64; 2]> {
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..count {
        for (side, took) in [&mut *small, &mut *big].into_iter().zip(&mut took) {
            took.push(micros(side.site.restart().await?));
        }
    }
    let [one, other] = took.map(|took| Spread::of(&took));
    writeln!(
        out,
        "start to ready, {count} restarts each: small {}, big {}",
        spread(&one),
        spread(&other)
    )?;
    let load = other.median.saturating_sub(one.median);
    bounds.at_most(
        out,
        "load of the catalogue",
        [load, LOAD_MAX],
        table::millis,
    )?;
    tokio::time::sleep(SETTLE).await;
    Ok([small.site.usage()?.resident, big.site.usage()?.resident])
}

/// Reads the memory after equal traffic; the larger of both differences is the catalogue's.
pub(super) fn memory(
    before: [u64; 2],
    small: &Side,
    big: &Side,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    let after = [small.site.usage()?.resident, big.site.usage()?.resident];
    let mut most = 0;
    for (when, [small, big]) in [("before any click", before), ("after the warm-up", after)] {
        let more = big.saturating_sub(small);
        most = more.max(most);
        writeln!(
            out,
            "resident {when}: small {}, big {}, difference {}",
            table::mebibytes(small),
            table::mebibytes(big),
            table::mebibytes(more)
        )?;
    }
    bounds.at_most(
        out,
        "memory of the catalogue",
        [most, MEMORY_MAX],
        table::mebibytes,
    )
}

fn spread(found: &Spread) -> String {
    format!(
        "{} ({} to {})",
        table::millis(found.median),
        table::millis(found.min),
        table::millis(found.max)
    )
}
