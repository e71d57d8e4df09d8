//! Which actions or updates a query means, newest first.
//!
//! The first kind of times that the query names is read from its index; what else it asks for is
//! looked up with each action. More than ten full pages are not listed.

use std::ops::ControlFlow;

use crate::derived::{
    Action, ActionId, ActionState, DerivedError, IndexKey, IndexKind, Update, UpdateKey,
    UpdateKind, View,
};
use crate::model::time::Millis;

use super::super::error::{QueryError, ReportError};
use super::query::{PAGES_MAX, Query};

/// The place of an action, or of one of its updates; ordered by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    at: Millis,
    pub(super) action: ActionId,
    /// The update; 0 for the action itself.
    pub(super) update: u32,
}

/// The actions that `query` means at `as_of`, by the time they came to be.
///
/// # Errors
/// There are too many, or the rows can't be read.
pub(super) fn actions(
    view: &View<'_>,
    query: &Query,
    as_of: Millis,
) -> Result<Vec<Hit>, ReportError> {
    let mut hits = Hits::of(query);
    by_index(view, query, &mut |key, action| {
        // An action has an index row for each update; the last one is when it was last updated.
        let is_last = key.kind != IndexKind::Updated || key.update == action.updates;
        let is_meant = is_last
            && query.names(key.action(), action)
            && is_in(query, action)
            && query.state.is_none_or(|state| action.state(as_of) == state);
        Ok(if is_meant {
            hits.add(Hit {
                at: action.submission.number.time(),
                action: key.action(),
                update: 0,
            })
        } else {
            ControlFlow::Continue(())
        })
    })?;
    hits.sorted()
}

