//! What the daemon's metrics say about clicks.

use anyhow::{Context as _, Result};

use super::ledger::Recorded;

/// Counts since the daemon started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Clicks answered.
    pub(crate) recorded: Recorded,
    /// Clicks folded.
    pub(crate) folded: u64,
}

impl Counts {
    /// Whether every recorded click is folded.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded >= self.recorded.clicks
    }
}

/// Reads the text of `/metrics`. Requests that became no click count as not recorded.
pub(crate) fn read(text: &str) -> Result<Counts> {
    let of = |prefix: &str| sum(text, prefix).with_context(|| format!("no metric {prefix}"));
    let all = of("clickd_link_requests_total{")?;
    let clicks = of("clickd_link_clicks_total{result=\"stored\"}")?;
    Ok(Counts {
        recorded: Recorded {
            clicks,
            others: all.saturating_sub(clicks),
        },
        folded: of("clickd_fold_clicks_total ")?,
    })
}

/// The sum of the series that begin so.
fn sum(text: &str, prefix: &str) -> Option<u64> {
    let series = text.lines().filter(|line| line.starts_with(prefix));
    series
        .map(|line| line.rsplit_once(' ')?.1.parse().ok())
        .reduce(|sum: Option<u64>, value| sum?.checked_add(value?))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE clickd_link_clicks_total counter
clickd_link_requests_total{outcome=\"redirected\"} 102
clickd_link_requests_total{outcome=\"not_found\"} 3
clickd_link_clicks_total{result=\"stored\"} 100
clickd_link_clicks_total{result=\"unrecorded\"} 2
clickd_fold_clicks_total 99
";

    #[test]
    fn recorded_and_folded_clicks_are_read() {
        let counts = read(TEXT).unwrap();
        assert_eq!((counts.recorded.clicks, counts.recorded.others), (100, 5));
        assert!(!counts.is_folded());
        let text = TEXT.replace("fold_clicks_total 99", "fold_clicks_total 100");
        assert!(read(&text).unwrap().is_folded());
    }

    #[test]
    fn a_metric_that_is_missing_or_no_number_is_an_error() {
        for (from, to) in [
            ("clickd_fold_clicks_total", "clickd_fold_slots_total"),
            ("result=\"stored\"", "result=\"kept\""),
            ("} 3", "} three"),
        ] {
            assert!(read(&TEXT.replace(from, to)).is_err(), "{from}");
        }
    }
}
