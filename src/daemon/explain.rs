//! Why a link leads where it leads, and what became of a click or an order: the answers of
//! `clickd link` and `clickd explain`, from the same code that serves and folds.
//!
//! Runs on blocking threads; reads the stores and changes nothing.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Found, Price, Program};
use crate::click::{DeepLinkCache, decide, location};
use crate::derived::{SubmissionOutcome, VerdictKey};
use crate::link::{Pairs, parse};
use crate::log::row::click as click_row;
use crate::model::click::Parameter;
use crate::model::click_id::{ClickId, TEXT_LEN};
use crate::model::entry::Entry;
use crate::model::id::{AdId, PartnerId, ProgramId, SubmissionId};
use crate::model::time::Millis;
use crate::server::control::VerbError;
use crate::server::control::verb::EXIT_INPUT;

use super::stores::Stores;
use super::verbs::failed;

/// Stands for the click id in an explained location, since no click is made.
const SAMPLE_ID: [u8; TEXT_LEN] = *b"CLICK-ID-CLICK-ID-CLICK-ID-CLICK-ID-CLICK-I";

#[derive(Deserialize)]
struct Ask {
    what: String,
}

/// Explains a link, a click id or an order id.
pub(super) fn explain(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let ask: Ask = serde_json::from_value(value)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let what = ask.what.trim();
    if let Some(target) = target_of(what) {
        return explain_link(stores, target);
    }
    if let Some(id) = stores.signer.verify(what.as_bytes()) {
        return explain_click(stores, &id);
    }
    let orders = explain_order(stores, what)?;
    if orders.is_empty() {
        let error = format!(
            "`{what}` is no link (/c/partner/ad/program), no click id that verifies, and no order \
             id of any program"
        );
        return Err(VerbError::new(EXIT_INPUT, error));
    }
    Ok(json!({ "order_id": what, "attempts": orders }))
}

/// The request target of a link, with or without scheme and host.
fn target_of(what: &str) -> Option<&str> {
    let after_scheme = what.split_once("://").map_or(what, |(_, rest)| rest);
    let at = after_scheme.find("/c/")?;
    let target = after_scheme.get(at..)?;
    (at == 0 || what.contains("://") || after_scheme.contains('.')).then_some(target)
}

fn explain_link(stores: &Stores, target: &str) -> Result<Value, VerbError> {
    let catalog = stores.catalog.load();
    let now = stores.log.clock().now();
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(p, q)| (p, Some(q)));
    let mut pairs = Pairs::default();
    let link = parse(path, query, &mut pairs)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let parameters = shown(link.parameters());
    let mut cache = DeepLinkCache::default();
    let Some(decision) = decide(&catalog, &link, now, b"", &mut cache) else {
        return Ok(json!({
            "link": { "partner": link.partner, "ad": link.ad, "program": link.program },
            "answer": 404,
            "why": "the program is not in the catalogue",
        }));
    };
    let mut out = Vec::new();
    location::write(&mut out, &decision, &link, &SAMPLE_ID, now);
    Ok(json!({
        "link": {
            "partner": link.partner,
            "ad": link.ad,
            "program": link.program,
            "deep_link": link.deep_link,
            "parameters": parameters,
        },
        "answer": 302,
        "landing_page": decision.landing.url,
        "location": String::from_utf8_lossy(&out),
        "flags": decision.flags.labels().collect::<Vec<_>>(),
        "program": program(decision.program),
        "partner": decision.partner.map(|partner| {
            json!({ "name": partner.name, "active": partner.active, "group": partner.group })
        }),
        "ad": decision.ad.map(|ad| json!({
            "name": ad.name,
            "end": ad.end.map(|end| end.to_string()),
            "deep_linking": ad.deep_links,
        })),
        "contract": terms(&catalog, link.program, link.partner, now),
        "catalogue_version": catalog.version,
    }))
}

