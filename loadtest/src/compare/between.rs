//! What a server does between its turns, which no turn is charged for.

use std::time::Duration;

use super::figures::divided;

/// CPU time that a server used between its turns: background work that no turn was charged for.
pub(crate) struct Between {
    charged: Duration,
    start: Duration,
}

impl Between {
    /// From when the server had used `start` on.
    pub(crate) fn new(start: Duration) -> Self {
        Self {
            charged: Duration::ZERO,
            start,
        }
    }

    /// Charges a turn that took this much.
    pub(crate) fn charge(&mut self, cpu: Duration) {
        self.charged += cpu;
    }

    /// Thousandths of all CPU time since the start that were not charged.
    pub(crate) fn per_mille(&self, now: Duration) -> u64 {
        let all = now.saturating_sub(self.start);
        let idle = all.saturating_sub(self.charged).as_micros() * 1_000;
        let all = u64::try_from(all.as_micros()).unwrap_or(u64::MAX);
        divided(idle, all.max(1)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_between_turns_is_what_no_turn_was_charged() {
        let mut between = Between::new(Duration::from_secs(3));
        between.charge(Duration::from_secs(4));
        between.charge(Duration::from_secs(5));
        assert_eq!(between.per_mille(Duration::from_secs(13)), 100);
        assert_eq!(between.per_mille(Duration::from_secs(12)), 0);
    }
}
