//! Draws from a seed: the same seed gives the same draws on every machine.

use crate::traffic::generator::mix;

/// A sequence of draws.
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence of a seed and a name within it.
    pub(super) fn new(seed: u64, name: u32) -> Self {
        Self(mix(mix(seed) ^ u64::from(name)))
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }

    /// An even number of `0..bound`; 0 where there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.next()) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// An even number of `from..=to`.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = from.abs_diff(to) + 1;
        from.saturating_add_unsigned(self.below(width))
    }

    /// True so often in a million.
    pub(super) fn chance(&mut self, millionths: u64) -> bool {
        self.below(1_000_000) < millionths
    }

    /// One of them, evenly.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let place = self.below(u64::try_from(of.len()).unwrap_or(u64::MAX));
        of.get(usize::try_from(place).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_lie_within_their_bounds_and_are_even() {
        let draws = |seed| {
            let mut dice = Dice::new(seed, 1);
            (0..10_000).map(|_| dice.between(-2, 2)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        for number in -2..=2 {
            let times = draws(1).iter().filter(|drawn| **drawn == number).count();
            assert!((1_800..2_200).contains(&times), "{number}: {times}");
        }
        let mut dice = Dice::new(1, 2);
        let hits = (0..10_000).filter(|_| dice.chance(250_000)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert_eq!((dice.below(0), dice.pick::<u8>(&[])), (0, None));
    }
}
