//! Modifications and reversals in the log.

use crate::log::*;
use crate::model::action::change::{Change, What};
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::entry::Entry;
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::{Origin, PayloadHash};

fn modification(order_id: &str, payload: u8) -> Change {
    Change {
        program: ProgramId(7),
        event_type: EventTypeId(1),
        order_id: order_id.into(),
        action: None,
        what: What::Reverse,
        reason: "OTHER".into(),
        origin: Origin::Api,
        is_signed: false,
        payload: PayloadHash([payload; 16]),
        fields: Vec::new(),
    }
}

#[test]
fn a_change_is_a_retry_only_of_the_last_one_of_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
    let change = |order_id, payload| log.change(&modification(order_id, payload)).unwrap();
    let (first, other) = (change("o-1", 1), change("o-2", 1));
    assert!(!first.retry && !other.retry);
    let again = change("o-1", 1);
    assert_eq!((again.retry, again.id), (true, first.id));
    let second = change("o-1", 2);
    let third = change("o-1", 1);
    assert!(!second.retry && !third.retry);
    assert_ne!(third.id, first.id);
    let stored = log.entry(third.id).unwrap();
    assert_eq!(stored, Some(Entry::Change(modification("o-1", 1))));
    let sealed = log.seal().unwrap();
    let footer = log.footer(sealed).unwrap().unwrap();
    assert_eq!(footer.submissions, 4);
    let stored = LedgerEntry {
        program: ProgramId(7),
        stream: Stream::Modification,
        outcome: Outcome::Stored,
        count: 4,
    };
    assert!(footer.ledger.contains(&stored), "{:?}", footer.ledger);
    let retries = Outcome::Refused(RefusedReason::Retry);
    assert!(
        footer
            .ledger
            .iter()
            .any(|row| row.outcome == retries && row.count == 1)
    );
}

#[test]
fn a_change_is_a_retry_after_a_restart_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
    let log = open();
    let first = log.change(&modification("o-1", 1)).unwrap();
    drop(log);
    let log = open();
    let again = log.change(&modification("o-1", 1)).unwrap();
    assert_eq!((again.retry, again.id), (true, first.id));
    let stored = log.entry(first.id).unwrap();
    assert_eq!(stored, Some(Entry::Change(modification("o-1", 1))));
}
