//! Programs with their ads: what is on offer.

use ahash::AHashMap;
use jiff::tz::TimeZone;

use super::ids::not_zero;
use super::whole::Builder;
use crate::catalog::check::template::{Audience, template};
use crate::catalog::check::{self, domain, landing, period, text};
use crate::catalog::document::{AdDoc, ProgramDoc};
use crate::catalog::problem::{Complaint, Place, Problems, quoted};
use crate::catalog::snapshot::{
    Ad, Catalog, Channels, DeepLinks, ExceptionLists, HostRule, Landing, Program, PromoCodes, Risk,
    Site, Template,
};
use crate::model::currency::Currency;
use crate::model::id::ProgramId;
use crate::model::network::{NetworkRange, RangeError};
use crate::model::time::Millis;
use crate::model::time::calendar::zone_named;

/// The most ranges of networks that a program blocks; each conversion is compared with all.
const NETWORKS_MAX: usize = 1_000;

impl Builder {
    pub(in crate::catalog) fn program(&mut self, program: &ProgramDoc) {
        let problems = &mut self.problems;
        not_zero(program.id.0, program, problems);
        let compiled = compiled_program(program, problems);
        let seen = &mut self.programs;
        let new = seen.first(program.id, program.line, program, "id", problems);
        let (true, Some(compiled)) = (new, compiled) else {
            return;
        };
        match self.catalog.brands.get_mut(program.brand.as_str()) {
            Some(brand) => brand.programs.push(program.id),
            None => problems.note(
                program,
                "brand",
                format!("there is no brand {}", quoted(&program.brand)),
                "the sid of a [[brand]]",
            ),
        }
        self.catalog.programs.insert(program.id, compiled);
    }

    pub(in crate::catalog) fn ad(&mut self, ad: &AdDoc) {
        let problems = &mut self.problems;
        not_zero(ad.id.0, ad, problems);
        let key = (ad.program, ad.id);
        let new = self.ads.first(key, ad.line, ad, "id", problems);
        let Some(program) = owner(ad.program, ad, &mut self.catalog, problems) else {
            compiled_ad(ad, &Landing::new(""), &TimeZone::UTC, problems);
            return;
        };
        let compiled = compiled_ad(ad, &program.landing, &program.time_zone, problems);
        if new {
            program.ads.insert(ad.id, compiled);
        }
    }
}

fn compiled_program(doc: &ProgramDoc, problems: &mut Problems) -> Option<Program> {
    let state = text::word(&doc.state, check::PROGRAM_STATES);
    let window = text::word(&doc.unique_click_window, check::UNIQUE_WINDOWS);
    let window = problems.or(doc, "unique_click_window", window, "30m");
    let kind = text::word(&doc.unique_click_type, check::UNIQUE_TYPES);
    let risk = text::word(&doc.risk, check::RISKS);
    let parameter = text::query_name(&doc.click_id_parameter);
    let landing = landing::landing(&doc.landing_page);
    let partner_template = template(&doc.partner_template, Audience::Partner);
    let program_template = template(&doc.program_template, Audience::Program);
    let late = period::duration(&doc.late_limit);
    let currency = problems.or(
        doc,
        "currency",
        currency(&doc.currency).map(Some),
        stand_in(),
    );
    Some(Program {
        id: doc.id,
        brand: doc.brand.as_str().into(),
        name: problems.or(doc, "name", text::name(&doc.name), Box::default()),
        active: problems.or(doc, "state", state, "") == "ACTIVE",
        time_zone: problems.or(doc, "time_zone", zone(&doc.time_zone), TimeZone::UTC),
        time_zone_name: doc.time_zone.as_str().into(),
        currency: currency?,
        landing: problems.or(doc, "landing_page", landing, Landing::new("")),
        deep_links: deep_links(doc, problems),
        click_id_parameter: problems.or(doc, "click_id_parameter", parameter, Box::default()),
        unique_window: period::duration(window).unwrap_or_default(),
        unique_rolling: problems.or(doc, "unique_click_type", kind, "") == "ROLLING",
        partner_template: problems.or(
            doc,
            "partner_template",
            partner_template,
            Template::default(),
        ),
        program_template: problems.or(
            doc,
            "program_template",
            program_template,
            Template::default(),
        ),
        pay_expired_ads: doc.pay_expired_ads,
        risk: match problems.or(doc, "risk", risk, "") {
            "MODERATE" => Risk::Moderate,
            "STRICT" => Risk::Strict,
            _ => Risk::Relaxed,
        },
        late_limit: problems.or(doc, "late_limit", late, 0),
        ads: AHashMap::new(),
        event_types: AHashMap::new(),
        blocked_networks: blocked_networks(doc, problems),
        site: site(doc, problems),
        codes: PromoCodes::default(),
        channels: Channels::default(),
        lists: ExceptionLists::default(),
        look_back: 0,
        click_event_type: None,
    })
}

