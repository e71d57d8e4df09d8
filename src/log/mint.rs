//! Event numbers, and the lease that keeps one from ever being minted twice.
//!
//! Hot path. Each writer thread owns one [`Mint`]. Numbers of a mint grow strictly: the counter
//! carries into the time when a millisecond is used up. A start begins above the last lease that
//! was synced, and no number at or above the present lease is stored, so no crash and no clock
//! can bring a number back.

use crate::model::click_id::{COUNTER_BITS, EPOCH, TIME_SHIFT};
use crate::model::id::EventNumber;
use crate::model::time::Millis;

/// How far a lease reaches beyond the time it is taken, milliseconds.
pub const LEASE_AHEAD: i64 = 5_000;
/// A lease is renewed once less than this is left of it, milliseconds.
pub const LEASE_LOW: i64 = 3_000;
/// How far a lease reaches at least beyond the newest number, milliseconds. It is small, so that a
/// log which is restarted over and over does not run ahead of the clock by a lease each time; it
/// holds 4,096 numbers a millisecond and writer.
pub const LEASE_ROOM: i64 = 200;

/// Mints the numbers of one writer.
#[derive(Clone, Debug)]
pub struct Mint {
    writer: u64,
    /// Time and counter of the last number, without the writer between them.
    last: u64,
}

impl Mint {
    /// A mint of `writer` (0 to 1,023) whose numbers are minted after `floor`.
    #[must_use]
    pub fn new(writer: u16, floor: Millis) -> Self {
        let millis = u64::try_from(floor.since(EPOCH)).unwrap_or(0);
        Self {
            writer: u64::from(writer & 0x3ff),
            last: (millis + 1) << COUNTER_BITS,
        }
    }

    /// The next number: of the millisecond `now`, or later when the mint is already past it.
    pub fn next(&mut self, now: Millis) -> EventNumber {
        let millis = u64::try_from(now.since(EPOCH)).unwrap_or(0);
        self.last = (self.last + 1).max(millis << COUNTER_BITS);
        let (time, counter) = (
            self.last >> COUNTER_BITS,
            self.last & ((1 << COUNTER_BITS) - 1),
        );
        EventNumber(time << TIME_SHIFT | self.writer << COUNTER_BITS | counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_though_the_clock_stands_or_steps_back() {
        let mut mint = Mint::new(5, EPOCH);
        let now = EPOCH.plus(1_000);
        let mut last = mint.next(now);
        assert_eq!(last.time(), now);
        for step in 0..10_000 {
            let next = mint.next(now.plus(-step));
            assert!(next > last, "{step}");
            last = next;
        }
        assert_eq!(
            last.time(),
            now.plus(10_000 >> COUNTER_BITS),
            "the counter carries into time"
        );
    }

    #[test]
    fn a_start_is_above_its_floor() {
        let floor = EPOCH.plus(777);
        let mut mint = Mint::new(1_023, floor);
        assert!(mint.next(EPOCH).time() > floor);
    }

    #[test]
    fn writers_never_meet() {
        let (mut a, mut b) = (Mint::new(0, EPOCH), Mint::new(1, EPOCH));
        let now = EPOCH.plus(9);
        let (a, b): (Vec<_>, Vec<_>) = (0..5_000).map(|_| (a.next(now), b.next(now))).unzip();
        assert!(a.iter().all(|number| !b.contains(number)));
    }
}