/// The stored parameters of a link, by name.
fn shown<'a>(parameters: impl Iterator<Item = (Parameter, &'a [u8])>) -> Value {
    let pair = |(parameter, value): (Parameter, &[u8])| {
        let name = match parameter {
            Parameter::SubId(n) => format!("subId{n}"),
            Parameter::SharedId => "sharedid".to_owned(),
            Parameter::Property => "partnerpropertyid".to_owned(),
            Parameter::ProductSku => "prodsku".to_owned(),
            Parameter::Param(n) => format!("param{n}"),
            Parameter::Unknown => "unknown".to_owned(),
        };
        json!({ "name": name, "value": String::from_utf8_lossy(value) })
    };
    parameters.map(pair).collect()
}

fn program(program: &Program) -> Value {
    json!({
        "name": program.name,
        "brand": program.brand,
        "active": program.active,
        "currency": program.currency,
        "time_zone": program.time_zone_name,
        "unique_click_window_seconds": program.unique_window / 1_000,
        "unique_click_type": if program.unique_rolling { "ROLLING" } else { "FIXED" },
    })
}

fn terms(catalog: &Catalog, program: ProgramId, partner: PartnerId, at: Millis) -> Value {
    match catalog.contract(program, partner, at) {
        Found::NotJoined => json!({ "state": "not joined" }),
        Found::Ended => json!({ "state": "ended" }),
        Found::InForce(contract) => {
            let payouts: Vec<Value> = contract
                .terms
                .payouts
                .iter()
                .map(|(event_type, payout)| match payout.price {
                    Price::Flat(money) => {
                        json!({ "event_type": event_type, "amount": money.to_string() })
                    }
                    Price::Rate(rate) => {
                        json!({ "event_type": event_type, "rate_millionths": rate })
                    }
                })
                .collect();
            json!({
                "state": "in force",
                "start": contract.start.to_string(),
                "end": contract.end.map(|end| end.to_string()),
                "referral_window_seconds": contract.referral_window / 1_000,
                "payouts": payouts,
            })
        }
    }
}

fn explain_click(stores: &Stores, id: &ClickId) -> Result<Value, VerbError> {
    let damaged = |error: String| VerbError::new(65, error);
    let time = id.number.time();
    let key = VerdictKey {
        program: id.program,
        partner: id.partner,
        day: time.utc_day(),
        time,
        number: id.number,
    };
    let view = stores.derived.serving();
    let view = view.view().map_err(|error| damaged(error.to_string()))?;
    let verdict = view
        .verdict(key)
        .map_err(|error| damaged(error.to_string()))?;
    let stored = match &verdict {
        None => Value::Null,
        Some(verdict) => {
            let row = stores
                .log
                .click_row(verdict.slot, id.partner, id.number)
                .map_err(|error| failed(&error))?;
            stored_click(stores, row.as_deref().unwrap_or_default())
                .map_err(|error| failed(&error))?
        }
    };
    Ok(json!({
        "click_id": {
            "time": id.number.time().to_string(),
            "partner": id.partner,
            "ad": id.ad,
            "program": id.program,
            "recorded": !id.unrecorded,
            "key_number": id.key_number,
        },
        "verdict": verdict.map(|verdict| json!({
            "class": format!("{:?}", verdict.class).to_lowercase(),
            "payable": verdict.payable(),
            "reasons": verdict.reasons.labels().collect::<Vec<_>>(),
            "slot": verdict.slot,
        })),
        "stored": stored,
        "contract": terms(&stores.catalog.load(), id.program, id.partner, id.number.time()),
    }))
}

