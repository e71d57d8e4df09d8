//! Rules and refusals in words, each with its id in the tables of rules.

use serde_json::{Value, json};

use crate::model::action::change::ChangeRefusal;
use crate::model::refusal::Refusal;
use crate::registry::rules::{Rule, by_id, of_code};

/// One rule in a line.
fn line(rule: &Rule) -> String {
    format!("{} {}: {}", rule.id, rule.name, rule.text)
}

/// The rules with these ids, a line each.
pub(super) fn lines(ids: &[&str]) -> Value {
    let rules = ids.iter().filter_map(|id| by_id(id));
    rules.map(line).collect()
}

/// The rule that refuses with `code`, in a line.
fn refusing(code: &str) -> Option<String> {
    of_code(code).map(line)
}

/// Why a conversion earns nothing.
pub(super) fn refused(state: &str, refusal: Refusal) -> Value {
    json!({
        "state": state,
        "code": refusal.code(),
        "why": refusal.meaning(),
        "rule": refusing(refusal.code()),
    })
}

/// Why a change does nothing.
pub(super) fn not_changed(refusal: ChangeRefusal) -> Value {
    json!({
        "state": "not changed",
        "code": refusal.code(),
        "why": refusal.meaning(),
        "rule": refusing(refusal.code()),
    })
}

/// A refusal within a line: its code and the id of its rule.
pub(super) fn code_and_id(refusal: Refusal) -> String {
    let rule = of_code(refusal.code()).map_or("", |rule| rule.id);
    format!("{} ({rule})", refusal.code())
}
