//! Settling actions that have locked: what they came to goes into the log, for ever.
//!
//! On the housekeeping thread, once a minute. Whether an action is due is a matter of the fold's
//! watermark alone, not of any clock: everything received before it locked is folded by then. None
//! is settled while the past is judged anew, nor by rows that a newer judgement has overruled:
//! what they came to could not be adjusted any more.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::derived::{Action, ActionId, DerivedError, View};
use crate::log::LogError;
use crate::model::action::settlement::Settlement;
use crate::model::time::MINUTE;

use super::stores::Stores;

/// Settlements of one commit.
const AT_ONCE: usize = 1_000;

/// Why actions could not be settled; they are tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettleError {
    /// The log takes nothing just now.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The derived rows do not read.
    #[error(transparent)]
    Derived(#[from] DerivedError),
}

/// Settles every action that locked a minute before the watermark; how many that were.
pub(super) fn settle_due(stores: &Stores, stop: &AtomicBool) -> Result<usize, SettleError> {
    // What locks while the past is judged anew is settled by what serves then.
    let Some(_alone) = stores.judging.try_lock() else {
        return Ok(0);
    };
    let serving = stores.derived.serving();
    let view = serving.view()?;
    let Some(watermark) = view.watermark()? else {
        return Ok(0);
    };
    let by = view.mark()?.map(|mark| mark.judgement);
    if by != Some(stores.log.current_judgement()?.version) {
        return Ok(0);
    }
    let until = watermark.wall_end.plus(-MINUTE);
    let mut due = Vec::new();
    view.for_each_due(until, &mut |id| {
        due.push(id);
        ControlFlow::Continue(())
    })?;
    let mut settled = 0;
    for ids in due.chunks(AT_ONCE) {
        if stop.load(Ordering::Acquire) {
            break;
        }
        settled += stores.log.settle(&settlements(&view, ids)?)?;
    }
    Ok(settled)
}

fn settlements(view: &View<'_>, ids: &[ActionId]) -> Result<Vec<Settlement>, DerivedError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(action) = view.action(*id)? {
            found.extend(settlement(*id, action));
        }
    }
    Ok(found)
}

/// What an action came to; `None` while it is open.
fn settlement(id: ActionId, action: Action) -> Option<Settlement> {
    Some(Settlement {
        program: id.program,
        event_type: id.event_type,
        locking: action.locking?,
        action: id.order,
        partner: action.partner,
        date: action.date,
        day: action.day,
        amount: action.amount,
        cost: action.cost,
        gross_cost: action.gross_cost,
        reversed: action.is_reversed(),
        order_id: action.order_id,
    })
}
