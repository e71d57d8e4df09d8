//! Opening, discarding, flipping, and the options in force.

use crate::model::click::Visitor;
use crate::model::id::{EventNumber, EventTypeId, JudgementVersion, PartnerId};
use crate::model::refusal::Refusal;
use crate::model::tally::{Facet, Stored, Tally};
use crate::registry::cube::Granularity;

use super::super::Family;
use super::super::row::key::{ActionId, CellKey, OrderKey, WindowKey};
use super::super::row::mark::Mark;
use super::super::row::verdict::Window;
use super::*;
use crate::derived::{Stop, SubmissionOutcome};

const PROGRAM: ProgramId = ProgramId(7);

fn mark(slot: u32) -> Mark {
    Mark {
        slot: Slot(slot),
        wall_end: Millis(i64::from(slot) * 1_000),
        checksum: 5,
        newest: Millis(0),
        judgement: JudgementVersion(0),
    }
}

fn open(dir: &Path, rules: u32, log_end: u32) -> Derived {
    Derived::open(dir, &Options::new(rules), Some(Slot(log_end))).unwrap()
}

fn cell_key(day: i32, partner: u32) -> CellKey {
    CellKey {
        cube: CubeId::PARTNER_PERFORMANCE,
        program: PROGRAM,
        granularity: Granularity::Day,
        day: Day(day),
        partner: PartnerId(partner),
    }
}

fn clicks(count: i128) -> Tally {
    let mut tally = Tally::default();
    tally.add(Stored::RawClicks, count);
    tally
}

fn fold(generation: &Generation, slot: u32, cells: &[(CellKey, i128)]) {
    let mut batch = generation.families().unwrap().batch();
    for (key, count) in cells {
        batch.cell(*key, &Facet::None, &clicks(*count));
    }
    batch.commit(&mark(slot)).unwrap();
}

fn cells(derived: &Derived, days: RangeInclusive<i32>) -> Vec<(i32, u32, i128)> {
    let mut found = Vec::new();
    let days = Day(*days.start())..=Day(*days.end());
    derived
        .for_each_cell(CubeId::PARTNER_PERFORMANCE, PROGRAM, days, &mut |cell| {
            found.push((
                cell.day.0,
                cell.partner.0,
                cell.tally.get(Stored::RawClicks),
            ));
        })
        .unwrap();
    found
}

#[test]
fn a_read_that_nobody_waits_for_ends() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    fold(&derived.serving(), 4, &[(cell_key(0, 1), 1)]);
    let (stop, serving) = (Stop::default(), derived.serving());
    let view = serving.view().unwrap().until(&stop);
    let scan = || view.for_each_cell_of_all(CubeId::PARTNER_PERFORMANCE, &mut |_| {});
    scan().unwrap();
    stop.set();
    assert!(matches!(scan(), Err(DerivedError::Stopped)));
}

#[test]
fn cells_of_a_period_come_by_day_and_partner() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    assert_eq!(derived.watermark(), None);
    let other = CellKey {
        program: ProgramId(8),
        ..cell_key(0, 1)
    };
    let rows = [
        (cell_key(-1, u32::MAX), 1),
        (cell_key(0, 0), 2),
        (cell_key(0, 256), 3),
        (cell_key(1, 1), 4),
        (other, 5),
    ];
    fold(&derived.serving(), 4, &rows);
    assert_eq!(cells(&derived, 0..=1), [(0, 0, 2), (0, 256, 3), (1, 1, 4)]);
    assert_eq!(cells(&derived, -1..=-1), [(-1, u32::MAX, 1)]);
    assert_eq!(cells(&derived, 2..=9), []);
    let (late, early) = (5, 3);
    assert_eq!(cells(&derived, late..=early), []);
    assert_eq!(
        derived.watermark(),
        Some(Watermark {
            slot: Slot(4),
            wall_end: Millis(4_000)
        })
    );
}

#[test]
fn a_store_ahead_of_the_log_is_discarded() {
    let dir = tempfile::tempdir().unwrap();
    fold(&open(dir.path(), 1, 9).serving(), 4, &[(cell_key(0, 1), 1)]);
    let kept = open(dir.path(), 1, 4);
    assert_eq!(cells(&kept, 0..=0), [(0, 1, 1)]);
    drop(kept);
    let fresh = open(dir.path(), 1, 3);
    assert_eq!(fresh.watermark(), None);
    assert_eq!(cells(&fresh, 0..=0), []);
    assert_eq!(directory::generations(dir.path()).unwrap(), [2]);
    drop(fresh);
    let empty = Derived::open(dir.path(), &Options::new(1), None).unwrap();
    assert_eq!(empty.serving().number(), 2);
}

