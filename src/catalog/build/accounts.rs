//! Brands and partners: who takes part.

use super::ids::{Seen, not_zero};
use crate::catalog::check::{STATES, text};
use crate::catalog::document::{CatalogDoc, PartnerDoc};
use crate::catalog::problem::Problems;
use crate::catalog::snapshot::{Brand, Catalog, Partner};

pub(super) fn brands(doc: &CatalogDoc, catalog: &mut Catalog, problems: &mut Problems) {
    let mut seen = Seen::with_capacity(doc.brands.len());
    for brand in &doc.brands {
        let sid = problems.or(
            brand,
            "sid",
            text::sid(&brand.sid),
            brand.sid.as_str().into(),
        );
        let name = problems.or(brand, "name", text::name(&brand.name), Box::default());
        if seen.first(sid.clone(), brand.line, brand, "sid", problems) {
            let programs = Vec::new();
            let compiled = Brand {
                sid: sid.clone(),
                name,
                programs,
            };
            catalog.brands.insert(sid, compiled);
        }
    }
}

pub(super) fn partners(doc: &CatalogDoc, catalog: &mut Catalog, problems: &mut Problems) {
    let mut seen = Seen::with_capacity(doc.partners.len());
    catalog.partners.reserve(doc.partners.len());
    for partner in &doc.partners {
        if partner.id.0 == 0 {
            problems.note(
                partner,
                "id",
                "is 0, which stands for unknown partners",
                "1 to 4294967295",
            );
        }
        let compiled = compiled_partner(partner, problems);
        if seen.first(partner.id, partner.line, partner, "id", problems) {
            catalog.partners.insert(partner.id, compiled);
        }
    }
}

fn compiled_partner(partner: &PartnerDoc, problems: &mut Problems) -> Partner {
    let state = problems.or(partner, "state", text::word(&partner.state, STATES), "");
    let group = match &partner.group {
        Some(group) => problems.or(partner, "group", text::name(group), Box::default()),
        None => Box::default(),
    };
    let mut seen = Seen::with_capacity(partner.properties.len());
    let mut properties = Vec::with_capacity(partner.properties.len());
    for property in &partner.properties {
        let field = format!("property {}", property.id);
        let name = problems.or(partner, &field, text::name(&property.name), Box::default());
        not_zero(property.id, partner, problems);
        seen.first(property.id, partner.line, partner, &field, problems);
        properties.push((property.id, name));
    }
    Partner {
        id: partner.id,
        name: problems.or(partner, "name", text::name(&partner.name), Box::default()),
        active: state == "ACTIVE",
        group,
        properties,
    }
}
