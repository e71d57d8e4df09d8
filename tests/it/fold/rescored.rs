//! The past judged by other lists: what a trial says, what it leaves alone, and that every way of
//! folding gives the same once it stands.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clickd::derived::{Derived, Family};
use clickd::fold::{Fold, Folder, Robots, Trial, rebuild, verify};
use clickd::log::{Judgement, Log};
use clickd::model::id::{PartnerId, ProgramId, Slot};
use clickd::report::difference::{Changes, difference};
use tempfile::TempDir;

use super::recount::{Figures, Recount};
use super::same::{catch_up, dump, figures, fold, fold_in_parts, open};
use super::thread::until;
use super::world::{ROBOTS, World, begin, change};

pub(super) struct Past {
    root: TempDir,
    world: World,
    pub(super) log: Log,
}

impl Past {
    /// Some slots under the first lists, some under the later ones.
    fn new(seed: u64) -> Self {
        Self::of(seed, 4)
    }

    pub(super) fn of(seed: u64, slots: u32) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut world = World::new(seed);
        let log = world.open(&root.path().join("log"));
        begin(&log);
        let mut past = Self { root, world, log };
        past.slots(slots);
        change(&past.log);
        past.slots(slots);
        past
    }

    fn slots(&mut self, count: u32) {
        let mut writer = self.log.writer();
        for _ in 0..count {
            self.world.slot(&self.log, &mut writer);
        }
    }

    fn dir(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    pub(super) fn live(&self) -> Derived {
        let derived = open(&self.dir("live"), &self.log);
        catch_up(
            &mut Folder::new(self.log.clone(), derived.serving()),
            &self.log,
        );
        derived
    }

    /// The first lists, for all that is sealed.
    fn next(&self) -> Judgement {
        let next = self
            .log
            .next_judgement(self.log.sealed(), ROBOTS.as_bytes());
        next.unwrap()
    }

    fn commit(&self, judgement: &Judgement) {
        let put = self.log.put_judgement(judgement, ROBOTS.as_bytes());
        put.unwrap();
    }

    fn recount(&self, judgement: &Judgement) -> Figures {
        Recount::judged(&self.log, Some((judgement.until, 1))).figures
    }
}

/// Folds by a judgement up to where `derived` serves; what that would change.
fn try_out(log: &Log, derived: &Derived, judgement: Judgement) -> (Trial, Changes) {
    try_lists(log, derived, judgement, ROBOTS)
}

pub(super) fn try_lists(
    log: &Log,
    derived: &Derived,
    judgement: Judgement,
    lists: &str,
) -> (Trial, Changes) {
    let robots = Robots::parse(lists.as_bytes()).unwrap();
    let mut trial = Trial::begin(log, derived, Arc::default(), judgement, robots).unwrap();
    let slot = derived.watermark().unwrap().slot;
    let stop = AtomicBool::new(false);
    assert!(trial.fold(slot, &stop, &mut |_, _| {}).unwrap());
    let (before, after) = (derived.serving(), Arc::clone(trial.generation()));
    let changes = difference(&before.view().unwrap(), &after.view().unwrap()).unwrap();
    (trial, changes)
}

/// Every row of the log as it lies on disk, but the footers, which come by the clock.
fn log_rows(dir: &Path) -> BTreeMap<(String, Vec<u8>), Vec<u8>> {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, dir).unwrap();
    let db = rocksdb::DB::open_cf_for_read_only(&options, dir, &families, false).unwrap();
    let mut rows = BTreeMap::new();
    for family in families
        .iter()
        .filter(|name| *name != "footers" && *name != "meta")
    {
        let cf = db.cf_handle(family).unwrap();
        for row in db.iterator_cf(cf, rocksdb::IteratorMode::Start) {
            let (key, value) = row.unwrap();
            rows.insert((family.clone(), key.to_vec()), value.to_vec());
        }
    }
    rows
}

type Sums = BTreeMap<(ProgramId, PartnerId), [i128; 5]>;

