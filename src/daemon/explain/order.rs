//! What became of what a brand said: each attempt at an order, and each submission by its id.

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::derived::{ActionId, Path, Source, Step, SubmissionOutcome};
use crate::fold::credit_rules;
use crate::model::action::change::{Change, What};
use crate::model::entry::Entry;
use crate::model::id::{PartnerId, SubmissionId};
use crate::model::submission::{Claim, PersonKind, Reference, Submission};
use crate::server::control::VerbError;

use super::super::stores::Stores;
use super::super::verbs::failed;
use super::rule;
use super::whole::{catalog_of, damaged};

/// What is told of one submission.
pub(super) struct Told {
    pub(super) told: Value,
    /// The action that it became.
    pub(super) action: Option<ActionId>,
}

/// Every attempt at an order id, over the event types of all programs.
pub(super) fn explain_order(stores: &Stores, order_id: &str) -> Result<Vec<Told>, VerbError> {
    let catalog = stores.catalog.load();
    let mut programs: Vec<_> = catalog.programs.values().collect();
    programs.sort_by_key(|program| program.id);
    let mut found = Vec::new();
    for program in programs {
        let mut event_types: Vec<_> = program.event_types.keys().copied().collect();
        event_types.sort_unstable();
        for event_type in event_types {
            let attempts = stores
                .log
                .attempts(program.id, event_type, order_id)
                .map_err(|error| failed(&error))?;
            for id in attempts {
                found.extend(explain_submission(stores, id)?);
            }
        }
    }
    Ok(found)
}

/// One submission; none when nothing is stored by this id.
pub(super) fn explain_submission(
    stores: &Stores,
    id: SubmissionId,
) -> Result<Option<Told>, VerbError> {
    let entry = stores.log.entry(id).map_err(|error| failed(&error))?;
    let Some(entry) = entry else {
        return Ok(None);
    };
    let serving = stores.derived.serving();
    let view = serving.view().map_err(|error| damaged(&error))?;
    let outcome = view.outcome(id).map_err(|error| damaged(&error))?;
    let outcome = outcome.map(|settled| settled.outcome);
    let action = match outcome {
        Some(SubmissionOutcome::Credited(action)) => Some(action),
        _ => None,
    };
    let (submitted, credit) = match &entry {
        Entry::Settlement(settlement) => {
            let said = json!({
                "type": "settlement",
                "program": settlement.program,
                "event_type": settlement.event_type,
                "order_id": settlement.order_id,
                "locking": settlement.locking.to_string(),
                "payout": settlement.cost.to_string(),
            });
            (said, Value::Null)
        }
        Entry::Change(change) => (changed(id, change), Value::Null),
        Entry::Conversion(submission) => {
            let catalog = catalog_of(stores, id.slot)?;
            let path = view.path(id).map_err(|error| damaged(&error))?;
            let credit = path.map(|path| credit(id, submission, &catalog, &path));
            (sent(id, submission), credit.unwrap_or_default())
        }
    };
    let told = json!({
        "submission": id.to_string(),
        "result": result(outcome),
        "credit": credit,
        "submitted": submitted,
    });
    Ok(Some(Told { told, action }))
}

/// What became of a submission.
pub(super) fn result(outcome: Option<SubmissionOutcome>) -> Value {
    match outcome {
        None => json!({ "state": "queued" }),
        Some(SubmissionOutcome::Waiting) => json!({ "state": "waiting for its click" }),
        Some(SubmissionOutcome::Credited(action)) => {
            json!({ "state": "credited", "action": action.to_string() })
        }
        Some(SubmissionOutcome::Test(Ok(partner))) => {
            json!({ "state": "test", "partner": partner })
        }
        Some(SubmissionOutcome::Test(Err(refusal))) => rule::refused("test", refusal),
        Some(SubmissionOutcome::Refused(refusal)) => rule::refused("refused", refusal),
        Some(SubmissionOutcome::Changed(action, update)) => {
            json!({ "state": "changed", "action": action.to_string(), "update": update })
        }
        Some(SubmissionOutcome::Settled(action, update)) => json!({
            "state": "settled",
            "action": action.to_string(),
            "update": (update > 0).then_some(update),
            "rules": rule::lines(&["M09"]),
        }),
        Some(SubmissionOutcome::Unchanged(action)) => json!({
            "state": "unchanged",
            "action": action.to_string(),
            "why": "the action is already as it says",
        }),
        Some(SubmissionOutcome::NotChanged(refusal)) => rule::not_changed(refusal),
    }
}

