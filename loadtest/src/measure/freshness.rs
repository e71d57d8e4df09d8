//! How long a click takes to show in a report, for every click and without probes.
//!
//! In go the moment each click was sent and, from polling a report, how many clicks were visible
//! at which moment. The n-th click sent counts as visible at the first poll that shows n clicks or
//! more. That is exact while clicks become visible in the order they were sent and, since slots
//! are folded whole and in order, off by no more than the clicks in flight otherwise. Every
//! rounding is upwards: sent is the start of its millisecond, visible the end of the poll.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::latency::{Latency, Percentiles};

/// Clicks sent per millisecond since a start.
pub(crate) struct SentCurve {
    start: Instant,
    per_milli: Vec<u32>,
    total: u64,
}

/// What polls saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Poll {
    /// When the answer had arrived, in milliseconds since the curve's start, rounded up.
    pub(crate) millis: u64,
    /// Clicks it showed.
    pub(crate) visible: u64,
}

impl SentCurve {
    /// An empty curve.
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            per_milli: Vec::new(),
            total: 0,
        }
    }

    /// Counts a click sent at `at`.
    pub(crate) fn sent(&mut self, at: Instant) {
        let millis = at.saturating_duration_since(self.start).as_millis();
        let Ok(index) = usize::try_from(millis) else {
            return;
        };
        if index >= self.per_milli.len() {
            self.per_milli.resize(index + 1, 0);
        }
        if let Some(count) = self.per_milli.get_mut(index) {
            *count += 1;
            self.total += 1;
        }
    }

    /// Clicks counted.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// A poll that showed `visible` clicks and whose answer has just arrived.
    pub(crate) fn poll(&self, visible: u64) -> Poll {
        let micros = self.start.elapsed().as_micros();
        Poll {
            millis: u64::try_from(micros.div_ceil(1_000)).unwrap_or(u64::MAX),
            visible,
        }
    }

    /// From sent to visible. Clicks that no poll showed are not in it: compare `count`.
    ///
    /// # Errors
    /// A poll that shows fewer clicks than one before it, or more than were sent by then.
    pub(crate) fn freshness(&self, polls: &[Poll]) -> Result<Percentiles> {
        let mut latency = Latency::new()?;
        let counts = (0_u64..).zip(self.per_milli.iter().map(|count| u64::from(*count)));
        let mut sent = counts.filter(|(_, count)| *count > 0);
        let mut open: Option<(u64, u64)> = None;
        let mut visible = 0;
        for poll in polls {
            ensure!(
                poll.visible >= visible,
                "a report showed {} clicks after one had shown {visible}",
                poll.visible
            );
            ensure!(
                poll.visible <= self.total,
                "a report showed {} clicks, only {} were sent",
                poll.visible,
                self.total
            );
            let mut fresh = poll.visible - visible;
            visible = poll.visible;
            while fresh > 0 {
                let next = open.take().or_else(|| sent.next());
                let Some((at, waiting)) = next else { break };
                let take = fresh.min(waiting);
                let millis = poll.millis.checked_sub(at);
                let millis = millis.context("a report showed clicks before they were sent")?;
                latency.record_many(millis.saturating_mul(1_000), take);
                fresh -= take;
                if waiting > take {
                    open = Some((at, waiting - take));
                }
            }
        }
        Ok(latency.percentiles())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn curve(sent: &[u64]) -> SentCurve {
        let start = Instant::now();
        let mut curve = SentCurve::new(start);
        for millis in sent {
            curve.sent(start + Duration::from_millis(*millis));
        }
        curve
    }

    fn polls(seen: &[(u64, u64)]) -> Vec<Poll> {
        seen.iter()
            .map(|&(millis, visible)| Poll { millis, visible })
            .collect()
    }

    #[test]
    fn every_click_is_timed_to_the_first_poll_that_shows_it() {
        let sent: Vec<u64> = (0..5_000).map(|n| n * n % 2_003).collect();
        let seen = polls(&[
            (300, 17),
            (900, 17),
            (1_000, 2_400),
            (2_100, 4_999),
            (3_000, 5_000),
        ]);
        let mut ordered = sent.clone();
        ordered.sort_unstable();
        let mut naive: Vec<u64> = (1..)
            .zip(&ordered)
            .map(|(n, at)| seen.iter().find(|poll| poll.visible >= n).unwrap().millis - at)
            .collect();
        naive.sort_unstable();
        let found = curve(&sent).freshness(&seen).unwrap();
        assert_eq!(found.count, 5_000);
        for (found, naive) in [
            (found.p50, naive[2_499]),
            (found.p99, naive[4_949]),
            (found.max, naive[4_999]),
        ] {
            assert!(
                found.abs_diff(naive * 1_000) <= naive + 1,
                "{found} {naive}"
            );
        }
    }

    #[test]
    fn clicks_never_shown_are_not_counted_as_fresh() {
        let found = curve(&[0, 1, 2]).freshness(&polls(&[(10, 2)])).unwrap();
        assert_eq!(found.count, 2);
    }

    #[test]
    fn invented_and_vanished_clicks_are_errors() {
        let curve = curve(&[0, 1, 2]);
        for (seen, said) in [
            (vec![(10, 4)], "only 3 were sent"),
            (vec![(10, 2), (20, 1)], "after one had shown 2"),
            (vec![(1, 3)], "before they were sent"),
        ] {
            let error = curve.freshness(&polls(&seen)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
