//! The order in which the parts of a document are compiled, and the ids that never come back.

use ahash::AHashSet;

use super::{accounts, offers, terms};
use crate::catalog::document::CatalogDoc;
use crate::catalog::problem::{Place, Problem, Problems};
use crate::catalog::snapshot::Catalog;
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
        retired(doc, &mut problems);
        if problems.0.is_empty() {
            Ok(catalog)
        } else {
            Err(problems.0)
        }
    }
}

/// Retired ids never come back.
fn retired(doc: &CatalogDoc, problems: &mut Problems) {
    if doc.retired.is_empty() {
        return;
    }
    let mut back = |entity: &dyn Place| {
        problems.note(entity, "id", "was retired and never comes back", "a new id");
    };
    let gone: AHashSet<_> = doc.retired.programs.iter().collect();
    for program in doc
        .programs
        .iter()
        .filter(|program| gone.contains(&program.id))
    {
        back(program);
    }
    let gone: AHashSet<_> = doc
        .retired
        .event_types
        .iter()
        .map(|k| (k.program, k.id))
        .collect();
    for kind in doc
        .event_types
        .iter()
        .filter(|kind| gone.contains(&(kind.program, kind.id)))
    {
        back(kind);
    }
    let gone: AHashSet<_> = doc
        .retired
        .ads
        .iter()
        .map(|ad| (ad.program, ad.id))
        .collect();
    for ad in doc
        .ads
        .iter()
        .filter(|ad| gone.contains(&(ad.program, ad.id)))
    {
        back(ad);
    }
    let gone: AHashSet<_> = doc.retired.partners.iter().collect();
    for partner in doc
        .partners
        .iter()
        .filter(|partner| gone.contains(&partner.id))
    {
        back(partner);
    }
}
