//! What is stored against what was sent, and what is shown against what is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::known::{Answered, Known};
use super::recount::{Figures, Row, Rows};
use super::store::{Held, Stored};
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

/// Every slot but the newest one is closed, and its footer counts what it holds, by program and
/// stream; what it received is what became of it.
pub(crate) fn footers(stored: &Stored, wrong: &mut Wrong) {
    let mut slots = by_slot(stored);
    let last = stored.footers.keys().next_back().copied().unwrap_or(0);
    for (slot, footer) in &stored.footers {
        let (held, streams) = slots.remove(slot).unwrap_or_default();
        if held != footer.held {
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
        if streams != told || open.values().any(|(received, became)| received != became) {
            wrong.push(format!(
                "the ledger of slot {slot} differs from {streams:?}: {footer:?}"
            ));
        }
    }
    for slot in slots.keys().filter(|slot| **slot != last + 1) {
        wrong.push(format!("slot {slot} has rows but no footer"));
    }
}

/// Rows of each slot, and events by program and stream.
type Slots = BTreeMap<u32, (Held, BTreeMap<(u32, u8), u64>)>;

fn by_slot(stored: &Stored) -> Slots {
    let mut slots = Slots::new();
    let mut hold = |slot: u32, of: Option<(u32, u8)>, count: fn(&mut Held) -> &mut u64| {
        let (held, streams) = slots.entry(slot).or_default();
        *count(held) += 1;
        if let Some(of) = of {
            *streams.entry(of).or_default() += 1;
        }
    };
    for click in &stored.clicks {
        hold(click.slot, Some((click.program, 0)), |held| {
            &mut held.clicks
        });
    }
    for one in &stored.submissions {
        hold(one.slot, Some((one.program, 1)), |held| {
            &mut held.submissions
        });
    }
    for change in &stored.changes {
        hold(change.slot, Some((change.program, 2)), |held| {
            &mut held.submissions
        });
    }
    for row in &stored.imported {
        let of = row.click.as_ref().map(|(_, click)| (click.program, 4));
        hold(row.slot, of, |held| &mut held.imported);
    }
    for visit in &stored.visits {
        hold(visit.slot, Some((visit.program, 5)), |held| {
            &mut held.visits
        });
    }
    slots
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
