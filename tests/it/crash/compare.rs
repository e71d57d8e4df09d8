//! What is stored against what was sent, and what is shown against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::known::{Answered, Known};
use super::recount::{Figures, Row, Rows};
use super::store::Stored;
use super::world::{BRAND, PROGRAMS, Program};
use crate::support::config::Config;
use crate::support::http::{self, Client};

/// What does not hold, in words.
pub(crate) type Wrong = Vec<String>;

/// Every click: acknowledged ones once, unrecorded ones never, unanswered ones at most once, and no
/// other.
pub(crate) fn clicks(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let mut found = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for click in &stored.clicks {
        if !numbers.insert(click.number) {
            wrong.push(format!("doubled number: {click:?}"));
        }
        let sent = click.label.parse().ok();
        let Some((label, sent)) =
            sent.and_then(|label: u64| Some((label, known.clicks.get(&label)?)))
        else {
            wrong.push(format!("invented: {click:?}"));
            continue;
        };
        let as_sent = (sent.program, sent.partner, sent.ad);
        let as_stored = (click.program, click.partner, click.ad);
        let page = Program::of(sent.program).page(sent.partner, sent.ad);
        let texts = click.landing == page && click.user_agent == sent.agent.text();
        if as_sent != as_stored || !texts {
            wrong.push(format!("altered: {click:?} of {sent:?}"));
        }
        if found.insert(label, click).is_some() {
            wrong.push(format!("doubled: {click:?}"));
        }
    }
    let mut answered = BTreeSet::new();
    for (label, sent) in &known.clicks {
        let stored = found.get(label).map(|click| click.number);
        let (id, expected) = match sent.answered {
            Answered::Unknown => continue,
            Answered::Recorded(id) => (id, Some(id.number)),
            Answered::Unrecorded(id) => (id, None),
        };
        if stored != expected {
            let what = if expected.is_some() {
                "lost"
            } else {
                "stored though unrecorded"
            };
            wrong.push(format!("{what}: click {label} {sent:?}, found {stored:?}"));
        }
        if !answered.insert(id.number) {
            wrong.push(format!("minted twice: click {label} {sent:?}"));
        }
    }
}

/// Every payload: answered ones once, under their order and the address that was answered;
/// unanswered ones at most once; and no other.
pub(crate) fn conversions(known: &Known, stored: &Stored, wrong: &mut Wrong) {
    let mut found = BTreeMap::new();
    let mut attempts: BTreeMap<_, BTreeSet<(u32, u64)>> = BTreeMap::new();
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
        let Some(uri) = &sent.answered else { continue };
        let Some(stored) = found.get(&number) else {
            wrong.push(format!("lost: conversion {number} {sent:?}"));
            continue;
        };
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
            if sent.answered.is_some() {
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

/// Every slot but the newest one is closed, and its footer counts what it holds, by program and
/// stream; what it received is what became of it.
pub(crate) fn footers(stored: &Stored, wrong: &mut Wrong) {
    let mut rows: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut streams: BTreeMap<u32, BTreeMap<(u32, u8), u64>> = BTreeMap::new();
    let mut hold = |slot: u32, program: u32, stream: u8| {
        let (clicks, submissions) = rows.entry(slot).or_default();
        *(if stream == 0 { clicks } else { submissions }) += 1;
        let slot = streams.entry(slot).or_default();
        *slot.entry((program, stream)).or_default() += 1;
    };
    for click in &stored.clicks {
        hold(click.slot, click.program, 0);
    }
    for submission in &stored.submissions {
        hold(submission.slot, submission.program, 1);
    }
    for change in &stored.changes {
        hold(change.slot, change.program, 2);
    }
    let last = stored.footers.keys().next_back().copied().unwrap_or(0);
    for (slot, footer) in &stored.footers {
        let held = rows.remove(slot).unwrap_or_default();
        if held != (footer.clicks, footer.submissions) {
            wrong.push(format!("slot {slot} holds {held:?}: {footer:?}"));
        }
        let mut told: BTreeMap<(u32, u8), u64> = BTreeMap::new();
        let mut open: BTreeMap<(u32, u8), (u64, u64)> = BTreeMap::new();
        for ((program, stream, outcome), count) in &footer.ledger {
            let of = (*program, *stream);
            if *outcome == 1 {
                told.insert(of, *count);
            }
            let (received, became) = open.entry(of).or_default();
            *(if *outcome == 0 { received } else { became }) += count;
        }
        let held = streams.remove(slot).unwrap_or_default();
        if held != told || open.values().any(|(received, became)| received != became) {
            wrong.push(format!(
                "the ledger of slot {slot} differs from {held:?}: {footer:?}"
            ));
        }
    }
    for slot in rows.keys().filter(|slot| **slot != last + 1) {
        wrong.push(format!("slot {slot} has rows but no footer"));
    }
}

/// What the API shows for both programs.
pub(crate) fn shown(config: &Config, token: &str) -> Figures {
    Figures {
        partners: report(
            config,
            token,
            "att_adv_performance_by_media_pm_only",
            "MediaId",
        ),
        days: report(config, token, "att_adv_performance_by_day_pm_only", "Day"),
    }
}

fn report(config: &Config, token: &str, handle: &str, name: &str) -> Rows {
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let from = today.saturating_sub(jiff::Span::new().days(3));
    let to = today.saturating_add(jiff::Span::new().days(3));
    let authorization = http::basic(BRAND, token);
    let mut api = Client::connect(config.api, std::time::Duration::from_secs(20)).unwrap();
    let mut rows = Rows::new();
    for program in PROGRAMS {
        let path = format!(
            "/Advertisers/{BRAND}/Reports/{handle}?SUBAID={}&StartDate={from}&EndDate={to}",
            program.id
        );
        let request = http::get(&path, &[("Authorization", &authorization)]);
        let answer = api.exchange(&request).unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        for record in answer.json()["Records"].as_array().unwrap() {
            let key = &record[name];
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            let same = rows.insert((program.id, key), row(&program, record));
            assert!(same.is_none(), "two rows: {record}");
        }
    }
    rows
}

fn row(program: &Program, record: &Value) -> Row {
    let count = |name: &str| {
        let value = record[name].as_u64();
        value.unwrap_or_else(|| panic!("{name} in {record}"))
    };
    let money = |name: &str| {
        let text = record[name].as_str().unwrap();
        let minor: u64 = text.replace('.', "").parse().unwrap();
        assert_eq!(program.text(minor), text, "{name} in {record}");
        minor
    };
    Row {
        raw: count("RawClicks"),
        unique: count("Clicks"),
        payable: count("PayableClicks"),
        actions: count("Actions"),
        gross_actions: count("GrossActions"),
        sales: money("SaleAmount"),
        cost: money("ActionCost"),
        gross_cost: money("GrossActionCost"),
    }
}

/// Rows that differ.
pub(crate) fn figures(counted: &Figures, shown: &Figures, wrong: &mut Wrong) {
    let pairs = [
        ("partner", &counted.partners, &shown.partners),
        ("day", &counted.days, &shown.days),
    ];
    for (what, counted, shown) in pairs {
        let keys: BTreeSet<_> = counted.keys().chain(shown.keys()).collect();
        for key in keys {
            let (counted, shown) = (counted.get(key), shown.get(key));
            if counted != shown {
                wrong.push(format!(
                    "{what} {key:?} shows {shown:?}, counted {counted:?}"
                ));
            }
        }
    }
}