/// Raw, unique and payable clicks, actions and cost of each partner.
fn sums(figures: &Figures) -> Sums {
    let mut sums = Sums::new();
    for ((program, _, partner), columns) in figures {
        let key = (ProgramId(*program), PartnerId(*partner));
        let sum = sums.entry(key).or_default();
        for (sum, column) in sum.iter_mut().zip([0, 1, 2, 4, 6]) {
            *sum += columns[column];
        }
    }
    sums
}

#[test]
fn a_trial_tells_the_difference_of_two_recounts_and_changes_no_byte() {
    let mut robots = 0;
    for seed in 1..=3 {
        let past = Past::new(seed);
        let derived = past.live();
        past.log.stop().unwrap();
        let before = (dump_of(&derived), log_rows(&past.dir("log")));
        let judgement = past.next();
        let (trial, changes) = try_out(&past.log, &derived, judgement);
        let number = trial.generation().number().to_string();
        let old = sums(&Recount::of(&past.log).figures);
        let new = sums(&past.recount(&judgement));
        assert_ne!(old, new, "seed {seed}");
        assert!(
            old.keys()
                .chain(new.keys())
                .all(|key| changes.contains_key(key))
        );
        for (key, change) in &changes {
            let told = [change.before, change.after].map(|standing| {
                let [raw, unique, payable, _, actions] = standing.counts;
                [raw, unique, payable, actions, standing.cost]
            });
            let expected = [&old, &new].map(|sums| sums.get(key).copied().unwrap_or_default());
            assert_eq!(told, expected, "{key:?}, seed {seed}");
            robots += i32::from(change.before.counts[3] != change.after.counts[3]);
        }
        assert!(past.dir("live").join(&number).exists());
        drop(trial);
        assert!(!past.dir("live").join(&number).exists(), "it is kept");
        assert_eq!(past.log.current_judgement().unwrap(), Judgement::default());
        assert!(before == (dump_of(&derived), log_rows(&past.dir("log"))));
    }
    assert!(robots > 0);
}

pub(super) fn dump_of(derived: &Derived) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let serving = derived.serving();
    let view = serving.view().unwrap();
    let mut rows = Vec::new();
    for family in Family::ALL {
        let mut take = |key: &[u8], value: &[u8]| {
            rows.push((family.name(), key.to_vec(), value.to_vec()));
        };
        view.dump(family, &mut take).unwrap();
    }
    rows
}

