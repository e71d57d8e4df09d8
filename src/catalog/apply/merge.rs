//! The merge of two documents and the rules of what may change between them.

use std::hash::Hash;

use ahash::{AHashMap, AHashSet};

use crate::catalog::document::{AdDoc, CatalogDoc, EventTypeDoc, RetiredAd, RetiredEventType};
use crate::catalog::problem::{Problem, Problems};
use crate::catalog::snapshot::Catalog;
use crate::model::id::{AdId, CatalogVersion, EventTypeId, ProgramId};

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
    let mut retired = current.retired.clone();
    retired.programs.extend(next.retired.programs);
    retired.partners.extend(next.retired.partners);
    retired.ads.extend(next.retired.ads);
    retired.event_types.extend(next.retired.event_types);

    let brands = overlay(
        &current.brands,
        next.brands,
        |brand| brand.sid.clone(),
        prune,
    );
    let programs = overlay(
        &current.programs,
        next.programs,
        |program| program.id,
        prune,
    );
    let partners = overlay(
        &current.partners,
        next.partners,
        |partner| partner.id,
        prune,
    );
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
    moved_ads(current, &ads, problems);
    moved_event_types(current, &event_types, problems);

    let gone: AHashSet<ProgramId> = programs.gone.iter().copied().collect();
    let with_program = |program: &ProgramId| !gone.contains(program);
    let ads_gone = ads.gone.iter().filter(|(program, _)| with_program(program));
    retired
        .ads
        .extend(ads_gone.map(|&(program, id)| RetiredAd { program, id }));
    let types_gone = event_types
        .gone
        .iter()
        .filter(|(program, _)| with_program(program));
    let retire = |&(program, id): &(ProgramId, EventTypeId)| RetiredEventType { program, id };
    retired.event_types.extend(types_gone.map(retire));
    retired.programs.extend(programs.gone);
    retired.partners.extend(partners.gone);
    in_order(&mut retired.programs);
    in_order(&mut retired.partners);
    in_order(&mut retired.ads);
    in_order(&mut retired.event_types);
    CatalogDoc {
        version: current.version.saturating_add(1),
        brands: brands.kept,
        programs: programs.kept,
        event_types: event_types.kept,
        ads: ads.kept,
        partners: partners.kept,
        contracts: contracts.kept,
        retired,
    }
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

/// Entities after an overlay, and the keys that fell away.
struct Overlay<T, K> {
    kept: Vec<T>,
    gone: Vec<K>,
}

/// `next` over `current`: same keys in their old places, new ones after them in file order. A key
/// that `next` holds twice is kept twice, so that the check of the whole tells both lines.
fn overlay<T: Clone, K: Eq + Hash>(
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
