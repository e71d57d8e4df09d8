//! When an event is sent again, and when it is given up. Pure.
//!
//! The first try is made as soon as the event is due. After try n the next one follows
//! `postbacks.first_wait` · 2^(n−1) later, at most 6 h, times a random factor from 0.5 to 1.5, so
//! that what failed together does not come back together. Called by `postback::deliver` after each
//! failed try.

use std::time::Duration;

use crate::model::time::{HOUR, Millis};

/// The longest wait before chance makes it longer or shorter, in milliseconds.
const LONGEST: i64 = 6 * HOUR;
/// The longest wait there is, in milliseconds.
pub(super) const LONGEST_WAIT: i64 = LONGEST + LONGEST / 2;

/// When an event is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries, the first one included.
    pub tries_max: u32,
    /// Time after the first try at which no further one is made.
    pub give_up_after: Duration,
}

/// How long to wait after `tries` tries, of which the first is followed by about `first`; `random`
/// is any number, each as likely as the next.
#[must_use]
pub fn next(first: Duration, tries: u32, random: u64) -> Duration {
    let longest = u64::try_from(LONGEST).unwrap_or(0);
    let first = u64::try_from(first.as_millis()).unwrap_or(longest);
    let doublings = tries.saturating_sub(1).min(30);
    let wait = first.saturating_mul(1 << doublings).min(longest);
    let chance = random.checked_rem(wait).unwrap_or(0);
    Duration::from_millis(wait / 2 + chance)
}

/// Whether no further try is made after `tries`, when the next one would come at `next`.
#[must_use]
pub fn is_over(patience: Patience, tries: u32, first: Millis, next: Millis) -> bool {
    let most = i64::try_from(patience.give_up_after.as_millis()).unwrap_or(i64::MAX);
    tries >= patience.tries_max || next.since(first) > most
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: Duration = Duration::from_secs(60);

    #[test]
    fn waits_double_up_to_six_hours() {
        let middle = |tries| {
            let shortest = next(FIRST, tries, 0).as_secs();
            // The factor 0.5 is the shortest, so twice that is the wait itself.
            shortest * 2
        };
        let waits: Vec<u64> = (1..=12).map(middle).collect();
        let expected = [
            60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 21_600, 21_600, 21_600,
        ];
        assert_eq!(waits, expected);
    }

    #[test]
    fn fifteen_tries_or_two_days_are_the_end() {
        let patience = Patience {
            tries_max: 15,
            give_up_after: Duration::from_secs(48 * 3_600),
        };
        let first = Millis(1_000);
        assert!(!is_over(patience, 14, first, first.plus(48 * HOUR)));
        assert!(is_over(patience, 15, first, first.plus(1)));
        assert!(is_over(patience, 1, first, first.plus(48 * HOUR + 1)));
    }

    proptest! {
        #[test]
        fn a_wait_is_half_to_one_and_a_half_of_its_step(tries in 0_u32.., random: u64) {
            let shortest = next(FIRST, tries, 0);
            let wait = next(FIRST, tries, random);
            prop_assert!(wait >= shortest);
            prop_assert!(wait < shortest * 3);
            prop_assert!(wait >= Duration::from_secs(30));
            prop_assert!(wait <= Duration::from_secs(9 * 3_600));
        }
    }
}
