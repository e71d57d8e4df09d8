//! Strings stored once: user agents, referrers, request shapes and landing pages.
//!
//! Hot path. Each turn writer owns one dictionary. A string it knows costs one hash probe; a new
//! one gets the next reference and goes into the same batch as the first click that names it, so
//! no stored click names a missing string. Two writers, or one before and after a restart, may
//! store the same string under two references; readers don't mind.
//!
//! Bounds: two generations of [`GENERATION_MAX`] strings in memory; [`NEW_PER_SLOT_MAX`] new
//! strings a slot over all writers of live clicks.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use ahash::AHashMap;

use crate::model::id::StringRef;

/// Strings held in one generation of the cache.
pub const GENERATION_MAX: usize = 32_768;
/// New strings that a slot takes.
pub const NEW_PER_SLOT_MAX: i64 = 8_192;

/// What all dictionaries of a log share.
#[derive(Debug)]
pub(super) struct Shared {
    next: AtomicU32,
    left: AtomicI64,
}

impl Shared {
    /// References are given from `next` on.
    pub(super) fn new(next: StringRef) -> Self {
        Self {
            next: AtomicU32::new(next.0),
            left: AtomicI64::new(NEW_PER_SLOT_MAX),
        }
    }

    /// Called when a slot begins.
    pub(super) fn refill(&self) {
        self.left.store(NEW_PER_SLOT_MAX, Ordering::Relaxed);
    }

    fn take(&self) -> Option<StringRef> {
        if self.left.fetch_sub(1, Ordering::Relaxed) <= 0 {
            return None;
        }
        self.give()
    }

    fn give(&self) -> Option<StringRef> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        // The last reference is never given, so that counting on can't wrap to a used one.
        if next == u32::MAX {
            self.exhausted()
        } else {
            Some(StringRef(next))
        }
    }

    fn exhausted(&self) -> Option<StringRef> {
        self.next.store(u32::MAX, Ordering::Relaxed);
        None
    }
}

/// The strings one writer knows.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    young: AHashMap<Box<[u8]>, StringRef>,
    old: AHashMap<Box<[u8]>, StringRef>,
    /// New strings that no committed batch holds yet.
    pub(super) pending: Vec<(StringRef, Box<[u8]>)>,
}

impl Dictionary {
    /// A dictionary that already knows `strings`.
    pub(super) fn warm(strings: impl Iterator<Item = (StringRef, Box<[u8]>)>) -> Self {
        let young = strings
            .take(GENERATION_MAX / 2)
            .map(|(at, text)| (text, at))
            .collect();
        Self {
            young,
            ..Self::default()
        }
    }

    /// The reference of `text` if it is known. The empty string is reference 0.
    pub(super) fn known(&mut self, text: &[u8]) -> Option<StringRef> {
        if text.is_empty() {
            return Some(StringRef(0));
        }
        if let Some(found) = self.young.get(text) {
            return Some(*found);
        }
        let (key, found) = self.old.remove_entry(text)?;
        self.learn(key, found);
        Some(found)
    }

    /// The reference of `text`, a new one if need be; `None` when the slot takes no more.
    pub(super) fn intern(&mut self, text: &[u8], shared: &Shared) -> Option<StringRef> {
        if let Some(found) = self.known(text) {
            return Some(found);
        }
        let new = shared.take()?;
        self.pending.push((new, text.into()));
        self.learn(text.into(), new);
        Some(new)
    }

    /// As [`Self::intern`], whatever the slot takes: an import must not use up what live clicks
    /// need, and its operator is trusted. `None` when no reference is left at all.
    pub(super) fn intern_beside(&mut self, text: &[u8], shared: &Shared) -> Option<StringRef> {
        if let Some(found) = self.known(text) {
            return Some(found);
        }
        let new = shared.give()?;
        self.pending.push((new, text.into()));
        self.learn(text.into(), new);
        Some(new)
    }

    fn learn(&mut self, text: Box<[u8]>, reference: StringRef) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_new_once() {
        let shared = Shared::new(StringRef(5));
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.intern(b"", &shared), Some(StringRef(0)));
        assert_eq!(dictionary.intern(b"a", &shared), Some(StringRef(5)));
        assert_eq!(dictionary.intern(b"b", &shared), Some(StringRef(6)));
        assert_eq!(dictionary.intern(b"a", &shared), Some(StringRef(5)));
        assert_eq!(dictionary.known(b"c"), None);
        assert_eq!(dictionary.pending.len(), 2);
    }

    #[test]
    fn a_slot_takes_so_many_and_the_next_slot_as_many_again() {
        let shared = Shared::new(StringRef(1));
        let mut dictionary = Dictionary::default();
        let texts = || (0_i64..NEW_PER_SLOT_MAX + 10).map(i64::to_be_bytes);
        let given = texts()
            .filter(|text| dictionary.intern(text, &shared).is_some())
            .count();
        assert_eq!(i64::try_from(given), Ok(NEW_PER_SLOT_MAX));
        shared.refill();
        assert!(texts().all(|text| dictionary.intern(&text, &shared).is_some()));
    }

    #[test]
    fn imports_take_nothing_from_what_a_slot_takes() {
        let shared = Shared::new(StringRef(1));
        let (mut live, mut beside) = (Dictionary::default(), Dictionary::default());
        for n in 0..2 * NEW_PER_SLOT_MAX {
            assert!(beside.intern_beside(&n.to_be_bytes(), &shared).is_some());
        }
        assert!(live.intern(b"new", &shared).is_some());
        assert_eq!(beside.pending.len(), 16_384);
    }

    #[test]
    fn memory_is_two_generations_and_used_strings_stay() {
        let shared = Shared::new(StringRef(1));
        let mut dictionary = Dictionary::default();
        let kept = dictionary.intern(b"kept", &shared);
        for n in 0..5 * GENERATION_MAX {
            shared.refill();
            dictionary.intern(&n.to_be_bytes(), &shared);
            assert_eq!(dictionary.known(b"kept"), kept);
        }
        assert!(dictionary.young.len() + dictionary.old.len() <= 2 * GENERATION_MAX);
    }

    #[test]
    fn references_never_wrap() {
        let shared = Shared::new(StringRef(u32::MAX - 1));
        let mut dictionary = Dictionary::default();
        assert_eq!(
            dictionary.intern(b"last", &shared),
            Some(StringRef(u32::MAX - 1))
        );
        assert_eq!(dictionary.intern(b"none", &shared), None);
        assert_eq!(dictionary.intern(b"nor this", &shared), None);
    }
}
