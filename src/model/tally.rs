//! The stored measures of one aggregate cell, and how cells merge.

/// A measure that is counted and stored; ratios of these are made by the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stored {
    /// Every click, duplicates and robots included.
    RawClicks = 0,
    /// Clicks that are unique within the program's window.
    Clicks = 1,
    /// Unique clicks that nothing keeps from being paid.
    PayableClicks = 2,
    /// Actions, reversed ones included.
    GrossActions = 3,
    /// Actions not reversed.
    Actions = 4,
    /// Sale amount of the actions, in millionths.
    SaleAmount = 5,
    /// Payout of the actions, in millionths.
    ActionCost = 6,
    /// Payout of the actions, and of reversed ones what it was before; in millionths.
    GrossActionCost = 7,
}

impl Stored {
    /// Every stored measure in code order; codes are positions and never change.
    pub const ALL: [Self; 8] = [
        Self::RawClicks,
        Self::Clicks,
        Self::PayableClicks,
        Self::GrossActions,
        Self::Actions,
        Self::SaleAmount,
        Self::ActionCost,
        Self::GrossActionCost,
    ];

    /// Its stored code and position.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// The measures of one cell. Merging is associative and commutative. Sums are held in 128 bits,
/// so that no number of largest amounts overflows one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally([i128; Stored::ALL.len()]);

impl Tally {
    /// The value of one measure.
    #[must_use]
    pub fn get(&self, measure: Stored) -> i128 {
        self.0
            .get(usize::from(measure.code()))
            .copied()
            .unwrap_or(0)
    }

    /// Adds to one measure.
    pub fn add(&mut self, measure: Stored, amount: i128) {
        if let Some(value) = self.0.get_mut(usize::from(measure.code())) {
            *value = value.saturating_add(amount);
        }
    }

    /// Adds every measure of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (value, more) in self.0.iter_mut().zip(other.0) {
            *value = value.saturating_add(more);
        }
    }

    /// Whether every measure is 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|value| *value == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_positions() {
        for (i, measure) in Stored::ALL.iter().enumerate() {
            assert_eq!(usize::from(measure.code()), i);
        }
    }

    #[test]
    fn merging_adds_each_measure() {
        let mut a = Tally::default();
        a.add(Stored::RawClicks, 2);
        let mut b = Tally::default();
        b.add(Stored::RawClicks, 3);
        b.add(Stored::ActionCost, -1);
        let (mut ab, mut ba) = (a, b);
        ab.merge(&b);
        ba.merge(&a);
        assert_eq!(ab, ba);
        assert_eq!(
            (ab.get(Stored::RawClicks), ab.get(Stored::ActionCost)),
            (5, -1)
        );
        assert!(!ab.is_zero() && Tally::default().is_zero());
    }
}
