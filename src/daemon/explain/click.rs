//! What a click counts as, and what its row says.

use serde_json::{Value, json};

use crate::derived::VerdictKey;
use crate::log::row::click as click_row;
use crate::model::click_id::ClickId;
use crate::model::money::decimal_text;
use crate::registry::cpc::CpcError;
use crate::server::control::VerbError;

use super::super::stores::Stores;
use super::super::verbs::failed;
use super::link::{shown, terms};

/// Explains a click whose id verifies.
pub(super) fn explain_click(stores: &Stores, id: &ClickId) -> Result<Value, VerbError> {
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
    let judged = view
        .judged(key)
        .map_err(|error| damaged(error.to_string()))?;
    let verdict = judged.map(|judged| judged.verdict);
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
        "cpc": judged.map(|judged| json!({
            "cost": decimal_text(judged.cost().0.into(), 2),
            "error": judged.error().map(CpcError::code),
            "meaning": judged.error().map(CpcError::meaning),
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
