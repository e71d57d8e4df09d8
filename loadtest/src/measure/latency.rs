//! Durations in, percentiles out.
//!
//! Microseconds up to a minute (longer ones count as a minute) with three significant digits.

use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

const LONGEST: u64 = 60_000_000;

/// Collected durations.
pub(crate) struct Latency(Histogram<u64>);

/// What a [`Latency`] holds, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Percentiles {
    /// How many were recorded.
    pub(crate) count: u64,
    /// Half were no longer than this.
    pub(crate) p50: u64,
    /// Nine of ten.
    pub(crate) p90: u64,
    /// 99 of 100.
    pub(crate) p99: u64,
    /// 999 of 1,000.
    pub(crate) p999: u64,
    /// 9,999 of 10,000.
    pub(crate) p9999: u64,
    /// The longest.
    pub(crate) max: u64,
}

impl Latency {
    /// Nothing recorded yet.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, LONGEST, 3)?))
    }

    /// Adds one duration.
    pub(crate) fn record(&mut self, duration: Duration) {
        self.record_many(micros(duration), 1);
    }

    /// Adds the same duration, in microseconds, `count` times.
    pub(crate) fn record_many(&mut self, micros: u64, count: u64) {
        self.0.saturating_record_n(micros.clamp(1, LONGEST), count);
    }

    /// Adds what another holds.
    pub(crate) fn add(&mut self, other: &Self) -> Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// The figures.
    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles {
            count: self.0.len(),
            p50: self.0.value_at_quantile(0.5),
            p90: self.0.value_at_quantile(0.9),
            p99: self.0.value_at_quantile(0.99),
            p999: self.0.value_at_quantile(0.999),
            p9999: self.0.value_at_quantile(0.9999),
            max: self.0.max(),
        }
    }
}

/// Whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_equal_those_of_a_sorted_list() {
        let mut list: Vec<u64> = (0..10_007_u64).map(|n| 1 + n * n % 99_991 * 37).collect();
        let mut latency = Latency::new().unwrap();
        for micros in &list {
            latency.record(Duration::from_micros(*micros));
        }
        list.sort_unstable();
        let naive = |share: usize| list[(list.len() * share).div_ceil(10_000) - 1];
        let found = latency.percentiles();
        assert_eq!(found.count, 10_007);
        for (found, naive) in [
            (found.p50, naive(5_000)),
            (found.p90, naive(9_000)),
            (found.p99, naive(9_900)),
            (found.p999, naive(9_990)),
            (found.p9999, naive(9_999)),
            (found.max, naive(10_000)),
        ] {
            assert!(
                found.abs_diff(naive) <= naive / 1_000 + 1,
                "{found} {naive}"
            );
        }
    }

    #[test]
    fn two_are_added_sample_by_sample() {
        let [mut one, mut other] = [0; 2].map(|_| Latency::new().unwrap());
        one.record_many(10, 3);
        other.record_many(90, 2);
        one.add(&other).unwrap();
        let found = one.percentiles();
        assert_eq!((found.count, found.p50, found.max), (5, 10, 90));
    }

    #[test]
    fn the_longest_is_a_minute() {
        let mut latency = Latency::new().unwrap();
        latency.record(Duration::from_secs(3_600));
        latency.record(Duration::ZERO);
        let found = latency.percentiles();
        assert_eq!((found.count, found.p50), (2, 1));
        assert!(found.max.abs_diff(60_000_000) <= 60_000, "{}", found.max);
    }
}
