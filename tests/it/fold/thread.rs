//! The fold thread: it keeps up, stops at a slot that is not what its footer closed, rebuilds
//! beside the serving rows, and starts again from a store of another log.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clickd::derived::{Derived, Options};
use clickd::fold::{Fold, Folder, RULES, verify};
use clickd::log::{Clock, Log, Options as LogOptions};
use clickd::model::id::{EventNumber, PartnerId, Slot};

use super::same::open;
use super::world::{World, begin};

/// Waits until `done`, which must come.
pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

fn slots(world: &mut World, log: &Log, count: u32) -> Slot {
    let mut writer = log.writer();
    for _ in 0..count {
        world.slot(log, &mut writer);
    }
    log.sealed()
}

#[test]
fn it_keeps_up_and_goes_on_where_it_stopped() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::new(1);
    let log = world.open(&root.path().join("log"));
    begin(&log);
    let dir = root.path().join("derived");
    for _ in 0..2 {
        let derived = open(&dir, &log);
        let mut fold = Fold::start(log.clone(), derived.clone(), Arc::default(), None).unwrap();
        let sealed = slots(&mut world, &log, 3);
        until("the fold reaches the log", || {
            fold.status().watermark().slot >= sealed
        });
        assert!(fold.status().is_running() && fold.status().failure().is_none());
        fold.stop();
        assert!(!fold.status().is_running());
        assert_eq!(derived.watermark(), Some(fold.status().watermark()));
        assert!(verify(&log, &derived).unwrap().is_clean());
    }
}

#[test]
fn a_rebuild_serves_the_old_rows_until_the_new_ones_are_level() {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::new(2);
    let log = world.open(&root.path().join("log"));
    begin(&log);
    let dir = root.path().join("derived");
    // The rows were folded under the rules before these.
    let end = log.last_footer().unwrap().map(|footer| footer.slot);
    let old = Derived::open(&dir, &Options::new(RULES - 1), end).unwrap();
    let mut fold = Fold::start(log.clone(), old, Arc::default(), None).unwrap();
    let sealed = slots(&mut world, &log, 3);
    until("the fold reaches the log", || {
        fold.status().watermark().slot >= sealed
    });
    fold.stop();
    drop(fold);
    let derived = open(&dir, &log);
    let (number, mark) = (derived.serving().number(), derived.watermark());
    assert!(derived.outdated().unwrap() && mark.is_some());
    let mut fold = Fold::start(log.clone(), derived.clone(), Arc::default(), None).unwrap();
    until("the rebuild ends", || {
        assert!(derived.watermark() >= mark, "reports never go back");
        fold.status().rebuilds() > 0
    });
    assert!(derived.serving().number() > number && !derived.outdated().unwrap());
    fold.remote().rebuild();
    assert!(fold.status().is_rebuilding());
    until("a second rebuild ends", || fold.status().rebuilds() > 1);
    let sealed = slots(&mut world, &log, 1);
    until("the fold goes on", || {
        fold.status().watermark().slot >= sealed
    });
    fold.stop();
    assert!(!fold.status().is_rebuilding());
    assert!(verify(&log, &derived).unwrap().is_clean());
}

/// Deletes a stored click without telling the log.
fn lose(dir: &Path, slot: Slot, partner: PartnerId, number: EventNumber) {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, dir).unwrap();
    let db = rocksdb::DB::open_cf(&options, dir, families).unwrap();
    let key = [
        &slot.0.to_be_bytes()[..],
        &partner.0.to_be_bytes(),
        &number.0.to_be_bytes(),
    ]
    .concat();
    let clicks = db.cf_handle("clicks").unwrap();
    assert!(db.get_cf(clicks, &key).unwrap().is_some());
    db.delete_cf(clicks, &key).unwrap();
}

#[test]
fn a_slot_that_does_not_match_its_footer_stops_the_fold_before_it() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("log");
    let mut world = World::new(3);
    let log = world.open(&dir);
    begin(&log);
    let last = slots(&mut world, &log, 6);
    let mut found = Vec::new();
    for slot in (1..=last.0).map(Slot) {
        log.for_each_click(slot, &mut |row| found.push((slot, row.partner, row.number)))
            .unwrap();
    }
    let (slot, partner, number) = found[found.len() / 2];
    let end = log.last_footer().unwrap().unwrap().wall_end;
    log.stop().unwrap();
    drop(log);
    lose(&dir, slot, partner, number);
    let log = Log::open(&LogOptions::new(&dir), Clock::start_at(end)).unwrap();
    let derived = open(&root.path().join("derived"), &log);
    let mut fold = Fold::start(log.clone(), derived.clone(), Arc::default(), None).unwrap();
    until("the fold stops", || !fold.status().is_running());
    let failure = fold.status().failure().unwrap().to_owned();
    assert!(
        failure.starts_with(&format!("slot {slot} does not match its footer")),
        "{failure}"
    );
    assert_eq!(fold.status().exit_code(), Some(65));
    assert_eq!(derived.watermark().map(|mark| mark.slot.next()), Some(slot));
    fold.stop();
    let report = verify(&log, &derived).unwrap();
    assert!(
        report.is_clean(),
        "nothing of the slot was applied: {report:#?}"
    );
}

#[test]
fn rows_folded_from_another_log_are_discarded() {
    another_log(&|log, derived| {
        let mut fold = Fold::start(log.clone(), derived, Arc::default(), None).unwrap();
        let sealed = log.sealed();
        until("the fold reaches the log", || {
            fold.status().watermark().slot >= sealed
        });
        fold.stop();
    });
}

#[test]
fn the_begun_first_slot_of_another_log_is_discarded() {
    another_log(&|log, derived| {
        let mut folder = Folder::new(log.clone(), derived.serving());
        folder.commit_every(1);
        let mut folded = Some(());
        while folded.is_some() {
            let slot = folder.next_slot().unwrap().unwrap();
            folded = folder.fold(slot, &|| true).unwrap().map(drop);
        }
        assert_eq!(folder.mark(), None);
    });
}

/// Lets `fold` fold one log and the thread another one into the same store.
fn another_log(fold: &dyn Fn(&Log, Derived)) {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("derived");
    let mut first = World::new(4);
    let log = first.open(&root.path().join("first"));
    begin(&log);
    slots(&mut first, &log, 2);
    fold(&log, open(&dir, &log));
    drop(log);

    let mut second = World::new(5);
    let log = second.open(&root.path().join("second"));
    begin(&log);
    let sealed = slots(&mut second, &log, 4);
    let derived = open(&dir, &log);
    let mut fold = Fold::start(log.clone(), derived.clone(), Arc::default(), None).unwrap();
    until("the fold reaches the log", || {
        derived.serving().number() == 2 && fold.status().watermark().slot >= sealed
    });
    fold.stop();
    assert!(verify(&log, &derived).unwrap().is_clean());
}
