//! Event types: what a brand reports, and what it asks of a conversion.

use super::ids::{Seen, not_zero};
use super::offers::owner;
use super::whole::Builder;
use crate::catalog::check::word::{CREDIT_POLICIES, choice_or};
use crate::catalog::check::{self, period, schedule, text};
use crate::catalog::document::{CallDoc, EventTypeDoc};
use crate::catalog::problem::{Complaint, Problems, quoted};
use crate::catalog::snapshot::{CallTerms, CreditPolicy, EventType};
use crate::model::action::disposition;
use crate::model::time::SECOND;

/// The longest customer status in bytes.
const STATUS_MAX: usize = 64;
/// The most words for customers, and the most reasons of a kind.
const WORDS_MAX: usize = 100;

impl Builder {
    pub(in crate::catalog) fn event_type(&mut self, kind: &EventTypeDoc) {
        let problems = &mut self.problems;
        not_zero(kind.id.0, kind, problems);
        let compiled = compiled_event_type(kind, problems);
        let key = (kind.program, kind.id);
        let new = self.event_types.first(key, kind.line, kind, "id", problems);
        if let Some(code) = &kind.code {
            let key = (kind.program, code.as_str().into());
            self.codes.first(key, kind.line, kind, "code", problems);
        }
        if let Some(program) = owner(kind.program, kind, &mut self.catalog, problems)
            && new
        {
            if compiled.is_of_clicks() {
                match program.click_event_type {
                    None => program.click_event_type = Some(kind.id),
                    Some(other) => {
                        let problem = format!("CLICK is that of event type {other} already");
                        let allowed = "one event type of category CLICK in each program";
                        problems.note(kind, "category", problem, allowed);
                    }
                }
            }
            program.event_types.insert(kind.id, compiled);
        }
    }
}

fn compiled_event_type(doc: &EventTypeDoc, problems: &mut Problems) -> EventType {
    let category = text::word(&doc.category, check::CATEGORIES);
    let state = text::word(&doc.state, check::STATES);
    let policy = choice_or(doc.credit_policy.as_deref(), CREDIT_POLICIES);
    let window = doc.order_id_window.as_deref();
    let window = window.map(period::duration).transpose();
    let call = doc.call.as_ref().map(call_terms).transpose();
    let dispositions = dispositions(doc, "dispositions", &doc.dispositions, problems);
    let locking_dispositions = locking_dispositions(doc, &dispositions, problems);
    EventType {
        id: doc.id,
        code: doc
            .code
            .as_ref()
            .map(|code| problems.or(doc, "code", text::code(code), Box::default())),
        name: problems.or(doc, "name", text::name(&doc.name), Box::default()),
        category: problems.or(doc, "category", category, ""),
        active: problems.or(doc, "state", state, "") == "ACTIVE",
        credit: problems.or(doc, "credit_policy", policy, CreditPolicy::default()),
        order_id_window: problems.or(doc, "order_id_window", window, None),
        needs_items: doc.needs_items,
        customer_status: customer_status(doc, problems),
        dispositions,
        locking_dispositions,
        credit_non_preferred: doc.credit_non_preferred,
        call: problems.or(doc, "call", call, None),
    }
}

fn bounded(doc: &EventTypeDoc, field: &str, count: usize, problems: &mut Problems) {
    if count > WORDS_MAX {
        let allowed = format!("at most {WORDS_MAX}");
        problems.note(doc, field, format!("has {count} entries"), allowed);
    }
}

fn customer_status(doc: &EventTypeDoc, problems: &mut Problems) -> Box<[(Box<str>, Box<str>)]> {
    let field = "customer_status";
    bounded(doc, field, doc.customer_status.len(), problems);
    let mut seen = Seen::default();
    let words = doc.customer_status.iter().map(|(sent, own)| {
        let key = sent.to_ascii_lowercase();
        let place = format!("{field} {}", quoted(sent));
        seen.first(key, doc.line, doc, &place, problems);
        let mut word = |text| {
            let word = text::value(text, STATUS_MAX);
            problems.or(doc, field, word, Box::default())
        };
        (word(sent), word(own))
    });
    words.collect()
}

fn dispositions(
    doc: &EventTypeDoc,
    field: &str,
    codes: &[String],
    problems: &mut Problems,
) -> Box<[Box<str>]> {
    bounded(doc, field, codes.len(), problems);
    let codes = codes
        .iter()
        .map(|code| problems.or(doc, field, text::disposition(code), Box::default()));
    codes.collect()
}

/// The reasons that lock, each of which a change can give.
fn locking_dispositions(
    doc: &EventTypeDoc,
    own: &[Box<str>],
    problems: &mut Problems,
) -> Box<[Box<str>]> {
    let field = "locking_dispositions";
    let codes = dispositions(doc, field, &doc.locking_dispositions, problems);
    for code in codes.iter().filter(|code| !code.is_empty()) {
        let is_published = disposition::accepted(false).any(|known| *known == **code);
        if !is_published && !own.contains(code) {
            let problem = format!("{} is a reason that no change can give", quoted(code));
            problems.note(
                doc,
                field,
                problem,
                "a published one, or one of `dispositions`",
            );
        }
    }
    codes
}

fn call_terms(doc: &CallDoc) -> Result<CallTerms, Complaint> {
    let millis = |key: &str, text: &Option<String>| {
        let millis = text.as_deref().map(period::duration).transpose();
        millis
            .map(|millis| millis.unwrap_or(0))
            .map_err(|complaint| complaint.of(key))
    };
    let talk = millis("min_talk", &doc.min_talk)? / SECOND;
    let hours = doc.hours.as_deref().map(schedule::hours).transpose();
    Ok(CallTerms {
        min_talk_seconds: u32::try_from(talk).unwrap_or(u32::MAX),
        duplicate_window: millis("duplicate_window", &doc.duplicate_window)?,
        hours: hours.map_err(|complaint| complaint.of("hours"))?,
        pays: doc.pays,
    })
}