/// The currency that amounts are read in when their program's is unknown.
pub(super) fn stand_in() -> Option<Currency> {
    "USD".parse().ok()
}

/// The zone with exactly this IANA name.
fn zone(name: &str) -> Result<TimeZone, Complaint> {
    zone_named(name).ok_or_else(|| {
        Complaint::new(
            format!("{} is no time zone", quoted(name)),
            "an IANA name such as Europe/Berlin, or UTC",
        )
    })
}

fn currency(code: &str) -> Result<Currency, Complaint> {
    code.parse().map_err(|_| {
        Complaint::new(
            format!("{} is no currency", quoted(code)),
            "an ISO 4217 code in upper case such as USD",
        )
    })
}

fn deep_links(doc: &ProgramDoc, problems: &mut Problems) -> DeepLinks {
    DeepLinks {
        allowed: doc.deep_linking,
        hosts: hosts(doc, "deep_link_domains", &doc.deep_link_domains, problems),
    }
}

fn hosts(
    doc: &ProgramDoc,
    field: &str,
    entries: &[String],
    problems: &mut Problems,
) -> Vec<HostRule> {
    let rules = entries
        .iter()
        .filter_map(|entry| problems.or(doc, field, domain::host_rule(entry).map(Some), None));
    rules.collect()
}

fn site(doc: &ProgramDoc, problems: &mut Problems) -> Site {
    Site {
        page_load: doc.page_load,
        cookie: doc.cookie,
        hosts: hosts(doc, "site_hosts", &doc.site_hosts, problems).into(),
    }
}

fn blocked_networks(doc: &ProgramDoc, problems: &mut Problems) -> Box<[NetworkRange]> {
    let field = "blocked_networks";
    if doc.blocked_networks.len() > NETWORKS_MAX {
        let problem = format!("has {} entries", doc.blocked_networks.len());
        problems.note(doc, field, problem, format!("at most {NETWORKS_MAX}"));
    }
    let ranges = doc.blocked_networks.iter().filter_map(|text| {
        let range = text.parse().map(Some).map_err(|error: RangeError| {
            Complaint::new(
                format!("{} {error}", quoted(text)),
                "ranges such as 203.0.113.0/24 or 2001:db8::/32, no finer than /24 and /48",
            )
        });
        problems.or(doc, field, range, None)
    });
    ranges.collect()
}

fn compiled_ad(doc: &AdDoc, default: &Landing, zone: &TimeZone, problems: &mut Problems) -> Ad {
    let mut page = |field: &str, page: &Option<String>| {
        let page = page.as_ref()?;
        Some(problems.or(doc, field, landing::landing(page), Landing::new("")))
    };
    let landing = page("landing_page", &doc.landing_page);
    let expired_landing = page("expired_landing_page", &doc.expired_landing_page);
    let start = bound(
        doc,
        "start",
        doc.start.as_deref(),
        |t| period::start(t, zone),
        problems,
    );
    let end = bound(
        doc,
        "end",
        doc.end.as_deref(),
        |t| period::end(t, zone),
        problems,
    );
    ordered(doc, start, end, problems);
    if expired_landing.is_some() && doc.end.is_none() {
        problems.note(
            doc,
            "expired_landing_page",
            "is never used, since the ad has no end",
            "add an end",
        );
    }
    let kind = text::word(&doc.kind, check::AD_TYPES);
    Ad {
        id: doc.id,
        name: problems.or(doc, "name", text::name(&doc.name), Box::default()),
        kind: problems.or(doc, "type", kind, ""),
        landing: landing.unwrap_or_else(|| default.clone()),
        start,
        end,
        deep_links: doc.deep_linking,
        expired_landing: expired_landing.map(Box::new),
    }
}

/// One end of a period, if it is named and well formed.
pub(super) fn bound(
    entity: &dyn Place,
    field: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<Millis, Complaint>,
    problems: &mut Problems,
) -> Option<Millis> {
    problems.or(entity, field, text.map(read).transpose(), None)
}

/// Notes a period that ends before or as it begins.
pub(super) fn ordered(
    entity: &dyn Place,
    start: Option<Millis>,
    end: Option<Millis>,
    problems: &mut Problems,
) {
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        problems.note(
            entity,
            "end",
            format!("{end} is not after the start {start}"),
            "an end after the start",
        );
    }
}

/// The program that an entity belongs to; its absence is noted.
pub(super) fn owner<'a>(
    id: ProgramId,
    entity: &dyn Place,
    catalog: &'a mut Catalog,
    problems: &mut Problems,
) -> Option<&'a mut Program> {
    let program = catalog.programs.get_mut(&id);
    if program.is_none() {
        problems.note(
            entity,
            "program",
            format!("there is no program {id}"),
            "the id of a [[program]]",
        );
    }
    program
}
