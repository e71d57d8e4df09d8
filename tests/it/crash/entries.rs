//! What a brand said, by itself, in files and in imports, as it is stored, against what was sent.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::Wrong;
use super::known::{Known, Way};
use super::store::{Origin, Stored};
use super::world::Program;

/// Whether everything that was sent in this way is stored: its file or import was complete.
fn is_done(known: &Known, way: Way) -> bool {
    match way {
        Way::Api => false,
        Way::File(place, _) => known.files[place].is_complete,
        Way::Import(place, _) => known.imports[place].is_complete,
    }
}

/// Whether `origin` says how a submission was sent: its line or row, and the job that all of its
/// file or import have.
fn came(known: &Known, way: Way, origin: Origin, jobs: &mut BTreeMap<usize, u64>) -> bool {
    match (way, origin) {
        (Way::Api, Origin::Api) => true,
        (Way::File(place, line), Origin::File(job, stored)) => {
            let answered = known.files[place].answered.as_ref();
            let named = answered.is_none_or(|uri| uri.ends_with(&format!("-{job:016x}")));
            named && line == stored
        }
        (Way::Import(place, row), Origin::Import(job, stored)) => {
            *jobs.entry(place).or_insert(job) == job && row == stored
        }
        _ => false,
    }
}

/// Every payload: answered ones once, under their order, the way they came and the address that was
/// answered; unanswered ones at most once; and no other.
pub(crate) fn conversions(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let mut found = BTreeMap::new();
    let mut attempts: BTreeMap<_, BTreeSet<(u32, u64)>> = BTreeMap::new();
    let mut jobs = BTreeMap::new();
    for submission in &stored.submissions {
        let note = submission.fields.get("Note");
        let note: Option<usize> = note.and_then(|note| note.parse().ok());
        let Some((number, sent)) =
            note.and_then(|number| Some((number, known.payloads.get(number)?)))
        else {
            wrong.push(format!("invented: {submission:?}"));
            continue;
        };
        let form = url::form_urlencoded::parse(sent.form.as_bytes()).into_owned();
        let fields: BTreeMap<String, String> = form.collect();
        let order = format!("order-{}", sent.order);
        if sent.program != submission.program
            || order != submission.order
            || fields != submission.fields
            || !came(known, sent.way, submission.origin, &mut jobs)
        {
            wrong.push(format!("altered: {submission:?} of {sent:?}"));
        }
        if found.insert(number, submission).is_some() {
            wrong.push(format!("doubled: {submission:?}"));
        }
        let key = (submission.program, submission.event_type, order);
        let of_order = attempts.entry(key).or_default();
        of_order.insert((submission.slot, submission.number));
    }
    for (number, sent) in known.payloads.iter().enumerate() {
        let Some(stored) = found.get(&number) else {
            if sent.answered.is_some() || is_done(known, sent.way) {
                wrong.push(format!("lost: conversion {number} {sent:?}"));
            }
            continue;
        };
        let Some(uri) = &sent.answered else { continue };
        let text = format!(
            "{:08x}{:08x}{:016x}",
            stored.slot, stored.program, stored.number
        );
        if !uri.replace('-', "").ends_with(&text) {
            wrong.push(format!("answered as {uri}: {stored:?}"));
        }
    }
    for (key, rows) in &stored.orders {
        let listed: BTreeSet<_> = rows.iter().copied().collect();
        if listed.len() != rows.len() || attempts.remove(key) != Some(listed) {
            wrong.push(format!("order {key:?} names other submissions: {rows:?}"));
        }
    }
    for key in attempts.keys() {
        wrong.push(format!("order {key:?} is not known as one"));
    }
}

/// Every change: answered ones once, under the address that was answered, in the order in which
/// they were answered; unanswered ones at most once; and no other.
pub(crate) fn changes(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let mut found = BTreeMap::new();
    for change in &stored.changes {
        let note = change.fields.get("Note");
        let note: Option<usize> = note.and_then(|note| note.parse().ok());
        let sent = note.and_then(|number| Some((number, known.changes.get(number)?)));
        let Some((number, sent)) = sent else {
            wrong.push(format!("invented: {change:?}"));
            continue;
        };
        let form = url::form_urlencoded::parse(sent.form.as_bytes()).into_owned();
        let fields: BTreeMap<String, String> = form.collect();
        let as_sent = (sent.program, format!("order-{}", sent.order));
        let event_type = Program::of(sent.program).event_type;
        if as_sent != (change.program, change.order.clone())
            || event_type != change.event_type
            || sent.amount.is_none() != change.reverses
            || fields != change.fields
        {
            wrong.push(format!("altered: {change:?} of {sent:?}"));
        }
        if found.insert(number, change).is_some() {
            wrong.push(format!("doubled: {change:?}"));
        }
    }
    let mut last = BTreeMap::new();
    for (number, sent) in known.changes.iter().enumerate() {
        let Some(stored) = found.get(&number) else {
            if sent.answered.is_some() || is_done(known, sent.way) {
                wrong.push(format!("lost: change {number} {sent:?}"));
            }
            continue;
        };
        let text = format!(
            "{:08x}{:08x}{:016x}",
            stored.slot, stored.program, stored.number
        );
        let answered = sent.answered.as_ref();
        if answered.is_some_and(|uri| !uri.replace('-', "").ends_with(&text)) {
            wrong.push(format!("answered as {answered:?}: {stored:?}"));
        }
        let place = (stored.slot, stored.number);
        if last.insert((sent.program, sent.order), place) > Some(place) {
            wrong.push(format!("before the change before it: {stored:?}"));
        }
    }
}
