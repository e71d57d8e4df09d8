//! The merge of two documents and the rules of what may change between them.

use ahash::{AHashMap, AHashSet};

use super::overlay::{Overlay, in_next_order, overlay};
use crate::catalog::document::{
    AdDoc, CatalogDoc, EventTypeDoc, PromoCodeDoc, RetiredAd, RetiredDoc, RetiredEventType,
};
use crate::catalog::problem::{Problem, Problems};
use crate::catalog::snapshot::Catalog;
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId};

/// What the caller permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Remove and retire what the new document does not name.
    pub prune: bool,
    /// Let more than a tenth of the active programs vanish, or an empty document prune all.
    pub force: bool,
}

/// The document to store, `next` on top of `current` and one version higher, and the catalogue that
/// [`Catalog::build`] made of it. `has_events` tells whether a program has any stored event.
///
/// # Errors
/// A stale base version alone; otherwise every problem at once.
pub fn merge(
    current: &CatalogDoc,
    next: CatalogDoc,
    options: Options,
    has_events: &dyn Fn(ProgramId) -> bool,
) -> Result<(CatalogDoc, Catalog), Vec<Problem>> {
    if next.version != current.version {
        return Err(vec![Problem {
            place: "version".to_owned(),
            problem: format!(
                "the file was exported from version {}, but version {} is in force",
                next.version, current.version
            ),
            allowed: "export again and repeat the change".to_owned(),
        }]);
    }
    if next.is_empty() && options.prune && !options.force {
        return Err(vec![Problem {
            place: "file".to_owned(),
            problem: "names nothing and would remove every program".to_owned(),
            allowed: "--force if that is meant".to_owned(),
        }]);
    }
    let mut problems = Problems::default();
    let merged = put_together(current, next, options.prune, &mut problems);
    fixed(current, &merged, has_events, &mut problems);
    fixed_postbacks(current, &merged, &mut problems);
    if !options.force {
        vanishing(current, &merged, &mut problems);
    }
    match Catalog::build(&merged, CatalogVersion(merged.version)) {
        Ok(built) if problems.0.is_empty() => Ok((merged, built)),
        Ok(_) => Err(problems.0),
        Err(found) => {
            problems.0.extend(found);
            Err(problems.0)
        }
    }
}

fn put_together(
    current: &CatalogDoc,
    next: CatalogDoc,
    prune: bool,
    problems: &mut Problems,
) -> CatalogDoc {
    let brands = overlay(&current.brands, next.brands, |own| own.sid.clone(), prune);
    let programs = overlay(&current.programs, next.programs, |own| own.id, prune);
    let partners = overlay(&current.partners, next.partners, |own| own.id, prune);
    let ads = overlay(&current.ads, next.ads, ad_key, prune);
    let event_types = overlay(
        &current.event_types,
        next.event_types,
        event_type_key,
        prune,
    );
    let contracts = overlay(
        &current.contracts,
        next.contracts,
        |contract| (contract.program, contract.partner, contract.start.clone()),
        prune,
    );
    let lists = overlay(
        &current.exception_lists,
        next.exception_lists,
        |list| (list.program, list.id),
        prune,
    );
    let channels = in_next_order(
        &current.channels,
        next.channels,
        |channel| (channel.program, channel.name.clone()),
        prune,
    );
    let promo_codes = in_next_order(&current.promo_codes, next.promo_codes, code_key, prune);
    let postbacks = overlay(&current.postbacks, next.postbacks, |own| own.id, prune);
    moved_ads(current, &ads, problems);
    moved_event_types(current, &event_types, problems);
    let gone = Gone {
        programs: programs.gone,
        partners: partners.gone,
        ads: ads.gone,
        event_types: event_types.gone,
        postbacks: postbacks.gone,
    };
    CatalogDoc {
        version: current.version.saturating_add(1),
        brands: brands.kept,
        programs: programs.kept,
        exception_lists: lists.kept,
        channels,
        event_types: event_types.kept,
        ads: ads.kept,
        partners: partners.kept,
        promo_codes,
        contracts: contracts.kept,
        postbacks: postbacks.kept,
        retired: retire(current.retired.clone(), next.retired, gone),
    }
}

/// Keys that fell away.
struct Gone {
    programs: Vec<ProgramId>,
    partners: Vec<PartnerId>,
    ads: Vec<(ProgramId, AdId)>,
    event_types: Vec<(ProgramId, EventTypeId)>,
    postbacks: Vec<u32>,
}

/// The ids that never come back: those of both documents and those that fell away. Ads and event
/// types of a program that fell away need no row of their own.
fn retire(mut retired: RetiredDoc, next: RetiredDoc, gone: Gone) -> RetiredDoc {
    retired.programs.extend(next.programs);
    retired.partners.extend(next.partners);
    retired.ads.extend(next.ads);
    retired.event_types.extend(next.event_types);
    retired.postbacks.extend(next.postbacks);

    let programs: AHashSet<ProgramId> = gone.programs.iter().copied().collect();
    let with_program = |program: &ProgramId| !programs.contains(program);
    let ads_gone = gone.ads.iter().filter(|(program, _)| with_program(program));
    retired
        .ads
        .extend(ads_gone.map(|&(program, id)| RetiredAd { program, id }));
    let types_gone = gone
        .event_types
        .iter()
        .filter(|(program, _)| with_program(program));
    let retire = |&(program, id): &(ProgramId, EventTypeId)| RetiredEventType { program, id };
    retired.event_types.extend(types_gone.map(retire));
    retired.programs.extend(gone.programs);
    retired.partners.extend(gone.partners);
    retired.postbacks.extend(gone.postbacks);
    in_order(&mut retired.programs);
    in_order(&mut retired.partners);
    in_order(&mut retired.ads);
    in_order(&mut retired.event_types);
    in_order(&mut retired.postbacks);
    retired
}

