//! Medians, spreads and ratios in whole numbers, and when a figure is worth nothing.

use std::fmt;

/// How several runs of the same spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    /// The middle one.
    pub(crate) median: u64,
    /// The median of the distances from the median.
    pub(crate) deviation: u64,
    /// The least.
    pub(crate) low: u64,
    /// The greatest.
    pub(crate) high: u64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(values: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut sorted: Vec<u64> = values.into_iter().collect();
        sorted.sort_unstable();
        let median = middle(&sorted)?;
        let mut distances: Vec<u64> = sorted.iter().map(|value| value.abs_diff(median)).collect();
        distances.sort_unstable();
        Some(Self {
            median,
            deviation: middle(&distances)?,
            low: *sorted.first()?,
            high: *sorted.last()?,
        })
    }

    /// Whether the deviation exceeds a tenth of the median.
    pub(crate) fn is_wide(&self) -> bool {
        self.deviation.saturating_mul(10) > self.median
    }
}

/// The middle of a sorted list; of two middles their mean.
fn middle(sorted: &[u64]) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    let (low, high) = (*sorted.get(last / 2)?, *sorted.get(last.div_ceil(2))?);
    Some(low.midpoint(high))
}

/// How much `of` is of `to` in thousandths, rounded to the nearest; `None` of nothing.
pub(crate) fn per_mille(of: u64, to: u64) -> Option<u64> {
    divided(u128::from(of) * 1_000, to)
}

/// `sum` divided among `count`, rounded to the nearest.
pub(crate) fn divided(sum: u128, count: u64) -> Option<u64> {
    let count = u128::from(count);
    let rounded = (sum + count / 2).checked_div(count)?;
    u64::try_from(rounded).ok()
}

/// Thousandths as a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thousandths(pub(crate) u64);

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A ratio in thousandths, with its deviation and its extremes.
pub(crate) fn ratio(found: &Spread) -> String {
    let [median, deviation, low, high] =
        [found.median, found.deviation, found.low, found.high].map(Thousandths);
    format!("{median} ±{deviation} ({low} to {high})")
}

/// One value of a round, and whether the round was disturbed from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    /// The figure.
    pub(crate) figure: u64,
    /// Whether others took much of the machine meanwhile.
    pub(crate) is_disturbed: bool,
}

/// A figure over all rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How it spread.
    pub(crate) spread: Spread,
    /// Why it is worth nothing, if it is.
    pub(crate) doubt: Option<String>,
}

impl Finding {
    /// Of the values of every round.
    pub(crate) fn of(values: &[Value]) -> Option<Self> {
        let spread = Spread::of(values.iter().map(|value| value.figure))?;
        let disturbed = values.iter().filter(|value| value.is_disturbed).count();
        Some(Self {
            spread,
            doubt: doubt(&spread, disturbed, values.len()),
        })
    }

    /// Of the ratios, in thousandths, of two figures taken in the same round.
    pub(crate) fn of_ratios(of: &[Value], to: &[Value]) -> Option<Self> {
        let ratios: Option<Vec<Value>> = of
            .iter()
            .zip(to)
            .map(|(of, to)| {
                Some(Value {
                    figure: per_mille(of.figure, to.figure)?,
                    is_disturbed: of.is_disturbed || to.is_disturbed,
                })
            })
            .collect();
        Self::of(&ratios?)
    }
}

/// Why a figure is worth nothing; `disturbed` of `rounds` rounds were disturbed from outside.
fn doubt(found: &Spread, disturbed: usize, rounds: usize) -> Option<String> {
    let is_disturbed = disturbed * 3 > rounds;
    match (is_disturbed, found.is_wide()) {
        (true, _) => Some(format!("worthless: disturbed {disturbed}/{rounds}")),
        (false, true) => Some("worthless: spread".to_owned()),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_deviations_are_those_of_sorted_lists() {
        let spread = |values: &[u64]| Spread::of(values.iter().copied()).unwrap();
        let odd = spread(&[9, 1, 5, 100, 4]);
        assert_eq!((odd.median, odd.deviation), (5, 4));
        assert_eq!((odd.low, odd.high), (1, 100));
        let even = spread(&[10, 20, 40, 30]);
        assert_eq!((even.median, even.deviation), (25, 10));
        assert_eq!(spread(&[7]).deviation, 0);
        assert_eq!(spread(&[u64::MAX, u64::MAX]).median, u64::MAX);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_rounded_to_the_nearest() {
        assert_eq!(per_mille(2, 3), Some(667));
        assert_eq!(per_mille(1, 3), Some(333));
        assert_eq!(per_mille(0, 3), Some(0));
        assert_eq!(per_mille(3, 0), None);
        assert_eq!(per_mille(u64::MAX, 1), None, "too large");
        assert_eq!(divided(7, 2), Some(4));
        assert_eq!(divided(1, 0), None);
    }

    #[test]
    fn ratios_are_written_as_decimals() {
        let found = Spread::of([874, 1_020, 905]).unwrap();
        assert_eq!(ratio(&found), "0.905 ±0.031 (0.874 to 1.020)");
        assert_eq!(Thousandths(12_034).to_string(), "12.034");
    }

    #[test]
    fn wide_and_disturbed_figures_are_called_worthless() {
        let narrow = Spread::of([90, 100, 110]).unwrap();
        assert_eq!(doubt(&narrow, 1, 3), None);
        assert!(doubt(&narrow, 2, 3).unwrap().contains("2/3"));
        assert_eq!(doubt(&narrow, 3, 10), None);
        assert!(doubt(&narrow, 4, 10).is_some());
        let wide = Spread::of([89, 100, 111]).unwrap();
        assert!(doubt(&wide, 0, 3).unwrap().contains("spread"));
    }

    #[test]
    fn ratios_pair_figures_of_the_same_round() {
        let values = |figures: [u64; 3], disturbed| {
            figures.map(|figure| Value {
                figure,
                is_disturbed: disturbed == figure,
            })
        };
        // The machine slows down threefold over the rounds; the ratio stays.
        let of = values([80, 161, 240], 161);
        let to = values([100, 200, 300], 300);
        let found = Finding::of_ratios(&of, &to).unwrap();
        assert_eq!((found.spread.median, found.spread.deviation), (800, 0));
        assert_eq!(found.spread.high, 805);
        assert!(found.doubt.unwrap().contains("2/3"));
        assert_eq!(Finding::of_ratios(&of, &values([1, 2, 0], 9)), None);
        assert_eq!(Finding::of(&[]), None);
    }
}