fn stored_click(stores: &Stores, row: &[u8]) -> Result<Value, crate::log::LogError> {
    let click = click_row::read(row)?;
    let text = |reference| -> Result<Option<String>, crate::log::LogError> {
        let bytes = stores.log.string(reference)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let parameters = shown(click.parameters.clone());
    Ok(json!({
        "flags": click.flags.labels().collect::<Vec<_>>(),
        "network": click.network.to_string(),
        "user_agent": text(click.user_agent)?,
        "referrer": text(click.referrer)?,
        "landing_page": text(click.landing)?,
        "request_shape": text(click.shape)?,
        "parameters": parameters,
    }))
}

/// Every attempt at an order id, over the event types of all programs.
fn explain_order(stores: &Stores, order_id: &str) -> Result<Vec<Value>, VerbError> {
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
                found.push(attempt(stores, id)?);
            }
        }
    }
    Ok(found)
}

fn attempt(stores: &Stores, id: SubmissionId) -> Result<Value, VerbError> {
    let entry = stores.log.entry(id).map_err(|error| failed(&error))?;
    let outcome = stores
        .derived
        .outcome(id)
        .map_err(|error| VerbError::new(65, error.to_string()))?;
    let result = match outcome.map(|settled| settled.outcome) {
        None => json!({ "state": "queued" }),
        Some(SubmissionOutcome::Waiting) => json!({ "state": "waiting for its click" }),
        Some(SubmissionOutcome::Credited(action)) => {
            json!({ "state": "credited", "action": action.to_string() })
        }
        Some(SubmissionOutcome::Test(Ok(partner))) => {
            json!({ "state": "test", "partner": partner })
        }
        Some(SubmissionOutcome::Test(Err(refusal))) => json!({
            "state": "test",
            "code": refusal.code(),
            "why": refusal.meaning(),
        }),
        Some(SubmissionOutcome::Refused(refusal)) => json!({
            "state": "refused",
            "code": refusal.code(),
            "why": refusal.meaning(),
        }),
        Some(SubmissionOutcome::Changed(action, update)) => {
            json!({ "state": "changed", "action": action.to_string(), "update": update })
        }
        Some(SubmissionOutcome::Settled(action, _)) => {
            json!({ "state": "settled", "action": action.to_string() })
        }
        Some(SubmissionOutcome::Unchanged(action)) => {
            json!({ "state": "unchanged", "action": action.to_string() })
        }
        Some(SubmissionOutcome::NotChanged(refusal)) => json!({
            "state": "not changed",
            "code": refusal.code(),
            "why": refusal.meaning(),
        }),
    };
    let submitted = entry.map(|entry| match entry {
        Entry::Settlement(settlement) => json!({
            "program": settlement.program,
            "event_type": settlement.event_type,
            "locking": settlement.locking.to_string(),
        }),
        Entry::Change(change) => json!({
            "program": change.program,
            "event_type": change.event_type,
            "received": id.number.time().to_string(),
            "reason": change.reason,
        }),
        Entry::Conversion(submission) => json!({
            "program": submission.program,
            "event_type": submission.event_type,
            "received": id.number.time().to_string(),
            "amount": submission.order.amount.map(|amount| amount.to_string()),
            "claim": format!("{:?}", submission.claim),
        }),
    });
    Ok(json!({ "submission": id.to_string(), "result": result, "submitted": submitted }))
}

#[derive(Deserialize)]
struct MakeLink {
    partner: u32,
    ad: u32,
    program: u32,
    /// Query pairs in order.
    #[serde(default)]
    pairs: Vec<(String, String)>,
}

/// Makes the path of a tracking link, with what is wrong with it now.
pub(super) fn link(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let asked: MakeLink = serde_json::from_value(value)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let ids = (
        PartnerId(asked.partner),
        AdId(asked.ad),
        ProgramId(asked.program),
    );
    let mut target = format!("/c/{}/{}/{}", ids.0, ids.1, ids.2);
    if !asked.pairs.is_empty() {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        target.push('?');
        target.push_str(&query.extend_pairs(&asked.pairs).finish());
    }
    let explained = explain_link(stores, &target)?;
    Ok(json!({ "target": target, "explained": explained }))
}