/// Who earns a conversion: the steps that led to it, and the rules that decided among them.
pub(super) fn credit(
    id: SubmissionId,
    submission: &Submission,
    catalog: &Catalog,
    path: &Path,
) -> Value {
    let steps = path.steps.iter().enumerate();
    let steps: Vec<String> = steps
        .map(|(at, one)| step(path, at, one, catalog))
        .collect();
    let is_earned = path.winner.is_some();
    json!({
        "by": is_earned.then(|| path.rule.word()),
        "steps": steps,
        "rules": rule::lines(&credit_rules(id, submission, catalog, path)),
        "catalogue_version": catalog.version,
    })
}

/// One step of a path in a line.
fn step(path: &Path, at: usize, step: &Step, catalog: &Catalog) -> String {
    let partner = |id: PartnerId| match catalog.partner(id) {
        Some(partner) => format!("partner {id} ({})", partner.name),
        None => format!("partner {id}"),
    };
    let what = match &step.touch.source {
        Source::Click {
            partner: of,
            ad,
            slot,
        } => {
            let lost = if slot.is_some() { "" } else { ", never stored" };
            format!(
                "click {} of {}, ad {ad}{lost}",
                step.touch.number.0,
                partner(*of)
            )
        }
        Source::Channel(name) => format!("channel {name}"),
        Source::Code(of) => format!("promo code of {}", partner(*of)),
        Source::Forced(of) => format!("names {}", partner(*of)),
        Source::Url(of) => format!("page of {}", partner(*of)),
    };
    let named = if path.named.map(usize::from) == Some(at) {
        ", named by the conversion"
    } else {
        ""
    };
    let verdict = step
        .verdict
        .map_or_else(|| "earns it".to_owned(), rule::code_and_id);
    format!("{} {what}{named}: {verdict}", step.touch.time)
}

/// What a conversion said.
fn sent(id: SubmissionId, submission: &Submission) -> Value {
    let claim = match submission.claim {
        Claim::None => None,
        Claim::Forged => Some("does not verify".to_owned()),
        Claim::Verified(click) => Some(format!(
            "click {} of partner {}, ad {}, program {}",
            click.number.0, click.partner, click.ad, click.program
        )),
    };
    let references: Vec<String> = submission.references.iter().map(reference).collect();
    json!({
        "type": "conversion",
        "program": submission.program,
        "event_type": submission.event_type,
        "order_id": submission.order_id,
        "received": id.number.time().to_string(),
        "amount": submission.order.amount.map(|amount| amount.to_string()),
        "items": submission.order.items.len(),
        "click_id": claim,
        "refers_to": references,
        "is_test": submission.is_test.then_some(true),
    })
}

/// What else than a click id a conversion refers to. People are told by kind alone.
fn reference(reference: &Reference) -> String {
    match reference {
        Reference::Partner(partner) => format!("partner {partner}"),
        Reference::External(_) => "imported click".to_owned(),
        Reference::Person(person) => match person.kind {
            PersonKind::Customer => "customer".to_owned(),
            PersonKind::Profile => "profile".to_owned(),
            PersonKind::Device => "device".to_owned(),
            PersonKind::Cookie => "cookie".to_owned(),
        },
        Reference::PromoCode(code) => format!("promo code {code}"),
        Reference::UniqueUrl(url) => format!("page {url}"),
        Reference::Caller(_) => "caller".to_owned(),
    }
}

/// What a modification or reversal said.
fn changed(id: SubmissionId, change: &Change) -> Value {
    let (kind, amount, status, items) = match &change.what {
        What::Reverse => ("reversal", None, None, 0),
        What::Modify {
            amount,
            customer_status,
            items,
        } => (
            "modification",
            amount.map(|amount| amount.to_string()),
            customer_status.as_deref(),
            items.len(),
        ),
    };
    json!({
        "type": kind,
        "program": change.program,
        "event_type": change.event_type,
        "order_id": change.order_id,
        "received": id.number.time().to_string(),
        "reason": change.reason,
        "amount": amount,
        "customer_status": status,
        "items": items,
    })
}
