//! What cells add up to, row by row.
//!
//! Cells come by day and partner, so the rows of a day follow each other as those of the day before
//! did: a row is looked for where it is expected before it is looked up.

use std::collections::hash_map::Entry;

use ahash::AHashMap;

use crate::registry::dimension::RowKey;

/// Values of rows, in the order in which the rows were first met.
#[derive(Debug)]
pub(super) struct Sums<V> {
    rows: Vec<(RowKey, V)>,
    places: AHashMap<RowKey, usize>,
    /// Where the row of the last change lies.
    last: usize,
}

impl<V> Default for Sums<V> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            places: AHashMap::new(),
            last: 0,
        }
    }
}

impl<V: Default> Sums<V> {
    /// Changes the value of a row, which is there from then on.
    pub(super) fn change(&mut self, key: RowKey, change: impl FnOnce(&mut V)) {
        let expected = [self.last, self.last.saturating_add(1)].into_iter();
        let is_there = |at: &usize| self.rows.get(*at).is_some_and(|(own, _)| *own == key);
        self.last =
            expected
                .into_iter()
                .find(is_there)
                .unwrap_or_else(|| match self.places.entry(key) {
                    Entry::Occupied(place) => *place.get(),
                    Entry::Vacant(place) => {
                        let at = self.rows.len();
                        self.rows.push((place.key().clone(), V::default()));
                        *place.insert(at)
                    }
                });
        if let Some((_, value)) = self.rows.get_mut(self.last) {
            change(value);
        }
    }
}

impl<V> Sums<V> {
    /// The value of a row.
    pub(super) fn get(&self, key: &RowKey) -> Option<&V> {
        let (_, value) = self.rows.get(*self.places.get(key)?)?;
        Some(value)
    }

    /// The value of a row, to be changed.
    pub(super) fn get_mut(&mut self, key: &RowKey) -> Option<&mut V> {
        let (_, value) = self.rows.get_mut(*self.places.get(key)?)?;
        Some(value)
    }

    /// Every row.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&RowKey, &V)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    /// Every row, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&RowKey, &mut V)> {
        self.rows.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// Every row.
    pub(super) fn into_rows(self) -> impl Iterator<Item = (RowKey, V)> {
        self.rows.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::PartnerId;

    #[test]
    fn rows_add_up_in_whatever_order_they_come() {
        let key = |partner| RowKey {
            partner: Some(PartnerId(partner)),
            ..RowKey::default()
        };
        let mut sums = Sums::<u32>::default();
        for (more, partners) in [
            (1, &[3, 1, 2][..]),
            (10, &[3, 1, 2]),
            (100, &[2, 2, 4, 1]),
            (1_000, &[4, 3]),
        ] {
            for partner in partners {
                sums.change(key(*partner), |sum| *sum += more);
            }
        }
        assert_eq!(sums.get(&key(9)), None);
        if let Some(sum) = sums.get_mut(&key(1)) {
            *sum += 7;
        }
        for (_, sum) in sums.iter_mut() {
            *sum *= 2;
        }
        assert!(sums.iter().all(|(own, sum)| sums.get(own) == Some(sum)));
        let rows: Vec<_> = sums.into_rows().collect();
        let expected = [(3, 1_011), (1, 118), (2, 211), (4, 1_100)];
        assert_eq!(rows, expected.map(|(partner, sum)| (key(partner), sum * 2)));
    }
}
