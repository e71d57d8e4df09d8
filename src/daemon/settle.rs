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

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::derived::{ActionFlags, Mark};
    use crate::model::id::{
        AdId, EventNumber, EventTypeId, JudgementVersion, PartnerId, ProgramId, Slot, SubmissionId,
    };
    use crate::model::money::Money;
    use crate::model::referral::ReferringType;
    use crate::model::time::{Day, Millis};

    use super::*;

    fn action() -> Action {
        Action {
            order_id: "o".into(),
            occurrence: 0,
            partner: PartnerId(1),
            ad: AdId(2),
            click: None,
            referring_type: ReferringType::ClickCookie,
            contract: Millis(0),
            submission: SubmissionId {
                slot: Slot(1),
                program: ProgramId(7),
                number: EventNumber(4),
            },
            date: Millis(1_000),
            day: Day(0),
            locking: Some(Millis(9_000)),
            amount: None,
            cost: Money(5),
            intended_amount: None,
            intended_cost: Money(5),
            gross_cost: Money(5),
            updated: Millis(0),
            updates: 1,
            group: None,
            customer_status: None,
            holds: Vec::new(),
            ruled: None,
            flags: ActionFlags::NONE,
        }
    }

    #[test]
    fn nothing_is_settled_while_the_past_is_judged_or_by_rows_that_are_overruled() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().display();
        let text = format!("[store]\ndirectory = \"{directory}/store\"\n");
        let stores = Stores::open(&Config::parse("test", &text).unwrap()).unwrap();
        let folded = |judgement| {
            let serving = stores.derived.serving();
            let mut batch = serving.families().unwrap().batch();
            let id = ActionId {
                program: ProgramId(7),
                event_type: EventTypeId(1),
                order: 3,
            };
            batch.set_action(id, &action(), &[]);
            batch.lock(id, Millis(9_000));
            let mark = Mark {
                slot: Slot(1),
                wall_end: Millis(9_000 + MINUTE),
                checksum: 0,
                newest: Millis(0),
                judgement: JudgementVersion(judgement),
            };
            batch.commit(&mark).unwrap();
        };
        let settle = || settle_due(&stores, &AtomicBool::new(false)).unwrap();
        folded(0);
        let judged = stores.judging.lock();
        assert_eq!(settle(), 0);
        drop(judged);
        let lists = "date = \"2026-11-01\"\nrobots = ['x']";
        let next = stores.log.next_judgement(Slot(0), lists.as_bytes());
        let next = next.unwrap();
        stores.log.put_judgement(&next, lists.as_bytes()).unwrap();
        assert_eq!(settle(), 0, "by rows of the judgement before");
        folded(next.version.0);
        assert_eq!(settle(), 1);
    }
}
