//! Arrivals in the log.

use crate::log::*;
use crate::model::arrival::{Outcome, Stream};
use crate::model::id::{ProgramId, Slot};
use crate::model::submission::Person;
use crate::model::visit::Visit;

const PROGRAM: ProgramId = ProgramId(7);

fn visit(name: &str) -> Visit {
    Visit {
        program: PROGRAM,
        persons: vec![Person::named(PROGRAM, "CustomerId", name).unwrap()],
        ..Visit::default()
    }
}

fn open(folder: &std::path::Path) -> Log {
    Log::open(&Options::new(folder), Clock::start()).unwrap()
}

#[test]
fn arrivals_are_read_back_in_their_order_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let other = Visit {
        program: ProgramId(3),
        ..visit("b")
    };
    let sent = [visit("a"), other, visit("c"), visit("c")];
    let stored: Vec<_> = sent.iter().map(|visit| log.visit(visit).unwrap()).collect();
    log.wait_durable(stored[3].1).unwrap();
    let sealed = log.seal().unwrap();
    let footers = (1..=sealed.0).map(|slot| log.footer(Slot(slot)).unwrap().unwrap());
    let (mut found, mut counted) = (Vec::new(), 0);
    for footer in footers {
        log.check(&footer).unwrap();
        found.extend(log.visits(footer.slot).unwrap());
        counted += footer.visits;
    }
    let expected: Vec<_> = stored.iter().map(|row| row.0).zip(sent).collect();
    assert_eq!((found, counted), (expected, 4));
    assert!(log.has_events_after(Slot(0), ProgramId(3)).unwrap());
    assert!(!log.has_events_after(Slot(0), ProgramId(4)).unwrap());
}

#[test]
fn a_torn_slot_counts_its_arrivals() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = open(folder.path());
    log.seal().unwrap();
    let (_, epoch) = log.visit(&visit("a")).unwrap();
    log.wait_durable(epoch).unwrap();
    // The files as a killed process leaves them.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let again = open(copy.path());
    let footers = (1..=again.sealed().0).map(|slot| again.footer(Slot(slot)).unwrap().unwrap());
    let torn: Vec<_> = footers.filter(|footer| footer.visits > 0).collect();
    assert_eq!((torn.len(), torn[0].visits), (1, 1));
    again.check(&torn[0]).unwrap();
    let stored = LedgerEntry {
        program: PROGRAM,
        stream: Stream::PageLoad,
        outcome: Outcome::Stored,
        count: 1,
    };
    assert!(torn[0].ledger.contains(&stored), "{:?}", torn[0].ledger);
}

#[test]
fn an_arrival_that_is_missing_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    log.visit(&visit("a")).unwrap();
    let sealed = log.seal().unwrap();
    let mut footer = log.footer(sealed).unwrap().unwrap();
    assert_eq!(footer.visits, 1);
    footer.visits = 2;
    let error = log.check(&footer).unwrap_err();
    assert!(matches!(error, LogError::SlotMismatch { .. }), "{error}");
}
