//! The middle and the ends of a few readings.

/// Readings in order of size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    /// The smallest.
    pub(crate) min: u64,
    /// The middle one; of an even number of readings the mean of the two in the middle.
    pub(crate) median: u64,
    /// The largest.
    pub(crate) max: u64,
}

impl Spread {
    /// The spread of `readings`; zeros if there are none.
    pub(crate) fn of(readings: &[u64]) -> Self {
        let mut sorted = readings.to_vec();
        sorted.sort_unstable();
        let at = |index: usize| sorted.get(index).copied().unwrap_or(0);
        let half = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            at(half.saturating_sub(1)).midpoint(at(half))
        } else {
            at(half)
        };
        Self {
            min: at(0),
            median,
            max: at(sorted.len().saturating_sub(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        for (readings, min, median, max) in [
            (&[][..], 0, 0, 0),
            (&[7], 7, 7, 7),
            (&[9, 1], 1, 5, 9),
            (&[9, 1, 2], 1, 2, 9),
            (&[9, 4, 1, 2], 1, 3, 9),
        ] {
            assert_eq!(Spread::of(readings), Spread { min, median, max });
        }
    }
}
