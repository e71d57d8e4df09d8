//! Reckoning what a judgement changes of what was paid before it.

use std::collections::BTreeMap;

use ahash::AHashMap;

use crate::derived::{Action, ActionFlags, ActionId, Judged, VerdictKey, View};
use crate::log::{Adjusted, Adjustment, Log};
use crate::model::id::{JudgementVersion, PartnerId, ProgramId};

use super::super::error::FoldError;

/// Takes the program and partner of an adjustment, and the adjustment.
type Each<'a> = dyn FnMut(ProgramId, PartnerId, Adjustment) -> Result<(), FoldError> + 'a;

/// What each partner is paid for an action.
type Paid = BTreeMap<PartnerId, i64>;

/// Hands what `after`, folded by a further judgement, changes of what was paid in `before` to
/// `each`: clicks first, then settled actions. Both have come to one slot, and `before` is folded
/// by every judgement of the log.
///
/// # Errors
/// One of them, or the log, can't be read, or `each` fails.
pub fn adjustments(
    log: &Log,
    before: &View<'_>,
    after: &View<'_>,
    each: &mut Each<'_>,
) -> Result<(), FoldError> {
    clicks(before, after, each)?;
    actions(log, before, after, each)
}

fn price(judged: &Judged) -> i64 {
    judged.charge.map_or(0, |charge| charge.price().0)
}

fn clicks(before: &View<'_>, after: &View<'_>, each: &mut Each<'_>) -> Result<(), FoldError> {
    let mut take = |key: VerdictKey, judged: &Judged, more: i64| {
        if more == 0 {
            return Ok(());
        }
        let of = Adjusted::Click {
            slot: judged.verdict.slot,
            number: key.number,
            partner: key.partner,
        };
        let partner = judged.verdict.bucket(key.partner);
        each(key.program, partner, Adjustment { of, more })
    };
    let mut done: Result<(), FoldError> = Ok(());
    before.for_each_verdict_of_all(&mut |key, judged| {
        let paid = price(&judged);
        if paid != 0 && done.is_ok() {
            done = after.judged(key).map_err(FoldError::from).and_then(|now| {
                let due = now.as_ref().map_or(0, price);
                take(key, &judged, due.saturating_sub(paid))
            });
        }
    })?;
    done?;
    let mut done: Result<(), FoldError> = Ok(());
    after.for_each_verdict_of_all(&mut |key, judged| {
        let due = price(&judged);
        if due != 0 && done.is_ok() {
            done = before.judged(key).map_err(FoldError::from).and_then(|was| {
                let is_new = was.is_some_and(|was| price(&was) == 0);
                take(key, &judged, if is_new { due } else { 0 })
            });
        }
    })?;
    done
}

fn actions(
    log: &Log,
    before: &View<'_>,
    after: &View<'_>,
    each: &mut Each<'_>,
) -> Result<(), FoldError> {
    let mut booked: AHashMap<ActionId, Paid> = AHashMap::new();
    let by = before
        .mark()?
        .map_or(JudgementVersion(0), |mark| mark.judgement);
    for judgement in log.adjusting(by)? {
        log.for_each_adjustment(judgement.version, &mut |row| {
            if let Adjusted::Action {
                program,
                event_type,
                action,
                partner,
            } = row.of
            {
                let id = ActionId {
                    program,
                    event_type,
                    order: action,
                };
                let paid = booked.entry(id).or_default().entry(partner).or_default();
                *paid = paid.saturating_add(row.more);
            }
        })?;
    }
    let mut done: Result<(), FoldError> = Ok(());
    after.for_each_action(&mut |id, action| {
        if action.flags.any(ActionFlags::SETTLED) && done.is_ok() {
            let booked = booked.remove(&id).unwrap_or_default();
            done = differing(&action, booked).try_for_each(|(partner, more)| {
                let of = Adjusted::Action {
                    program: id.program,
                    event_type: id.event_type,
                    action: id.order,
                    partner,
                };
                each(id.program, partner, Adjustment { of, more })
            });
        }
    })?;
    done
}

/// Whom a settled action is to be paid more, beyond what is `booked`.
fn differing(action: &Action, booked: Paid) -> impl Iterator<Item = (PartnerId, i64)> + use<> {
    let mut more: Paid = booked
        .into_iter()
        .map(|(partner, paid)| (partner, paid.saturating_neg()))
        .collect();
    if let Some((partner, due)) = action.ruled {
        let settled = more.entry(action.partner).or_default();
        *settled = settled.saturating_sub(action.cost.0);
        let ruled = more.entry(partner).or_default();
        *ruled = ruled.saturating_add(due.0);
    }
    more.into_iter().filter(|(_, more)| *more != 0)
}