fn in_order<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

fn ad_key(ad: &AdDoc) -> (ProgramId, AdId) {
    (ad.program, ad.id)
}

fn event_type_key(kind: &EventTypeDoc) -> (ProgramId, EventTypeId) {
    (kind.program, kind.id)
}

/// A code is known by its program, what it is, how it is compared and when it starts.
fn code_key(code: &PromoCodeDoc) -> (ProgramId, String, bool, Option<String>) {
    let is_pattern = code.kind.as_deref() == Some("RE");
    let start = code.start.clone();
    (code.program, code.code.clone(), is_pattern, start)
}

/// An ad that vanishes from one program can't appear in another under its number.
fn moved_ads(
    current: &CatalogDoc,
    ads: &Overlay<AdDoc, (ProgramId, AdId)>,
    problems: &mut Problems,
) {
    let from: AHashMap<AdId, ProgramId> = ads.gone.iter().map(|(p, id)| (*id, *p)).collect();
    if from.is_empty() {
        return;
    }
    let known: AHashSet<_> = current.ads.iter().map(ad_key).collect();
    for ad in ads.kept.iter().filter(|ad| !known.contains(&ad_key(ad))) {
        if let Some(program) = from.get(&ad.id) {
            let problem = format!("the ad would move here from program {program}");
            problems.note(ad, "id", problem, "a new id for an ad of another program");
        }
    }
}

/// The same for event types.
fn moved_event_types(
    current: &CatalogDoc,
    kinds: &Overlay<EventTypeDoc, (ProgramId, EventTypeId)>,
    problems: &mut Problems,
) {
    let from: AHashMap<EventTypeId, ProgramId> =
        kinds.gone.iter().map(|(p, id)| (*id, *p)).collect();
    if from.is_empty() {
        return;
    }
    let known: AHashSet<_> = current.event_types.iter().map(event_type_key).collect();
    for kind in kinds
        .kept
        .iter()
        .filter(|kind| !known.contains(&event_type_key(kind)))
    {
        if let Some(program) = from.get(&kind.id) {
            let problem = format!("the event type would move here from program {program}");
            let allowed = "a new id for an event type of another program";
            problems.note(kind, "id", problem, allowed);
        }
    }
}

/// A program's brand never changes; its currency and zone not once it has events.
fn fixed(
    current: &CatalogDoc,
    merged: &CatalogDoc,
    has_events: &dyn Fn(ProgramId) -> bool,
    problems: &mut Problems,
) {
    let before: AHashMap<_, _> = current.programs.iter().map(|old| (old.id, old)).collect();
    for program in &merged.programs {
        let Some(old) = before.get(&program.id) else {
            continue;
        };
        if program.brand != old.brand {
            let problem = format!("the program would move here from brand {}", old.brand);
            problems.note(
                program,
                "brand",
                problem,
                "a new id for a program of another brand",
            );
        }
        let fields = [
            ("currency", &old.currency, &program.currency),
            ("time_zone", &old.time_zone, &program.time_zone),
        ];
        for (field, was, is) in fields {
            if was != is && has_events(program.id) {
                let problem = format!("changes from {was} to {is}, but the program has events");
                problems.note(program, field, problem, format!("{was}, or a new program"));
            }
        }
    }
}

/// A postback stays with its program and its hearer: what it was sent so far is known by its id.
fn fixed_postbacks(current: &CatalogDoc, merged: &CatalogDoc, problems: &mut Problems) {
    let before: AHashMap<_, _> = current.postbacks.iter().map(|old| (old.id, old)).collect();
    for postback in &merged.postbacks {
        let Some(old) = before.get(&postback.id) else {
            continue;
        };
        let fields = [
            ("program", old.program != postback.program),
            ("audience", old.audience != postback.audience),
            ("partner", old.partner != postback.partner),
        ];
        for (field, _) in fields.into_iter().filter(|(_, differs)| *differs) {
            let allowed = "a new id for another program or hearer";
            problems.note(postback, field, "can't change", allowed);
        }
    }
}

/// More than a tenth of the active programs must not vanish by accident.
fn vanishing(current: &CatalogDoc, merged: &CatalogDoc, problems: &mut Problems) {
    let active = |doc: &CatalogDoc| -> AHashSet<ProgramId> {
        let programs = doc
            .programs
            .iter()
            .filter(|program| program.state == "ACTIVE");
        programs.map(|program| program.id).collect()
    };
    let (before, after) = (active(current), active(merged));
    let vanished = before.difference(&after).count();
    if vanished * 10 > before.len() {
        problems.0.push(Problem {
            place: "programs".to_owned(),
            problem: format!(
                "{vanished} of {} active programs would vanish",
                before.len()
            ),
            allowed: "at most a tenth at once, or --force if that is meant".to_owned(),
        });
    }
}