#[test]
fn a_flip_is_seen_by_new_readers_while_old_ones_finish() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    fold(&derived.serving(), 4, &[(cell_key(0, 1), 1)]);
    let old = derived.serving();
    let view = old.view().unwrap();
    let next = derived.next_generation().unwrap();
    fold(&next, 5, &[(cell_key(0, 1), 2)]);
    assert_eq!(cells(&derived, 0..=0), [(0, 1, 1)]);
    derived.adopt(next).unwrap();
    assert_eq!(cells(&derived, 0..=0), [(0, 1, 2)]);
    assert_eq!(
        view.watermark().unwrap().map(|mark| mark.slot),
        Some(Slot(4))
    );
    drop(view);
    drop(old);
    assert_eq!(directory::generations(dir.path()).unwrap(), [2]);
    drop(derived);
    assert_eq!(cells(&open(dir.path(), 1, 9), 0..=0), [(0, 1, 2)]);
}

#[test]
fn what_is_adopted_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(&dir.path().join("own"), 1, 9);
    let next = derived.next_generation().unwrap();
    fold(&next, 5, &[(cell_key(0, 1), 2)]);
    derived.adopt(Arc::clone(&next)).unwrap();
    fold(&next, 6, &[(cell_key(0, 2), 3)]);
    // What a killed process leaves is what lies on the disk while it runs.
    let left = dir.path().join("left");
    let number = next.number().to_string();
    std::fs::create_dir_all(left.join(&number)).unwrap();
    for name in ["CURRENT", &number] {
        let from = dir.path().join("own").join(name);
        if from.is_file() {
            std::fs::copy(from, left.join(name)).unwrap();
            continue;
        }
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = left.join(name).join(entry.file_name());
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    let found = cells(&open(&left, 1, 9), 0..=0);
    assert_eq!(found, [(0, 1, 2), (0, 2, 3)]);
}

#[test]
fn generations_that_never_served_are_removed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    let abandoned = derived.next_generation().unwrap();
    fold(&abandoned, 5, &[(cell_key(0, 1), 2)]);
    drop((derived, abandoned));
    let derived = open(dir.path(), 1, 9);
    assert_eq!(directory::generations(dir.path()).unwrap(), [1]);
    assert_eq!(cells(&derived, 0..=0), []);
}

#[test]
fn other_rules_make_the_store_outdated_but_it_still_serves() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    fold(&derived.serving(), 4, &[(cell_key(0, 1), 1)]);
    assert!(!derived.outdated().unwrap());
    drop(derived);
    let derived = open(dir.path(), 2, 9);
    assert!(derived.outdated().unwrap());
    assert_eq!(cells(&derived, 0..=0), [(0, 1, 1)]);
    derived.adopt(derived.next_generation().unwrap()).unwrap();
    assert!(!derived.outdated().unwrap());
}

#[test]
fn a_damaged_store_is_discarded() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    fold(&derived.serving(), 4, &[(cell_key(0, 1), 1)]);
    drop(derived);
    std::fs::write(dir.path().join("1/CURRENT"), "MANIFEST-nonsense\n").unwrap();
    let derived = open(dir.path(), 1, 9);
    assert_eq!(derived.watermark(), None);
    assert_eq!(derived.serving().number(), 2);
}

#[test]
fn a_damaged_row_names_family_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    let serving = derived.serving();
    let families = serving.families().unwrap();
    let key = cell_key(0, 1).encode();
    families
        .db
        .put_cf(families.aggregates, key, [1, 99])
        .unwrap();
    let error = families
        .cell(cell_key(0, 1), &Facet::None)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "derived store: row 0100000007018000000000000001 of family aggregates is damaged \
         (unknown measure); run `clickd rebuild`"
    );
    let days = Day(0)..=Day(0);
    let scan = derived.for_each_cell(CubeId(1), PROGRAM, days, &mut |_| {});
    assert_eq!(scan.unwrap_err().to_string(), error);
}

