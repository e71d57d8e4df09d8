//! Columns of text for the terminal, and figures in a readable unit.

use std::io::{self, Write};
use std::time::Duration;

use crate::measure::latency::Percentiles;

/// Writes rows right-aligned under their heads.
pub(crate) fn write(out: &mut impl Write, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let heads: Vec<String> = heads.iter().map(|&head| head.to_owned()).collect();
    let mut widths: Vec<usize> = heads.iter().map(|head| head.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in std::iter::once(&heads).chain(rows) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        writeln!(out, "{}", cells.join("  "))?;
    }
    Ok(())
}

/// The percentiles on one line.
pub(crate) fn percentiles(found: &Percentiles) -> String {
    format!(
        "p50 {} · p90 {} · p99 {} · p99.9 {} · max {} ({} samples)",
        millis(found.p50),
        millis(found.p90),
        millis(found.p99),
        millis(found.p999),
        millis(found.max),
        found.count
    )
}

/// Microseconds as milliseconds with three decimals.
pub(crate) fn millis(micros: u64) -> String {
    format!("{}.{:03} ms", micros / 1_000, micros % 1_000)
}

/// A duration as seconds with two decimals.
pub(crate) fn seconds(duration: Duration) -> String {
    format!(
        "{}.{:02} s",
        duration.as_secs(),
        duration.subsec_millis() / 10
    )
}

/// Bytes as whole mebibytes.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Events per second over a duration, rounded down.
pub(crate) fn per_second(count: u64, duration: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000 / duration.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// A duration divided among events, as microseconds with one decimal.
pub(crate) fn each(duration: Duration, count: u64) -> String {
    let tenths = duration.as_micros() * 10 / u128::from(count.max(1));
    format!("{}.{} µs", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut out = Vec::new();
        let row = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
        write(
            &mut out,
            &["partner", "n"],
            &[row("3", "12,345"), row("280", "µs")],
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "partner       n\n      3  12,345\n    280      µs\n");
    }

    #[test]
    fn figures_keep_their_unit() {
        assert_eq!(millis(12_034), "12.034 ms");
        assert_eq!(seconds(Duration::from_millis(61_234)), "61.23 s");
        assert_eq!(mebibytes(3 << 20 | 5), "3 MiB");
        assert_eq!(per_second(100_000, Duration::from_millis(2_500)), 40_000);
        assert_eq!(each(Duration::from_millis(1_050), 100_000), "10.5 µs");
        assert_eq!(per_second(1, Duration::ZERO), 1_000_000);
        assert_eq!(each(Duration::from_secs(1), 0), "1000000.0 µs");
    }
}
