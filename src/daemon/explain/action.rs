//! What an action came to: who earns it and why, how it is priced, and how it changed since.

use serde_json::{Value, json};

use crate::catalog::snapshot::{Level, LimitOf, Price};
use crate::derived::{Action, ActionFlags, ActionId, Update, UpdateKey, UpdateKind, View};
use crate::fold::{Reckoned, Reckoning, reckon};
use crate::model::entry::Entry;
use crate::model::money::decimal_text;
use crate::model::time::Millis;
use crate::server::control::VerbError;

use super::super::stores::Stores;
use super::super::verbs::failed;
use super::whole::{catalog_of, damaged, unfolded};
use super::{order, rule};

/// One action; none when there is no such action.
pub(super) fn explain_action(stores: &Stores, id: ActionId) -> Result<Option<Value>, VerbError> {
    let serving = stores.derived.serving();
    let view = serving.view().map_err(|error| damaged(&error))?;
    let Some(action) = view.action(id).map_err(|error| damaged(&error))? else {
        return Ok(None);
    };
    let watermark = view.watermark().map_err(|error| damaged(&error))?;
    let as_of = watermark.unwrap_or_default().wall_end;
    let catalog = catalog_of(stores, action.submission.slot)?;
    let entry = stores.log.entry(action.submission);
    let entry = entry.map_err(|error| failed(&error))?;
    let submission = entry.and_then(Entry::into_conversion);
    let (mut credit, mut price) = (Value::Null, Value::Null);
    if let Some(submission) = &submission {
        let path = view.path(action.submission);
        let path = path.map_err(|error| damaged(&error))?;
        if let Some(path) = path {
            credit = order::credit(action.submission, submission, &catalog, &path);
        }
        let items = view.items(id).map_err(|error| damaged(&error))?;
        let reckoned = reckon(
            &stores.log,
            (id, action.clone(), items),
            submission,
            &catalog,
        );
        let reckoned = reckoned.map_err(|error| unfolded(&error))?;
        price = reckoned.map_or(Value::Null, |reckoning| priced(&reckoning, &action));
    }
    let partner = catalog.partner(action.partner).map(|partner| &partner.name);
    Ok(Some(json!({
        "action": id.to_string(),
        "order_id": action.order_id,
        "state": action.state(as_of).word(),
        "partner": action.partner,
        "partner_name": partner,
        "submission": action.submission.to_string(),
        "action_date": action.date.to_string(),
        "referring_type": action.referring_type.name(),
        "amount": action.amount.map(|amount| amount.to_string()),
        "payout": action.cost.to_string(),
        "intended_payout": action.intended_cost.to_string(),
        "credit": credit,
        "price": price,
        "updates": updates(&view, id, &action)?,
        "locking": locking(&action, as_of),
    })))
}

/// How it is priced.
fn priced(reckoning: &Reckoning, action: &Action) -> Value {
    let lines: Vec<String> = reckoning.lines.iter().map(line).collect();
    let limits: Vec<String> = reckoning
        .limits
        .iter()
        .map(|limit| {
            let of = limit
                .group
                .as_deref()
                .map_or_else(|| "event type".to_owned(), |group| format!("group {group}"));
            let most = match limit.of {
                LimitOf::Payout(most) => format!("{most} of payouts"),
                LimitOf::Actions(most) => format!("{most} actions"),
            };
            let (period, scope) = limit.words;
            let used = limit.used;
            format!("{of}: at most {most} per {period}, scope {scope}; this action uses {used}")
        })
        .collect();
    let taken = reckoning.before_limits.0.saturating_sub(action.cost.0);
    if action.is_reversed() {
        return json!({
            "why": "it was taken back and earns nothing",
            "before_the_reversal": action.gross_cost.to_string(),
            "rules": rule::lines(&reckoning.rules),
        });
    }
    json!({
        "level": match reckoning.level {
            Level::Order => "ORDER",
            Level::Item => "ITEM",
            Level::Click => "CLICK",
        },
        "scheduled_terms": reckoning.scheduled,
        "lines": lines,
        "before_limits": reckoning.before_limits.to_string(),
        "limits": (!limits.is_empty()).then_some(limits),
        "taken_by_limits": (taken > 0).then(|| micros(taken)),
        "rules": rule::lines(&reckoning.rules),
    })
}

/// One price in a line.
fn line(line: &Reckoned) -> String {
    let what = match line.item {
        0 => "order".to_owned(),
        number => format!("item {number}"),
    };
    if line.is_restricted {
        return format!("{what}: restricted, pays nothing (P02)");
    }
    let group = match &line.group {
        Some((rank, name)) => format!("group {rank} ({name})"),
        None => "default price".to_owned(),
    };
    let price = match line.price {
        Price::Flat(amount) => format!("{amount} each"),
        Price::Rate(rate) => {
            let percent = decimal_text(i128::from(rate.0) * 100, 0);
            format!("{percent} % of {}", line.base)
        }
    };
    format!("{what}: {group}, {price} = {}", line.cost)
}

/// Every update, a line each.
fn updates(view: &View<'_>, id: ActionId, action: &Action) -> Result<Vec<String>, VerbError> {
    let mut lines = Vec::new();
    for number in 1..=action.updates {
        let key = UpdateKey { action: id, number };
        let update = view.update(key).map_err(|error| damaged(&error))?;
        lines.extend(update.map(|update| update_line(number, &update)));
    }
    Ok(lines)
}

fn update_line(number: u32, update: &Update) -> String {
    let kind = match update.kind {
        UpdateKind::Tracked => "tracked",
        UpdateKind::Modified => "modified",
        UpdateKind::Reversed => "reversed",
        UpdateKind::Settled => "settled (M09)",
    };
    let reason = match &*update.reason {
        "" => String::new(),
        reason => format!(" for {reason}"),
    };
    format!(
        "{number} {} {kind}{reason}: amount {} ({}), payout {} ({}), by {}",
        update.at(),
        update.amount,
        signed(update.delta_amount),
        update.cost,
        signed(update.delta_cost),
        update.submission,
    )
}

/// From when on it can't be changed, and whether that has come.
fn locking(action: &Action, as_of: Millis) -> Value {
    let settled = action.flags.any(ActionFlags::SETTLED);
    json!({
        "at": action.locking.map_or_else(
            || "when the brand gives a reason that locks it".to_owned(),
            |locking| locking.to_string(),
        ),
        "locked": action.is_locked(as_of),
        "settled": settled,
        "rules": match (settled, action.locking) {
            (true, _) => Some(rule::lines(&["M09"])),
            (false, None) => Some(rule::lines(&["M10"])),
            (false, Some(_)) => None,
        },
    })
}

fn micros(micros: i64) -> String {
    decimal_text(micros.into(), 2)
}

fn signed(delta: i64) -> String {
    let sign = if delta < 0 { "" } else { "+" };
    format!("{sign}{}", micros(delta))
}
