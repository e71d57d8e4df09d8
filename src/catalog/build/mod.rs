//! A document to a [`Catalog`], or every problem it has.
//!
//! Each entity is compiled even when some of its values are wrong, with a stand-in for the wrong
//! value, so that one mistake is reported once and does not make others point nowhere. A catalogue
//! comes out only when nothing was noted. Runs on command threads, never on the way of a click.

mod accounts;
mod offers;
mod terms;

use std::collections::hash_map::Entry;
use std::hash::Hash;

use ahash::AHashMap;

use super::document::{CatalogDoc, Line};
use super::problem::{Place, Problem, Problems};
use super::snapshot::Catalog;
use crate::model::id::CatalogVersion;

impl Catalog {
    /// Compiles `doc` as catalogue `version`.
    ///
    /// # Errors
    /// Every problem of the document, in the order of its parts: brands, programs, event types,
    /// ads, partners, contracts, retired ids.
    pub fn build(doc: &CatalogDoc, version: CatalogVersion) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut catalog = Self {
            version,
            ..Self::default()
        };
        accounts::brands(doc, &mut catalog, &mut problems);
        offers::programs(doc, &mut catalog, &mut problems);
        offers::event_types(doc, &mut catalog, &mut problems);
        offers::ads(doc, &mut catalog, &mut problems);
        accounts::partners(doc, &mut catalog, &mut problems);
        terms::contracts(doc, &mut catalog, &mut problems);
        retired(doc, &catalog, &mut problems);
        if problems.0.is_empty() {
            Ok(catalog)
        } else {
            Err(problems.0)
        }
    }
}

/// Keys already seen, with the line of the first entity that has each.
struct Seen<K>(AHashMap<K, Line>);

impl<K: Eq + Hash> Seen<K> {
    fn with_capacity(entities: usize) -> Self {
        Self(AHashMap::with_capacity(entities))
    }

    /// Whether `key` is new; a second entity with it is noted with both lines.
    fn first(
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
fn not_zero(id: u32, entity: &dyn Place, problems: &mut Problems) {
    if id == 0 {
        problems.note(entity, "id", "is 0", "1 to 4294967295");
    }
}

/// Retired ids never come back.
fn retired(doc: &CatalogDoc, catalog: &Catalog, problems: &mut Problems) {
    let mut back = |what: String| {
        problems.0.push(Problem {
            place: what,
            problem: "was retired and is used again".to_owned(),
            allowed: "a new id".to_owned(),
        });
    };
    let gone = &doc.retired;
    for id in &gone.programs {
        if catalog.programs.contains_key(id) {
            back(format!("program {id}"));
        }
    }
    for id in &gone.partners {
        if catalog.partners.contains_key(id) {
            back(format!("partner {id}"));
        }
    }
    for ad in &gone.ads {
        let program = catalog.program(ad.program);
        if program.is_some_and(|program| program.ads.contains_key(&ad.id)) {
            back(format!("ad {} of program {}", ad.id, ad.program));
        }
    }
    for kind in &gone.event_types {
        let program = catalog.program(kind.program);
        if program.is_some_and(|program| program.event_types.contains_key(&kind.id)) {
            back(format!(
                "event_type {} of program {}",
                kind.id, kind.program
            ));
        }
    }
}

#[cfg(test)]
mod tests;
