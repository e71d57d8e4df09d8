//! Arrivals and imported clicks as they are stored, against what was sent.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::Wrong;
use super::known::{By, Known};
use super::store::{Claim, Stored};

/// Every arrival: answered ones once, unanswered ones at most once, and no other; each with its
/// click, and one name of its person.
pub(crate) fn arrivals(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let clicks = stored.clicks.iter();
    let labels: BTreeMap<&str, u64> = clicks.map(|own| (&*own.label, own.number)).collect();
    let mut found = BTreeSet::new();
    let mut names = BTreeMap::new();
    for visit in &stored.visits {
        let number: Option<usize> = visit.label.parse().ok();
        let sent = number.and_then(|number| Some((number, known.arrivals.get(number)?)));
        let Some((number, sent)) = sent else {
            wrong.push(format!("invented: {visit:?}"));
            continue;
        };
        let claim = match sent.by {
            By::Click(id) => Claim::Click(id.number),
            By::Link(label) => match labels.get(&*label.to_string()) {
                Some(click) => Claim::Click(*click),
                None => Claim::None,
            },
            By::Stray => Claim::Forged,
            By::Channel => Claim::None,
        };
        let person = (sent.program, sent.person);
        let is_known = names.entry(person).or_insert(&visit.persons) == &&visit.persons;
        let is_one = is_known && visit.persons.len() == 1;
        if (visit.program, visit.claim) != (sent.program, claim) || !is_one {
            wrong.push(format!("altered: {visit:?} of {sent:?}"));
        }
        if !found.insert(number) {
            wrong.push(format!("doubled: {visit:?}"));
        }
    }
    let different: BTreeSet<_> = names.values().collect();
    if different.len() != names.len() {
        wrong.push("two persons have one name".to_owned());
    }
    for (number, sent) in known.arrivals.iter().enumerate() {
        if sent.is_answered && !found.contains(&number) {
            wrong.push(format!("lost: arrival {number} {sent:?}"));
        }
    }
}

/// Every imported click: those of complete imports once, those of others at most once, and no
/// other, each under the job of its import; and each job has ended once in every program.
pub(crate) fn imported(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let mut found = BTreeSet::new();
    let mut jobs = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for row in &stored.imported {
        let Some((time, click)) = &row.click else {
            continue;
        };
        let number: Option<usize> = click.label.parse().ok();
        let sent = number.and_then(|number| Some((number, known.imported.get(number)?)));
        let Some((number, sent)) = sent else {
            wrong.push(format!("invented: {row:?}"));
            continue;
        };
        let as_sent = (sent.program, sent.partner, sent.ad, sent.time);
        let job = *jobs.entry(sent.import).or_insert(row.job);
        if as_sent != (click.program, click.partner, click.ad, *time) || job != row.job {
            wrong.push(format!("altered: {row:?} of {sent:?}"));
        }
        if !found.insert(number) || !numbers.insert(click.number) {
            wrong.push(format!("doubled: {row:?}"));
        }
    }
    for (number, sent) in known.imported.iter().enumerate() {
        if known.imports[sent.import].is_complete && !found.contains(&number) {
            wrong.push(format!("lost: imported click {number} {sent:?}"));
        }
    }
    for (import, job) in jobs {
        let ends = stored.imported.iter();
        let ends = ends.filter(|row| row.job == job && row.click.is_none());
        let (ends, known) = (ends.count(), &known.imports[import]);
        if known.is_complete && ends == 0 {
            wrong.push(format!("import {import} has no end: {job:x}"));
        }
    }
}
