//! The log against a real store in a temporary folder.

use std::collections::BTreeSet;

use crate::log::row::key;
use crate::log::*;
use crate::model::arrival::Outcome;
use crate::model::click::{Click, ClickFlags, Network, Parameter, Visitor};
use crate::model::entry::Entry;
use crate::model::id::{
    AdId, CatalogVersion, EventNumber, EventTypeId, PartnerId, ProgramId, RulesVersion, Slot,
    StringRef,
};
use crate::model::submission::{PayloadHash, Submission};

type Pairs = std::iter::Copied<std::slice::Iter<'static, (Parameter, &'static [u8])>>;

fn open(directory: &std::path::Path) -> Log {
    Log::open(&Options::new(directory), Clock::start()).unwrap()
}

fn click(program: u32) -> Click<Pairs> {
    const PAIRS: &[(Parameter, &[u8])] = &[(Parameter::SubId(1), b"x")];
    Click {
        flags: ClickFlags::NONE,
        program: ProgramId(program),
        ad: AdId(1),
        network: Network::V4([192, 0, 2]),
        visitor: Visitor(1),
        visitor_before: None,
        cookie: None,
        user_agent: StringRef(0),
        referrer: StringRef(0),
        shape: StringRef(0),
        landing: StringRef(0),
        parameters: PAIRS.iter().copied(),
    }
}

fn push(writer: &mut TurnWriter, partner: u32) -> EventNumber {
    let (number, covered) = writer.mint(writer.now());
    assert!(covered, "the lease covers the present");
    writer.count(ProgramId(7), Outcome::Received);
    writer.push(PartnerId(partner), number, &click(7));
    number
}

fn submission(order_id: &str, payload: u8) -> Submission {
    Submission {
        program: ProgramId(7),
        event_type: EventTypeId(1),
        order_id: order_id.into(),
        payload: PayloadHash([payload; 16]),
        ..Submission::default()
    }
}

fn stored(log: &Log) -> BTreeSet<(u32, u64)> {
    let mut found = BTreeSet::new();
    let first = log.first_slot().unwrap().unwrap_or(Slot(1));
    for slot in first.0..=log.sealed().0 {
        let mut each = |click: crate::model::click::StoredClick<Parameters<'_>>| {
            assert!(
                found.insert((click.partner.0, click.number.0)),
                "stored twice"
            );
        };
        log.for_each_click(Slot(slot), &mut each).unwrap();
    }
    found
}

#[test]
fn a_turn_is_read_back_from_its_slot() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = log.writer();
    let text = writer.intern(b"Mozilla/5.0").unwrap();
    let numbers: BTreeSet<_> = (0..10)
        .map(|n| (n % 3, push(&mut writer, n % 3).0))
        .collect();
    assert!(writer.has_rows());
    let epoch = writer.commit().unwrap().unwrap();
    assert_eq!((writer.has_rows(), writer.commit().unwrap()), (false, None));
    log.wait_durable(epoch).unwrap();
    assert!(log.durable_epoch() >= epoch);
    let sealed = log.seal().unwrap();
    assert_eq!(stored(&log), numbers);
    assert_eq!(
        log.string(text).unwrap().as_deref(),
        Some(&b"Mozilla/5.0"[..])
    );
    let footers: Vec<_> = (1..=sealed.0)
        .map(|slot| log.footer(Slot(slot)).unwrap().unwrap())
        .collect();
    for footer in &footers {
        log.check(footer).unwrap();
        assert!(!footer.torn);
    }
    assert_eq!(footers.iter().map(|footer| footer.clicks).sum::<u32>(), 10);
    let counts = |outcome| -> u64 {
        let entries = footers.iter().flat_map(|footer| &footer.ledger);
        entries
            .filter(|entry| entry.outcome == outcome)
            .map(|entry| entry.count)
            .sum()
    };
    assert_eq!(
        (counts(Outcome::Received), counts(Outcome::Stored)),
        (10, 10)
    );
}

#[test]
fn slots_go_on_across_starts_and_numbers_grow() {
    let folder = tempfile::tempdir().unwrap();
    let (first, last) = {
        let log = open(folder.path());
        let mut writer = log.writer();
        let number = push(&mut writer, 1);
        writer.commit().unwrap();
        log.stop().unwrap();
        (number, log.sealed())
    };
    let log = open(folder.path());
    let mut writer = log.writer();
    let second = push(&mut writer, 1);
    assert!(second > first);
    writer.commit().unwrap();
    assert!(log.seal().unwrap() > last);
    assert_eq!(stored(&log), BTreeSet::from([(1, first.0), (1, second.0)]));
}

#[test]
fn a_torn_slot_gets_its_footer_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    log.seal().unwrap();
    let mut writer = log.writer();
    let number = push(&mut writer, 3);
    let epoch = writer.commit().unwrap().unwrap();
    let kept = log.submit(&submission("o-1", 1)).unwrap();
    log.wait_durable(epoch.max(kept.epoch)).unwrap();
    // The files as a killed process leaves them.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let again = open(copy.path());
    let torn = Slot(kept.id.slot.0);
    let footer = again
        .footer(torn)
        .unwrap()
        .expect("recovery closes the slot");
    assert!(footer.torn);
    assert_eq!((footer.clicks, footer.submissions), (1, 1));
    again.check(&footer).unwrap();
    assert!(stored(&again).contains(&(3, number.0)));
    assert!(again.sealed() >= torn);
    assert_eq!(
        again.entry(kept.id).unwrap(),
        Some(Entry::Conversion(submission("o-1", 1)))
    );
}