#[test]
fn what_is_committed_is_the_same_live_restarted_and_rebuilt_and_ends_at_its_slot() {
    for seed in 4..=6 {
        let mut past = Past::new(seed);
        let derived = past.live();
        let mut live =
            Fold::start(past.log.clone(), derived.clone(), Arc::default(), None).unwrap();
        let judgement = past.next();
        let (trial, _) = try_out(&past.log, &derived, judgement);
        past.commit(&judgement);
        assert_eq!(
            past.log.current_rules().0,
            2,
            "what comes is judged as before"
        );
        live.remote().adopt(trial);
        past.slots(3);
        let sealed = past.log.sealed();
        until("the judged generation serves", || {
            let mark = derived.serving().mark().unwrap();
            mark.judgement == judgement.version && mark.slot >= sealed
        });
        live.stop();
        drop(live);
        past.log.stop().unwrap();
        catch_up(
            &mut Folder::new(past.log.clone(), derived.serving()),
            &past.log,
        );
        let report = verify(&past.log, &derived).unwrap();
        assert!(report.is_clean(), "seed {seed}: {report:#?}");
        assert_eq!(figures(&derived), past.recount(&judgement), "seed {seed}");
        drop(derived);
        let rows = dump(&past.dir("live"), &past.log);
        fold(&past.dir("again"), &past.log, 2);
        assert_eq!(rows, dump(&past.dir("again"), &past.log), "seed {seed}");
        assert!(fold_in_parts(&past.dir("parts"), &past.log, 2) > 10);
        assert_eq!(rows, dump(&past.dir("parts"), &past.log), "seed {seed}");
        let derived = open(&past.dir("live"), &past.log);
        assert!(rebuild(&past.log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
        drop(derived);
        assert_eq!(rows, dump(&past.dir("live"), &past.log), "seed {seed}");
    }
}

#[test]
fn an_end_before_the_new_rows_serve_leaves_the_old_ones_until_a_start_has_made_them() {
    let past = Past::new(7);
    let derived = past.live();
    let before = figures(&derived);
    let judgement = past.next();
    let (trial, _) = try_out(&past.log, &derived, judgement);
    let left = derived.serving().number();
    // As a crash leaves it: the directory of the trial stays behind.
    let directory = past
        .dir("live")
        .join(trial.generation().number().to_string());
    drop(trial);
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("CURRENT"), "MANIFEST-000009\n").unwrap();
    drop(derived);
    let derived = open(&past.dir("live"), &past.log);
    assert_eq!(
        (derived.serving().number(), figures(&derived)),
        (left, before.clone())
    );
    past.commit(&judgement);
    drop(derived);
    // And so it is once the judgement is in the log.
    let derived = open(&past.dir("live"), &past.log);
    assert_eq!(
        (derived.serving().number(), figures(&derived)),
        (left, before)
    );
    let report = verify(&past.log, &derived).unwrap();
    assert!(
        report.is_clean(),
        "the old rows are by the old lists: {report:#?}"
    );
    let mut live = Fold::start(past.log.clone(), derived.clone(), Arc::default(), None).unwrap();
    until("the rows are made again", || live.status().rebuilds() > 0);
    live.stop();
    assert_eq!(
        derived.serving().mark().unwrap().judgement,
        judgement.version
    );
    let slot = derived.watermark().unwrap().slot;
    assert!(slot >= judgement.until);
    let expected = past.recount(&judgement);
    assert_eq!(figures(&derived), expected);
    assert!(verify(&past.log, &derived).unwrap().is_clean());
}

#[test]
fn a_rebuild_that_began_before_a_judgement_never_serves_after_it() {
    let past = Past::of(9, 40);
    let derived = past.live();
    let judgement = past.next();
    let (trial, _) = try_out(&past.log, &derived, judgement);
    let mut live = Fold::start(past.log.clone(), derived.clone(), Arc::default(), None).unwrap();
    let remote = live.remote();
    let number = trial.generation().number() + 1;
    remote.rebuild();
    until("the rebuild has folded some slots", || {
        let files = std::fs::read_dir(past.dir("live").join(number.to_string()));
        let mut files = files.into_iter().flatten().flatten();
        files.any(|file| {
            let is_log = file.path().extension().is_some_and(|end| end == "log");
            is_log && file.metadata().is_ok_and(|about| about.len() > 1_000)
        })
    });
    past.commit(&judgement);
    remote.adopt(trial);
    let judged = || derived.serving().mark().unwrap().judgement == judgement.version;
    until("the judged generation serves", judged);
    until("the rebuild ends", || !live.status().is_rebuilding());
    assert!(judged(), "the old figures are back");
    live.stop();
}

#[test]
fn a_later_judgement_takes_the_place_of_an_earlier_one() {
    let mut past = Past::new(8);
    let first = past.next();
    past.commit(&first);
    past.slots(2);
    let later = past
        .log
        .rules(clickd::model::id::RulesVersion(2))
        .unwrap()
        .unwrap();
    let second = past.log.next_judgement(past.log.sealed(), &later).unwrap();
    assert_eq!(
        (second.rules.0, second.is_own),
        (2, false),
        "they are in force"
    );
    past.log.put_judgement(&second, &later).unwrap();
    let derived = past.live();
    let expected = Recount::judged(&past.log, Some((second.until, 2))).figures;
    assert_eq!(figures(&derived), expected);
    assert!(verify(&past.log, &derived).unwrap().is_clean());
    assert!(second.until > first.until && second.until > Slot(0));
}
