//! The order in which the parts of a document are compiled, and the ids that never come back.

use std::sync::Arc;

use ahash::AHashSet;

use super::ids::Seen;
use super::lists::Coded;
use super::terms::Written;
use crate::catalog::check::pattern::Patterns;
use crate::catalog::document::{CatalogDoc, Line, RetiredDoc};
use crate::catalog::problem::{Place, Problem, Problems};
use crate::catalog::snapshot::{Catalog, Terms};
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId};

/// Compiles a document entity by entity. They must come in the order of [`Catalog::build`], since
/// later ones point to earlier ones; none is needed after its call.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Builder {
    pub(super) catalog: Catalog,
    pub(super) problems: Problems,
    pub(super) brands: Seen<Box<str>>,
    pub(super) programs: Seen<ProgramId>,
    pub(super) event_types: Seen<(ProgramId, EventTypeId)>,
    pub(super) codes: Seen<(ProgramId, Box<str>)>,
    pub(super) ads: Seen<(ProgramId, AdId)>,
    pub(super) partners: Seen<PartnerId>,
    pub(super) lists: Seen<(ProgramId, u32)>,
    pub(super) channels: Seen<(ProgramId, Box<str>)>,
    pub(super) promo_codes: Coded,
    pub(super) unique_urls: Seen<Box<str>>,
    pub(super) postbacks: Seen<u32>,
    pub(super) patterns: Patterns,
    pub(super) written: Vec<Written>,
    /// All terms so far, for contracts that say the same to share them.
    pub(super) terms: AHashSet<Arc<Terms>>,
}

impl Catalog {
    /// Compiles `doc` as catalogue `version`.
    ///
    /// # Errors
    /// Every problem of the document, in the order of its parts: brands, programs, exception
    /// lists, channels, event types, ads, partners, promo codes, contracts, postbacks, retired ids.
    pub fn build(doc: &CatalogDoc, version: CatalogVersion) -> Result<Self, Vec<Problem>> {
        let mut builder = Builder::default();
        doc.brands.iter().for_each(|brand| builder.brand(brand));
        doc.programs
            .iter()
            .for_each(|program| builder.program(program));
        doc.exception_lists.iter().for_each(|own| builder.list(own));
        doc.channels.iter().for_each(|own| builder.channel(own));
        doc.event_types
            .iter()
            .for_each(|kind| builder.event_type(kind));
        doc.ads.iter().for_each(|ad| builder.ad(ad));
        doc.partners
            .iter()
            .for_each(|partner| builder.partner(partner));
        doc.promo_codes
            .iter()
            .for_each(|code| builder.promo_code(code));
        doc.contracts
            .iter()
            .for_each(|contract| builder.contract(contract));
        doc.postbacks.iter().for_each(|own| builder.postback(own));
        builder.finish(&doc.retired, version)
    }
}

impl Builder {
    /// The catalogue, or every problem.
    pub(in crate::catalog) fn finish(
        mut self,
        retired: &RetiredDoc,
        version: CatalogVersion,
    ) -> Result<Catalog, Vec<Problem>> {
        for brand in self.catalog.brands.values_mut() {
            brand.programs.sort_unstable();
        }
        self.join_contracts();
        self.check_retired(retired);
        if !self.problems.0.is_empty() {
            return Err(self.problems.0);
        }
        let mut catalog = self.catalog;
        catalog.version = version;
        look_back(&mut catalog);
        catalog.partners.shrink_to_fit();
        for program in catalog.programs.values_mut() {
            program.ads.shrink_to_fit();
        }
        Ok(catalog)
    }

    /// Retired ids never come back.
    fn check_retired(&mut self, retired: &RetiredDoc) {
        let problems = &mut self.problems;
        let mut back = |line: Option<Line>, what: &dyn Fn() -> String| {
            if let Some(line) = line {
                let entity = Back(format!("{line}{}", what()));
                problems.note(
                    &entity,
                    "id",
                    "was retired and never comes back",
                    "a new id",
                );
            }
        };
        for id in &retired.programs {
            back(self.programs.line(id), &|| format!("program {id}"));
        }
        for kind in &retired.event_types {
            let (program, id) = (kind.program, kind.id);
            let line = self.event_types.line(&(program, id));
            back(line, &|| format!("event_type {id} of program {program}"));
        }
        for ad in &retired.ads {
            let (program, id) = (ad.program, ad.id);
            let line = self.ads.line(&(program, id));
            back(line, &|| format!("ad {id} of program {program}"));
        }
        for id in &retired.partners {
            back(self.partners.line(id), &|| format!("partner {id}"));
        }
        for id in &retired.postbacks {
            back(self.postbacks.line(id), &|| format!("postback {id}"));
        }
    }
}

/// Notes with each program how far back a click of one of its contracts may lie.
fn look_back(catalog: &mut Catalog) {
    for ((program, _), contracts) in &catalog.contracts {
        if let Some(program) = catalog.programs.get_mut(program) {
            let windows = contracts.iter().map(|contract| contract.referral_window);
            program.look_back = windows.fold(program.look_back, i64::max);
        }
    }
}

/// An entity that came back.
struct Back(String);

impl Place for Back {
    fn place(&self) -> String {
        self.0.clone()
    }
}
