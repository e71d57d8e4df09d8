//! Brands and partners: who takes part.

use super::ids::{Seen, not_zero};
use super::whole::Builder;
use crate::catalog::check::word::{SIGNATURES, choice_or};
use crate::catalog::check::{STATES, landing, text};
use crate::catalog::document::{BrandDoc, PartnerDoc};
use crate::catalog::problem::{Complaint, Problems, quoted};
use crate::catalog::snapshot::{Brand, PARTNER_VALUES, Partner, Signatures};

impl Builder {
    pub(in crate::catalog) fn brand(&mut self, brand: &BrandDoc) {
        let problems = &mut self.problems;
        let sid: Box<str> = problems.or(
            brand,
            "sid",
            text::sid(&brand.sid),
            brand.sid.as_str().into(),
        );
        let name = problems.or(brand, "name", text::name(&brand.name), Box::default());
        let seen = &mut self.brands;
        if seen.first(sid.clone(), brand.line, brand, "sid", problems) {
            let programs = Vec::new();
            let compiled = Brand {
                sid: sid.clone(),
                name,
                programs,
                signatures: problems.or(
                    brand,
                    "signatures",
                    choice_or(brand.signatures.as_deref(), SIGNATURES),
                    Signatures::default(),
                ),
            };
            self.catalog.brands.insert(sid, compiled);
        }
    }

    pub(in crate::catalog) fn partner(&mut self, partner: &PartnerDoc) {
        let problems = &mut self.problems;
        if partner.id.0 == 0 {
            problems.note(
                partner,
                "id",
                "is 0, which stands for unknown partners",
                "1 to 4294967295",
            );
        }
        let compiled = compiled_partner(partner, problems);
        for url in &compiled.unique_urls {
            let (seen, line) = (&mut self.unique_urls, partner.line);
            if seen.first(url.clone(), line, partner, "unique_urls", problems) {
                self.catalog.unique_urls.add(url, partner.id);
            }
        }
        if !compiled.account.is_empty() {
            // Brands come first, and share the SIDs with partners: a SID names one account.
            let (seen, sid) = (&mut self.brands, compiled.account.clone());
            if seen.first(sid.clone(), partner.line, partner, "account", problems) {
                self.catalog.accounts.insert(sid, partner.id);
            }
        }
        let seen = &mut self.partners;
        if seen.first(partner.id, partner.line, partner, "id", problems) {
            self.catalog.partners.insert(partner.id, compiled);
        }
    }
}

fn compiled_partner(partner: &PartnerDoc, problems: &mut Problems) -> Partner {
    let state = problems.or(partner, "state", text::word(&partner.state, STATES), "");
    let mut named = |field, name: &Option<String>| match name {
        Some(name) => problems.or(partner, field, text::name(name), Box::default()),
        None => Box::default(),
    };
    let group = named("group", &partner.group);
    let media_type = named("media_type", &partner.media_type);
    let contact = named("contact", &partner.contact);
    let account = match &partner.account {
        Some(account) => problems.or(partner, "account", text::sid(account), Box::default()),
        None => Box::default(),
    };
    let mut seen = Seen::default();
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
        media_type,
        values: values(partner, problems),
        contact,
        account,
        properties: properties.into(),
        unique_urls: unique_urls(partner, problems),
    }
}

/// What the brands note, each where it stands.
fn values(partner: &PartnerDoc, problems: &mut Problems) -> [Box<str>; PARTNER_VALUES] {
    let sent = &partner.values;
    if sent.len() > PARTNER_VALUES {
        let found = format!("holds {} texts", sent.len());
        problems.note(
            partner,
            "values",
            found,
            format!("{PARTNER_VALUES} at most"),
        );
    }
    std::array::from_fn(|nth| match sent.get(nth) {
        Some(value) if !value.is_empty() => {
            problems.or(partner, "values", text::name(value), Box::default())
        }
        _ => Box::default(),
    })
}

/// Beginnings of pages, longest first.
fn unique_urls(partner: &PartnerDoc, problems: &mut Problems) -> Box<[Box<str>]> {
    let urls = partner.unique_urls.iter().filter_map(|url| {
        let url = landing::landing(url).and_then(|landing| {
            if !landing.url.contains('#') {
                return Ok(Some(landing.url));
            }
            Err(Complaint::new(
                format!("{} has a fragment", quoted(url)),
                "a page without what follows a #",
            ))
        });
        problems.or(partner, "unique_urls", url, None)
    });
    let mut urls: Vec<Box<str>> = urls.collect();
    urls.sort_by_key(|url| std::cmp::Reverse(url.len()));
    urls.into()
}
