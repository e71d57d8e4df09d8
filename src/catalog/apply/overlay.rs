//! One list of entities put over another.

use std::hash::Hash;

use ahash::AHashMap;

/// Entities after an overlay, and the keys that fell away.
pub(super) struct Overlay<T, K> {
    pub(super) kept: Vec<T>,
    pub(super) gone: Vec<K>,
}

/// `next` over `current`: same keys in their old places, new ones after them in file order. A key
/// that `next` holds twice is kept twice, so that the check of the whole tells both lines.
pub(super) fn overlay<T: Clone, K: Eq + Hash>(
    current: &[T],
    next: Vec<T>,
    key: impl Fn(&T) -> K,
    prune: bool,
) -> Overlay<T, K> {
    let mut places = AHashMap::with_capacity(next.len());
    for (place, entity) in next.iter().enumerate() {
        places.entry(key(entity)).or_insert(place);
    }
    let mut next: Vec<Option<T>> = next.into_iter().map(Some).collect();
    let mut kept = Vec::with_capacity(current.len().max(next.len()));
    let mut gone = Vec::new();
    for old in current {
        let new = places
            .get(&key(old))
            .and_then(|place| next.get_mut(*place))
            .and_then(Option::take);
        match new {
            Some(new) => kept.push(new),
            None if prune => gone.push(key(old)),
            None => kept.push(old.clone()),
        }
    }
    kept.extend(next.into_iter().flatten());
    Overlay { kept, gone }
}

/// `next` over `current` where the order of entities matters: that of `next`, with each entity
/// that it does not name right behind the one that it stood behind. A file that names all of them
/// decides the order alone.
pub(super) fn in_next_order<T: Clone, K: Eq + Hash>(
    current: &[T],
    next: Vec<T>,
    key: impl Fn(&T) -> K,
    prune: bool,
) -> Vec<T> {
    if prune {
        return next;
    }
    let places: AHashMap<K, usize> = next.iter().map(&key).zip(1..).collect();
    // Behind nothing first, then behind each of `next`.
    let mut behind: Vec<Vec<T>> = vec![Vec::new(); next.len().saturating_add(1)];
    let mut place = 0;
    for old in current {
        match places.get(&key(old)) {
            Some(own) => place = *own,
            None => {
                if let Some(behind) = behind.get_mut(place) {
                    behind.push(old.clone());
                }
            }
        }
    }
    let mut behind = behind.into_iter();
    let mut kept = behind.next().unwrap_or_default();
    for (own, behind) in next.into_iter().zip(behind) {
        kept.push(own);
        kept.extend(behind);
    }
    kept
}
