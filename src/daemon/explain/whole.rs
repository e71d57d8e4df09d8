//! What is asked about, told from its form, and what all explanations share.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::derived::{ActionId, DerivedError};
use crate::fold::{self, FoldError};
use crate::model::id::{Slot, SubmissionId};
use crate::server::control::VerbError;
use crate::server::control::verb::EXIT_INPUT;

use super::super::stores::Stores;
use super::order::Told;
use super::{action, click, link, order};

/// Exit code when stored rows can't be read.
const EXIT_DAMAGED: u8 = 65;

#[derive(Deserialize)]
struct Ask {
    what: String,
}

/// Explains a link, a click id, a submission id, an action id, an order id or the name of an
/// imported click.
pub(in crate::daemon) fn explain(stores: &Stores, value: Value) -> Result<Value, VerbError> {
    let ask: Ask = serde_json::from_value(value)
        .map_err(|error| VerbError::new(EXIT_INPUT, error.to_string()))?;
    let what = ask.what.trim();
    if let Some(target) = link::target_of(what) {
        return link::explain_link(stores, target);
    }
    if let Some(id) = stores.signer.verify(what.as_bytes()) {
        return click::explain_click(stores, &id);
    }
    if let Ok(id) = what.parse::<SubmissionId>()
        && let Some(submission) = order::explain_submission(stores, id)?
    {
        return Ok(submission.told);
    }
    if let Ok(id) = what.parse::<ActionId>()
        && let Some(told) = action::explain_action(stores, id)?
    {
        return Ok(told);
    }
    let attempts = order::explain_order(stores, what)?;
    let clicks = click::explain_imported(stores, what)?;
    if attempts.is_empty() && !clicks.is_empty() {
        return Ok(json!({ "external_click_id": what, "clicks": clicks }));
    }
    if attempts.is_empty() {
        let error = format!(
            "`{what}` is no link (/c/partner/ad/program), no click id that verifies, no submission \
             id (A-…), no action id (program.event type.number), and no order id and no \
             ExternalClickId of an imported click of any program"
        );
        return Err(VerbError::new(EXIT_INPUT, error));
    }
    Ok(json!({
        "order_id": what,
        "attempts": attempts.iter().map(|attempt| &attempt.told).collect::<Vec<_>>(),
        "actions": actions(stores, &attempts)?,
        // The name of an imported click as well.
        "clicks": (!clicks.is_empty()).then_some(clicks),
    }))
}

/// What the actions of an order came to; the path to each stands with its attempt.
fn actions(stores: &Stores, attempts: &[Told]) -> Result<Vec<Value>, VerbError> {
    let mut actions = Vec::new();
    for id in attempts.iter().filter_map(|attempt| attempt.action) {
        let mut told = action::explain_action(stores, id)?.unwrap_or_default();
        if let Some(parts) = told.as_object_mut() {
            parts.remove("credit");
        }
        actions.push(told);
    }
    Ok(actions)
}

pub(super) fn damaged(error: &DerivedError) -> VerbError {
    VerbError::new(EXIT_DAMAGED, error.to_string())
}

pub(super) fn unfolded(error: &FoldError) -> VerbError {
    VerbError::new(EXIT_DAMAGED, error.to_string())
}

/// The catalogue that a slot is folded by; the one in force while the slot is open.
pub(super) fn catalog_of(stores: &Stores, slot: Slot) -> Result<Arc<Catalog>, VerbError> {
    let found = fold::catalog_of(&stores.log, &stores.shelf, slot);
    let found = found.map_err(|error| unfolded(&error))?;
    Ok(found.unwrap_or_else(|| stores.catalog.load_full()))
}
