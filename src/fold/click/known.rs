//! Which visitors have clicked, in two bytes each: the many that are new need not be looked for in
//! the store.
//!
//! Bloom filters of one cache line a key (Putze, Sanders, Singler: Cache-, hash- and
//! space-efficient Bloom filters, 2007), each twice as large as the one before it, of which the
//! newest are kept. A "no" is certain as far back as the oldest of them goes; one "yes" in a
//! hundred is wrong, which costs a look into the store and changes no result. On the fold's thread.

use std::collections::VecDeque;

use crate::model::time::Millis;

/// Filters kept.
const FILTERS: usize = 8;
/// Keys of the first filter.
const FIRST_KEYS: usize = 1 << 18;
/// Keys of the largest filter, of 4 MiB; beyond 16 million visitors the oldest are forgotten.
const MOST_KEYS: usize = 1 << 21;
/// Bits of a filter for each of its keys.
const KEY_BITS: usize = 16;
/// Bits that a key sets.
const PROBES: usize = 6;

type Line = [u64; 8];
const LINE_BITS: usize = 512;

/// One filter.
#[derive(Debug)]
struct Filter {
    lines: Vec<Line>,
    /// Keys put in, but for the few taken for known ones, and how many there may be.
    keys: usize,
    keys_max: usize,
    /// The last click of any of them.
    newest: Millis,
}

/// Where the bits of a key are: the words and masks of a line.
fn bits(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    // The upper half of the hash chooses the line; what chooses bits depends on all of it.
    let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let place = move |nth: usize| mixed >> (64 - 9 * (nth + 1)) & 511;
    let places = (0..PROBES).map(place);
    places.map(|place| (usize::try_from(place >> 6).unwrap_or(0), 1 << (place & 63)))
}

impl Filter {
    fn new(keys_max: usize) -> Self {
        let lines = (keys_max * KEY_BITS).div_ceil(LINE_BITS).max(1);
        Self {
            lines: vec![[0; 8]; lines],
            keys: 0,
            keys_max,
            newest: Millis(i64::MIN),
        }
    }

    fn line(&self, hash: u64) -> usize {
        let lines = u64::try_from(self.lines.len()).unwrap_or(0);
        usize::try_from(((hash >> 32) * lines) >> 32).unwrap_or(0)
    }

    fn may_hold(&self, hash: u64) -> bool {
        let line = self.lines.get(self.line(hash));
        line.is_some_and(|line| {
            let is_set = |(word, mask)| line.get(word).is_some_and(|word| word & mask != 0);
            bits(hash).all(is_set)
        })
    }

    fn put(&mut self, hash: u64, click: Millis) {
        let at = self.line(hash);
        let mut is_new = false;
        if let Some(line) = self.lines.get_mut(at) {
            for (word, mask) in bits(hash) {
                if let Some(word) = line.get_mut(word) {
                    is_new |= *word & mask == 0;
                    *word |= mask;
                }
            }
        }
        self.keys += usize::from(is_new);
        self.newest = self.newest.max(click);
    }
}

/// Visitors by the hashes of their keys.
#[derive(Debug)]
pub(super) struct Known {
    /// The newest first.
    filters: VecDeque<Filter>,
    keys_max: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self::of_at_most(MOST_KEYS)
    }
}

impl Known {
    /// Nobody is known; no filter will be of more keys than these.
    pub(super) fn of_at_most(keys_max: usize) -> Self {
        Self {
            filters: VecDeque::from([Filter::new(FIRST_KEYS.min(keys_max))]),
            keys_max,
        }
    }

    /// Whether a visitor may be known.
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        self.filters.iter().any(|filter| filter.may_hold(hash))
    }

    /// Notes a visitor and when that one clicked last.
    pub(super) fn put(&mut self, hash: u64, click: Millis) {
        if let Some(newest) = self.filters.front_mut() {
            newest.put(hash, click);
        }
    }

    /// Makes room. When visitors are forgotten for it, the last click of any of them.
    pub(super) fn make_room(&mut self) -> Option<Millis> {
        let newest = self.filters.front()?;
        if newest.keys < newest.keys_max {
            return None;
        }
        let next = Filter::new((newest.keys_max * 2).min(self.keys_max));
        self.filters.push_front(next);
        if self.filters.len() <= FILTERS {
            return None;
        }
        self.filters.pop_back().map(|oldest| oldest.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random.
    fn hash(of: u64) -> u64 {
        ahash::RandomState::with_seeds(1, 2, 3, 4).hash_one(of)
    }

    #[test]
    fn who_was_put_is_known_and_hardly_anybody_else() {
        let mut known = Known::default();
        let all = 1_000_000;
        for of in 0..all {
            assert_eq!(known.make_room(), None);
            known.put(hash(of), Millis(5));
        }
        assert!((0..all).all(|of| known.may_hold(hash(of))));
        let wrong = (all..2 * all)
            .filter(|of| known.may_hold(hash(*of)))
            .count();
        assert!(wrong < 10_000, "{wrong} of {all}");
        let bytes = known.filters.iter().map(|filter| filter.lines.len() * 64);
        assert!(bytes.sum::<usize>() < 4_000_000);
    }

    #[test]
    fn the_oldest_are_forgotten_and_it_is_told_when_they_clicked() {
        let mut known = Known::of_at_most(100);
        let mut forgotten = Vec::new();
        for of in 0..2_000 {
            forgotten.extend(known.make_room());
            known.put(hash(of), Millis(of.cast_signed()));
        }
        assert!(
            forgotten.len() >= 10 && forgotten.is_sorted(),
            "{forgotten:?}"
        );
        let last = forgotten.pop().unwrap().0.cast_unsigned();
        assert!((1_000..1_300).contains(&last), "{last}");
        assert!((last + 1..2_000).all(|of| known.may_hold(hash(of))));
        let left = (0..=last).filter(|of| known.may_hold(hash(*of))).count();
        assert!(left < 200, "{left}");
    }
}
