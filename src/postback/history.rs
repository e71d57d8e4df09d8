//! What became of events: the delivery log, and which events of it are sent again.
//!
//! In: the ledger. Out: rows for the operator, bounded. Called by the control verbs, on a thread
//! that may wait for the disk.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::log::LogError;
use crate::model::time::Millis;

use super::ledger::{Done, DoneKey, End, Ledger, Place};

/// Which events are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one with this id.
    Event(Box<str>),
    /// All that ended at this time or later.
    Since(Millis),
    /// All that were given up at this time or later.
    FailedSince(Millis),
}

impl Which {
    fn since(&self) -> Millis {
        match self {
            Self::Event(_) => Millis(0),
            Self::Since(at) | Self::FailedSince(at) => *at,
        }
    }

    fn holds(&self, row: &Done) -> bool {
        match self {
            Self::Event(event) => row.event == *event,
            Self::Since(_) => true,
            Self::FailedSince(_) => row.end != End::Delivered,
        }
    }
}

/// At most `most` rows of `destination`, oldest first.
///
/// # Errors
/// The ledger can't be read.
pub fn rows(
    ledger: &dyn Ledger,
    destination: u32,
    which: &Which,
    most: usize,
) -> Result<Vec<(DoneKey, Done)>, LogError> {
    let mut found = Vec::new();
    ledger.history(destination, which.since(), &mut |key, row| {
        if found.len() >= most {
            return ControlFlow::Break(());
        }
        if which.holds(&row) {
            found.push((key, row));
        }
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// The last row of each event that is meant: at most `most` events, those that ended first.
///
/// # Errors
/// The ledger can't be read.
pub(super) fn last_rows(
    ledger: &dyn Ledger,
    destination: u32,
    which: &Which,
    most: usize,
) -> Result<Vec<(Place, Done)>, LogError> {
    let mut found = BTreeMap::new();
    ledger.history(destination, which.since(), &mut |key, row| {
        if found.len() < most || found.contains_key(&key.place) {
            // An event that was given up and delivered later has not failed.
            if which.holds(&row) {
                found.insert(key.place, row);
            } else {
                found.remove(&key.place);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(found.into_iter().collect())
}