/// The updates that `query` means, by the time they were received.
///
/// # Errors
/// As [`actions`].
pub(super) fn updates(view: &View<'_>, query: &Query) -> Result<Vec<Hit>, ReportError> {
    let mut hits = Hits::of(query);
    let wanted = query.times(IndexKind::Updated);
    by_index(view, query, &mut |key, action| {
        if !query.names(key.action(), action) || !is_dated_in(query, action) {
            return Ok(ControlFlow::Continue(()));
        }
        let numbers = match key.kind {
            IndexKind::Updated => key.update..=key.update,
            IndexKind::Dated | IndexKind::Locking | IndexKind::Due => 1..=action.updates,
        };
        for number in numbers {
            let place = UpdateKey {
                action: key.action(),
                number,
            };
            let Some(update) = view.update(place)? else {
                continue;
            };
            let is_meant = wanted.is_none_or(|times| times.contains(&update.at()))
                && query
                    .state
                    .is_none_or(|wanted| state_after(action, &update) == wanted);
            let hit = Hit {
                at: update.at(),
                action: place.action,
                update: number,
            };
            if is_meant && hits.add(hit).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    hits.sorted()
}

/// The state that an action had as an update was made.
pub(super) fn state_after(action: &Action, update: &Update) -> ActionState {
    // Nothing comes after a settlement.
    let is_reversed = match update.kind {
        UpdateKind::Tracked | UpdateKind::Modified => false,
        UpdateKind::Reversed => true,
        UpdateKind::Settled => action.is_reversed(),
    };
    if is_reversed {
        ActionState::Reversed
    } else if action.is_locked(update.at()) {
        ActionState::Approved
    } else {
        ActionState::Pending
    }
}

/// Whether every time of an action is as asked for.
fn is_in(query: &Query, action: &Action) -> bool {
    let updated = query.times(IndexKind::Updated);
    updated.is_none_or(|times| times.contains(&action.updated)) && is_dated_in(query, action)
}

/// Whether the times of an action that never change are as asked for.
fn is_dated_in(query: &Query, action: &Action) -> bool {
    let dated = query.times(IndexKind::Dated);
    let locking = query.times(IndexKind::Locking);
    dated.is_none_or(|times| times.contains(&action.date))
        && locking.is_none_or(|times| action.locking.is_some_and(|at| times.contains(&at)))
}

/// Takes one index row with its action.
type OnAction<'a> = dyn FnMut(IndexKey, &Action) -> Result<ControlFlow<()>, DerivedError> + 'a;

/// Hands every row of the index that answers `query` best to `f`, until it breaks.
fn by_index(view: &View<'_>, query: &Query, f: &mut OnAction<'_>) -> Result<(), ReportError> {
    let Some((kind, times)) = query.times.first() else {
        return Ok(());
    };
    let mut failed = None;
    let read = view.for_each_indexed(query.program, *kind, times.clone(), &mut |key| {
        let flow = view.action(key.action()).and_then(|action| match action {
            Some(action) if is_current(&key, &action) => f(key, &action),
            Some(_) | None => Ok(ControlFlow::Continue(())),
        });
        flow.unwrap_or_else(|error| {
            failed = Some(error);
            ControlFlow::Break(())
        })
    });
    match (read, failed) {
        (Err(error), _) | (Ok(()), Some(error)) => Err(ReportError::Unreadable(error.to_string())),
        (Ok(()), None) => Ok(()),
    }
}

/// Whether a row of the index still says what the action says, so that no action shows twice.
fn is_current(key: &IndexKey, action: &Action) -> bool {
    match key.kind {
        IndexKind::Updated => true,
        IndexKind::Dated => action.date == key.at,
        IndexKind::Locking | IndexKind::Due => action.locking == Some(key.at),
    }
}

/// What was found so far, as far as it may be listed.
struct Hits {
    found: Vec<Hit>,
    max: usize,
    is_over: bool,
}

impl Hits {
    fn of(query: &Query) -> Self {
        Self {
            found: Vec::new(),
            max: query.rows_max(),
            is_over: false,
        }
    }

    fn add(&mut self, hit: Hit) -> ControlFlow<()> {
        self.is_over = self.found.len() >= self.max;
        if self.is_over {
            return ControlFlow::Break(());
        }
        self.found.push(hit);
        ControlFlow::Continue(())
    }

    fn sorted(mut self) -> Result<Vec<Hit>, ReportError> {
        if self.is_over {
            let message = format!(
                "is too small: there are more than {PAGES_MAX} pages; reduce the date range or \
                 increase PageSize"
            );
            let error = QueryError::new("PageSize", message);
            return Err(ReportError::Invalid(vec![error]));
        }
        self.found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(self.found)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::id::{EventTypeId, ProgramId};

    use super::*;

    fn query(page_size: u32) -> Query {
        Query {
            partner: None,
            event_type: None,
            ad: None,
            program: ProgramId(1),
            state: None,
            times: Vec::new(),
            page: 1,
            page_size,
            format: None,
        }
    }

    fn hit(order: u64) -> Hit {
        let (program, event_type) = (ProgramId(1), EventTypeId(2));
        Hit {
            at: Millis(0),
            action: ActionId {
                program,
                event_type,
                order,
            },
            update: 0,
        }
    }

    #[test]
    fn ten_full_pages_are_listed_and_not_one_more() {
        let mut hits = Hits::of(&query(2));
        for order in 0..20 {
            assert!(hits.add(hit(order)).is_continue(), "{order}");
        }
        let mut over = Hits::of(&query(2));
        over.found.clone_from(&hits.found);
        let sorted: Vec<u64> = hits
            .sorted()
            .unwrap()
            .iter()
            .map(|h| h.action.order)
            .collect();
        assert_eq!(sorted, (0..20).rev().collect::<Vec<_>>());
        assert!(over.add(hit(20)).is_break());
        let Err(ReportError::Invalid(errors)) = over.sorted() else {
            panic!("it is listed");
        };
        let said = errors[0].to_string();
        assert!(
            said.contains("reduce the date range or increase PageSize"),
            "{said}"
        );
        assert_eq!(query(20_000).rows_max(), 200_000);
    }
}
