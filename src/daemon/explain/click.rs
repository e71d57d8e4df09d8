//! What a click counts as, and what its row says.

use serde_json::{Value, json};

use crate::derived::{VerdictKey, View};
use crate::log::row::click as click_row;
use crate::model::click_id::ClickId;
use crate::model::id::ProgramId;
use crate::model::money::decimal_text;
use crate::model::submission::Fingerprint;
use crate::registry::cpc::CpcError;
use crate::server::control::VerbError;

use super::super::stores::Stores;
use super::super::verbs::failed;
use super::link::{shown, terms};
use super::whole::damaged;

/// Explains a click whose id verifies.
pub(super) fn explain_click(stores: &Stores, id: &ClickId) -> Result<Value, VerbError> {
    let key = VerdictKey::of_live(id.program, id.partner, id.number);
    let serving = stores.derived.serving();
    let view = serving.view().map_err(|error| damaged(&error))?;
    let [verdict, cpc, stored] = judged(stores, &view, key)?;
    Ok(json!({
        "click_id": {
            "time": id.number.time().to_string(),
            "partner": id.partner,
            "ad": id.ad,
            "program": id.program,
            "recorded": !id.unrecorded,
            "key_number": id.key_number,
        },
        "verdict": verdict,
        "cpc": cpc,
        "stored": stored,
        "contract": terms(&stores.catalog.load(), id.program, id.partner, id.number.time()),
    }))
}

/// Explains the imported clicks that another system knows by this name, at most one of each
/// program.
pub(super) fn explain_imported(stores: &Stores, name: &str) -> Result<Vec<Value>, VerbError> {
    let catalog = stores.catalog.load();
    let mut programs: Vec<ProgramId> = catalog.programs.keys().copied().collect();
    programs.sort_unstable();
    let serving = stores.derived.serving();
    let view = serving.view().map_err(|error| damaged(&error))?;
    let mut clicks = Vec::new();
    for program in programs {
        let external = Fingerprint::of_external_click(program, name);
        let found = view.external(program, external);
        let Some(click) = found.map_err(|error| damaged(&error))? else {
            continue;
        };
        let [verdict, cpc, stored] = judged(stores, &view, click.verdict(program))?;
        clicks.push(json!({
            "imported_click": {
                "time": click.time.to_string(),
                "partner": click.partner,
                "ad": click.ad,
                "program": program,
                "imported": click.number.time().to_string(),
            },
            "verdict": verdict,
            "cpc": cpc,
            "stored": stored,
            "contract": terms(&catalog, program, click.partner, click.time),
        }));
    }
    Ok(clicks)
}

/// The verdict on a click, what it is paid by itself, and its row.
fn judged(stores: &Stores, view: &View<'_>, key: VerdictKey) -> Result<[Value; 3], VerbError> {
    let judged = view.judged(key).map_err(|error| damaged(&error))?;
    let Some(judged) = judged else {
        return Ok([Value::Null, Value::Null, Value::Null]);
    };
    let verdict = judged.verdict;
    let row = stores
        .log
        .click_row(verdict.slot, key.partner, key.number)
        .map_err(|error| failed(&error))?;
    let stored = stored_click(stores, row.as_deref().unwrap_or_default());
    let told = json!({
        "class": format!("{:?}", verdict.class).to_lowercase(),
        "payable": verdict.payable(),
        "reasons": verdict.reasons.labels().collect::<Vec<_>>(),
        "signs": verdict.signs.labels().collect::<Vec<_>>(),
        "slot": verdict.slot,
    });
    let cpc = json!({
        "cost": decimal_text(judged.cost().0.into(), 2),
        "adjustments": decimal_text(judged.adjusted().0.into(), 2),
        "error": judged.error().map(CpcError::code),
        "meaning": judged.error().map(CpcError::meaning),
    });
    Ok([told, cpc, stored.map_err(|error| failed(&error))?])
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
        "cookie": click.cookie.is_some(),
        "user_agent": text(click.user_agent)?,
        "referrer": text(click.referrer)?,
        "landing_page": text(click.landing)?,
        "request_shape": text(click.shape)?,
        "parameters": parameters,
    }))
}
