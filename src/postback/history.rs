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

/// What is sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    /// The last row of each event that is meant.
    pub(super) rows: Vec<(Place, Done)>,
    /// When the first event ended that there was no room for.
    pub(super) left_from: Option<Millis>,
}

/// The events that are meant: at most `most`, those that ended first.
///
/// # Errors
/// The ledger can't be read.
pub(super) fn select(
    ledger: &dyn Ledger,
    destination: u32,
    which: &Which,
    most: usize,
) -> Result<Selection, LogError> {
    let mut found = BTreeMap::new();
    let mut left_from = None;
    ledger.history(destination, which.since(), &mut |key, row| {
        let holds = which.holds(&row);
        if holds && (found.len() < most || found.contains_key(&key.place)) {
            found.insert(key.place, row);
        } else if holds {
            left_from.get_or_insert(key.at);
        } else {
            // An event that was given up and delivered later has not failed.
            found.remove(&key.place);
        }
        ControlFlow::Continue(())
    })?;
    Ok(Selection {
        rows: found.into_iter().collect(),
        left_from,
    })
}

/// The events of one destination that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub events: u64,
    /// How many of them have failed before.
    pub failed: u64,
    /// When the next one is due.
    pub next_at: Option<Millis>,
}

/// What waits, by destination. Reads every waiting row.
///
/// # Errors
/// The ledger can't be read.
pub fn waiting(ledger: &dyn Ledger) -> Result<BTreeMap<u32, Waiting>, LogError> {
    let mut all: BTreeMap<u32, Waiting> = BTreeMap::new();
    ledger.pending(&mut |destination, _, event| {
        let of = all.entry(destination).or_default();
        of.events = of.events.saturating_add(1);
        of.failed = of.failed.saturating_add(u64::from(event.tries > 0));
        let next_at = of.next_at.map_or(event.next_at, |at| at.min(event.next_at));
        of.next_at = Some(next_at);
    })?;
    Ok(all)
}
