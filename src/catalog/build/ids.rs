//! Rules of ids: none twice, none 0.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use ahash::AHashMap;

use crate::catalog::document::Line;
use crate::catalog::problem::{Place, Problems};

/// Keys already seen, with the line of the first entity that has each.
#[derive(Debug)]
pub(super) struct Seen<K>(AHashMap<K, Line>);

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self(AHashMap::new())
    }
}

impl<K: Eq + Hash> Seen<K> {
    /// Where the entity with this key stands, if there is one.
    pub(super) fn line(&self, key: &K) -> Option<Line> {
        self.0.get(key).copied()
    }

    /// Whether `key` is new; a second entity with it is noted with both lines.
    pub(super) fn first(
        &mut self,
        key: K,
        line: Line,
        entity: &dyn Place,
        field: &str,
        problems: &mut Problems,
    ) -> bool {
        match self.0.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(line);
                true
            }
            Entry::Occupied(first) => {
                let problem = match first.get().0 {
                    Some(line) => format!("is already used on line {line}"),
                    None => "is used twice".to_owned(),
                };
                problems.note(entity, field, problem, "each one only once");
                false
            }
        }
    }
}

/// Notes the id of an entity when it is 0.
pub(super) fn not_zero(id: u32, entity: &dyn Place, problems: &mut Problems) {
    if id == 0 {
        problems.note(entity, "id", "is 0", "1 to 4294967295");
    }
}