#[test]
fn a_log_cut_below_what_was_durable_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let accepted = log.submit(&submission("o-1", 1)).unwrap();
    log.wait_durable(accepted.epoch).unwrap();
    log.stop().unwrap();
    drop(log);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }
    }
    let error = Log::open(&Options::new(folder.path()), Clock::start()).unwrap_err();
    assert!(matches!(error, LogError::Truncated { .. }), "{error}");
    assert_eq!(error.exit_code(), 65);
}

#[test]
fn a_second_process_is_told_the_log_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let _log = open(folder.path());
    let error = Log::open(&Options::new(folder.path()), Clock::start()).unwrap_err();
    assert!(matches!(error, LogError::InUse { .. }), "{error}");
}

#[test]
fn a_clock_an_hour_behind_the_last_slot_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::start().now();
    open(folder.path()).stop().unwrap();
    let hour = crate::model::time::HOUR;
    let at = |millis| {
        Log::open(
            &Options::new(folder.path()),
            Clock::start_at(now.plus(millis)),
        )
    };
    let error = at(-hour - 5_000).unwrap_err();
    assert!(matches!(error, LogError::ClockBehind { .. }), "{error}");
    at(-hour + 60_000).unwrap();
}

#[test]
fn another_format_is_refused() {
    for other in [recover::FORMAT - 1, recover::FORMAT + 1] {
        let folder = tempfile::tempdir().unwrap();
        {
            let log = open(folder.path());
            let meta = log.shared.cf(family::META).unwrap();
            log.shared
                .db
                .put_cf(meta, b"format", other.to_be_bytes())
                .unwrap();
            log.stop().unwrap();
        }
        let error = Log::open(&Options::new(folder.path()), Clock::start()).unwrap_err();
        assert!(
            matches!(error, LogError::OtherFormat { found, .. } if found == other),
            "{error}"
        );
    }
}

#[test]
fn rows_that_differ_from_their_footer_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = log.writer();
    let number = push(&mut writer, 1);
    writer.commit().unwrap();
    log.seal().unwrap();
    let slot = (1..=log.sealed().0)
        .map(Slot)
        .find(|slot| log.footer(*slot).unwrap().unwrap().clicks == 1)
        .unwrap();
    let footer = log.footer(slot).unwrap().unwrap();
    log.check(&footer).unwrap();
    let clicks = log.shared.cf(family::CLICKS).unwrap();
    let row = log.click_row(slot, PartnerId(1), number).unwrap().unwrap();
    // The same click filed under another partner keeps every count.
    log.shared
        .db
        .delete_cf(clicks, key::click(slot, PartnerId(1), number))
        .unwrap();
    log.shared
        .db
        .put_cf(clicks, key::click(slot, PartnerId(2), number), &row)
        .unwrap();
    assert!(matches!(
        log.check(&footer),
        Err(LogError::SlotMismatch { .. })
    ));
    log.shared
        .db
        .delete_cf(clicks, key::click(slot, PartnerId(2), number))
        .unwrap();
    assert!(matches!(
        log.check(&footer),
        Err(LogError::SlotMismatch { .. })
    ));
}

#[test]
fn an_exact_retry_is_stored_once_and_another_payload_is_a_further_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let first = log.submit(&submission("o-1", 1)).unwrap();
    let retry = log.submit(&submission("o-1", 1)).unwrap();
    let other = log.submit(&submission("o-1", 2)).unwrap();
    let elsewhere = log.submit(&submission("o-2", 1)).unwrap();
    assert_eq!(
        (first.retry, retry.retry, other.retry, elsewhere.retry),
        (false, true, false, false)
    );
    assert_eq!(retry.id, first.id);
    assert!(other.id != first.id && elsewhere.id != first.id);
    log.stop().unwrap();
    drop(log);
    let log = open(folder.path());
    assert_eq!(
        log.submit(&submission("o-1", 2)).unwrap().id,
        other.id,
        "also after a restart"
    );
    let sealed = log.seal().unwrap();
    let all: usize = (1..=sealed.0)
        .map(|slot| log.entries(Slot(slot)).unwrap().len())
        .sum();
    assert_eq!(all, 3);
}

#[test]
fn copies_submitted_at_once_are_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for round in 0..200 {
        let (order, gate) = (format!("o-{round}"), std::sync::Barrier::new(4));
        let submit = || {
            gate.wait();
            log.submit(&submission(&order, 1)).unwrap()
        };
        let ids: Vec<_> = std::thread::scope(|scope| {
            let tasks: Vec<_> = (0..4).map(|_| scope.spawn(submit)).collect();
            tasks.into_iter().map(|task| task.join().unwrap()).collect()
        });
        assert_eq!(ids.iter().filter(|accepted| !accepted.retry).count(), 1);
        assert!(ids.iter().all(|accepted| accepted.id == ids[0].id));
    }
}

