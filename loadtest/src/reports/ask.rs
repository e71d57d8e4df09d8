//! Every report of the list over the whole month, one question after the other.

use std::io::Write;
use std::time::Instant;

use anyhow::Result;

use crate::check::bounds::Bounds;
use crate::http::brand::{Brand, Days};
use crate::measure::latency::Latency;
use crate::table;

/// The report whose bound is in force, and the most that its p99 may be, microseconds.
const BOUND: (&str, u64) = ("att_adv_performance_by_media_pm_only", 25_000);

/// Asks for each report so often and writes how long the answers took.
pub(super) async fn all(
    brand: &mut Brand,
    days: &Days,
    times: u16,
    bounds: &mut Bounds,
    out: &mut impl Write,
) -> Result<()> {
    let mut rows = Vec::new();
    let mut bound = 0;
    for id in brand.reports().await? {
        let mut latency = Latency::new()?;
        let mut size = 0;
        for _ in 0..times {
            let begun = Instant::now();
            size = brand.run(&id, days).await?;
            latency.record(begun.elapsed());
        }
        let found = latency.percentiles();
        if id == BOUND.0 {
            bound = found.p99;
        }
        let times = [found.p50, found.p99, found.max].map(table::millis);
        let mut row = vec![id, format!("{} KiB", size >> 10)];
        row.extend(times);
        rows.push(row);
    }
    table::write(out, &["report", "answer", "p50", "p99", "max"], &rows)?;
    let what = format!("p99 of {}", BOUND.0);
    bounds.at_most(out, &what, [bound, BOUND.1], table::millis)
}