#[test]
fn windows_are_forgotten_up_to_a_day_in_every_program() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    let serving = derived.serving();
    let families = serving.families().unwrap();
    let at = |program, day| WindowKey {
        program: ProgramId(program),
        day: Day(day),
        partner: PartnerId(1),
        visitor: Visitor(u64::MAX),
    };
    let window = Window {
        unique: Millis(1),
        click: Millis(2),
    };
    let keys = [at(1, -1), at(1, 0), at(1, 1), at(2, 1), at(u32::MAX, 0)];
    let mut batch = families.batch();
    for key in keys {
        batch.windows(&[(key, window)]).unwrap();
    }
    batch.commit(&mark(1)).unwrap();
    let programs = families.programs_with_windows(Day(0)).unwrap();
    assert_eq!(programs, [ProgramId(1), ProgramId(u32::MAX)]);
    let mut batch = families.batch();
    for program in programs {
        batch.forget_windows(program, Day(0));
    }
    batch.commit(&mark(2)).unwrap();
    let left = keys.map(|key| families.window(key).unwrap().is_some());
    assert_eq!(left, [false, false, true, true, false]);
}

#[test]
fn outcomes_are_read_by_submission() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    let id = |number| SubmissionId {
        slot: Slot(3),
        program: PROGRAM,
        number: EventNumber(number),
    };
    let order = OrderKey::new(PROGRAM, EventTypeId(2), "a");
    let settled = |slot, outcome| Settled {
        slot: Slot(slot),
        outcome,
    };
    let credited = settled(
        3,
        SubmissionOutcome::Credited(ActionId::first_of(&order, 0)),
    );
    let refused = settled(4, SubmissionOutcome::Refused(Refusal::ConvDuplicate));
    let waiting = settled(3, SubmissionOutcome::Waiting);
    let serving = derived.serving();
    let mut batch = serving.families().unwrap().batch();
    batch.outcome(id(1), credited);
    batch.outcome(id(2), refused);
    batch.outcome(id(3), waiting);
    batch.commit(&mark(3)).unwrap();
    let read = [1, 2, 3, 4].map(|number| derived.outcome(id(number)).unwrap());
    assert_eq!(read, [Some(credited), Some(refused), Some(waiting), None]);
}

/// Reads the newest OPTIONS file, which RocksDB writes from what is in force.
fn options_in_force(dir: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("OPTIONS-")
        })
        .collect();
    files.sort();
    let text = std::fs::read_to_string(files.last().unwrap()).unwrap();
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.to_owned();
        } else if let Some((name, value)) = line.split_once('=') {
            found.push((format!("{section} {name}"), value.to_owned()));
        }
    }
    found
}

#[test]
fn the_options_in_force_are_the_chosen_ones() {
    let dir = tempfile::tempdir().unwrap();
    let derived = open(dir.path(), 1, 9);
    let found = options_in_force(&directory::path(dir.path(), 1));
    let value = |name: &str| {
        let row = found.iter().find(|row| row.0 == name);
        row.unwrap_or_else(|| panic!("{name} is not in OPTIONS"))
            .1
            .clone()
    };
    assert_eq!(
        value("[DBOptions] wal_recovery_mode"),
        "kPointInTimeRecovery"
    );
    assert_eq!(value("[DBOptions] max_total_wal_size"), "134217728");
    assert_eq!(value("[DBOptions] db_write_buffer_size"), "100663296");
    assert_eq!(value("[DBOptions] stats_dump_period_sec"), "0");
    assert_eq!(value("[DBOptions] paranoid_checks"), "true");
    for family in Family::ALL {
        let of = |name: &str| value(&format!("[CFOptions \"{}\"] {name}", family.name()));
        assert_eq!(of("compression"), "kLZ4Compression", "{family:?}");
        assert_eq!(
            (of("ttl"), of("periodic_compaction_seconds")),
            ("0".into(), "0".into())
        );
        let table = |name: &str| {
            let section = "TableOptions/BlockBasedTable";
            value(&format!("[{section} \"{}\"] {name}", family.name()))
        };
        let filter = table("filter_policy");
        assert_eq!(
            filter == "nullptr",
            family == Family::Verdicts,
            "{family:?} {filter}"
        );
        assert_eq!(table("cache_index_and_filter_blocks"), "true");
    }
    let windows = |name: &str| value(&format!("[CFOptions \"windows\"] {name}"));
    assert_eq!(windows("memtable_whole_key_filtering"), "true");
    assert_eq!(windows("memtable_prefix_bloom_size_ratio"), "0.100000");
    // All families of all generations share one cache of the chosen size.
    let capacity = |generation: &Generation, family| {
        generation
            .property(family, "rocksdb.block-cache-capacity")
            .unwrap()
    };
    let next = derived.next_generation().unwrap();
    for family in Family::ALL {
        assert_eq!(capacity(&next, family), Some(64 << 20), "{family:?}");
    }
    next.retire();
}