#[test]
fn one_order_id_has_a_bound_of_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let with = |n: usize| {
        let mut other = submission("o-1", 0);
        other.payload.0[..8].copy_from_slice(&n.to_be_bytes());
        log.submit(&other)
    };
    for n in 0..store::conversions::ATTEMPTS_MAX {
        with(n).unwrap();
    }
    assert!(matches!(
        with(store::conversions::ATTEMPTS_MAX),
        Err(LogError::TooManyAttempts(_))
    ));
    assert!(
        with(0).unwrap().retry,
        "a retry of an attempt is still a retry"
    );
}

#[test]
fn catalogue_and_rules_are_versioned_and_named_by_the_footer() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    assert_eq!(
        log.put_catalog(CatalogVersion(0), b"one").unwrap(),
        CatalogVersion(1)
    );
    let moved = log.put_catalog(CatalogVersion(0), b"two").unwrap_err();
    assert!(matches!(moved, LogError::CatalogMoved { .. }), "{moved}");
    assert_eq!(log.put_rules(b"robots").unwrap(), RulesVersion(1));
    log.seal().unwrap();
    let footer = log.last_footer().unwrap().unwrap();
    assert_eq!(
        (footer.catalog, footer.rules),
        (CatalogVersion(1), RulesVersion(1))
    );
    log.put_api_key("k", b"hash").unwrap();
    log.stop().unwrap();
    drop(log);
    let log = open(folder.path());
    assert_eq!(log.current_catalog(), CatalogVersion(1));
    assert_eq!(log.current_rules(), RulesVersion(1));
    assert_eq!(
        log.catalog(CatalogVersion(1)).unwrap().as_deref(),
        Some(&b"one"[..])
    );
    assert_eq!(
        log.rules(RulesVersion(1)).unwrap().as_deref(),
        Some(&b"robots"[..])
    );
    assert_eq!(
        log.api_keys().unwrap(),
        [("k".to_owned(), b"hash".to_vec())]
    );
}

#[test]
fn abandoned_clicks_are_counted_and_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = log.writer();
    push(&mut writer, 1);
    writer.abandon();
    assert_eq!(writer.commit().unwrap(), None);
    // The counts join the ledger of the slot that ends next.
    let sealed = log.seal().unwrap();
    let ledger: Vec<_> = (1..=sealed.0)
        .flat_map(|slot| log.footer(Slot(slot)).unwrap().unwrap().ledger)
        .map(|entry| (entry.outcome, entry.count))
        .collect();
    assert_eq!(ledger, [(Outcome::Received, 1), (Outcome::Unrecorded, 1)]);
    assert!(stored(&log).is_empty());
}

#[test]
fn a_full_slot_ends_before_its_second() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        slot_rows_max: 10,
        ..Options::new(folder.path())
    };
    let log = Log::open(&options, Clock::start()).unwrap();
    let mut writer = log.writer();
    for _ in 0..10 {
        for _ in 0..5 {
            push(&mut writer, 1);
        }
        writer.commit().unwrap();
    }
    let sealed = log.seal().unwrap();
    let most = (1..=sealed.0)
        .map(|slot| log.footer(Slot(slot)).unwrap().unwrap().clicks)
        .max();
    assert_eq!(most, Some(10));
    assert_eq!(stored(&log).len(), 50);
}

#[test]
fn a_stopped_log_acknowledges_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = log.writer();
    push(&mut writer, 1);
    log.shared.fail(LogError::Stalled);
    assert_eq!(log.failure(), Some("the store can't keep up"));
    assert!(*log.failed().borrow());
    assert!(matches!(writer.commit(), Err(LogError::Stopped(_))));
    assert!(matches!(
        log.submit(&submission("o", 1)),
        Err(LogError::Stopped(_))
    ));
    assert!(matches!(
        log.wait_durable(Epoch(u64::MAX)),
        Err(LogError::Stopped(_))
    ));
}

#[test]
fn metrics_name_what_the_store_failed_at() {
    use crate::telemetry::Recorder;
    for (action, operation) in [
        ("write", "write"),
        ("sync the side file", "sync"),
        ("open", "read"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        let recorder = Recorder::new(log.clock().now()).unwrap();
        log.observe(recorder.metrics());
        log.shared
            .fail(LogError::file(action)(std::io::Error::other("broken")));
        let line = format!("clickd_log_errors_total{{operation=\"{operation}\"}} 1");
        let page = recorder.render();
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

#[test]
fn new_strings_and_the_size_of_the_wal_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut writer = log.writer();
    writer.intern(b"Mozilla/5.0").unwrap();
    let before = log.wal_bytes();
    for _ in 0..100 {
        push(&mut writer, 1);
    }
    writer.commit().unwrap();
    assert_eq!(
        log.stats()
            .strings
            .load(std::sync::atomic::Ordering::Relaxed),
        1
    );
    assert!(log.wal_bytes() > before);
}
