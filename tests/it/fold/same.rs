//! One log folded live, with restarts, with stops in the middle of slots, and again: the same
//! bytes, and the figures of the naive recount.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::derived::{ActionFlags, Derived, Family, Options, OrderKey, SubmissionOutcome};
use clickd::fold::{Folder, RULES, rebuild, verify};
use clickd::log::Log;
use clickd::model::id::{ProgramId, Slot};
use clickd::model::tally::Stored;
use clickd::model::time::Day;
use clickd::registry::cube::CubeId;
use proptest::prelude::*;

use super::recount::{Figures, Recount, Result};
use super::world::{PROGRAMS, World, begin, change};

pub(crate) fn open(dir: &Path, log: &Log) -> Derived {
    let end = log.last_footer().unwrap().map(|footer| footer.slot);
    Derived::open(dir, &Options::new(RULES), end).unwrap()
}

pub(crate) fn catch_up(folder: &mut Folder, log: &Log) {
    let sealed = log.sealed();
    while let Some(slot) = folder.next_slot().unwrap()
        && slot <= sealed
    {
        folder.fold(slot, &|| false).unwrap().unwrap();
    }
}

pub(crate) fn fold(dir: &Path, log: &Log, held: usize) {
    let derived = open(dir, log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    folder.hold_rows(held);
    catch_up(&mut folder, log);
}

/// Folds at once what is sealed, as a rebuild does, but with little memory.
pub(crate) fn fold_held_back(dir: &Path, log: &Log, held: usize) {
    let derived = open(dir, log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    folder.hold_rows(held);
    folder.hold_back();
    catch_up(&mut folder, log);
    folder.release().unwrap();
}

/// Folds with a new folder for every few clicks, each stopped in the middle of its slot; how often
/// that was. Nothing of a slot may show before it is folded to its end.
pub(crate) fn fold_in_parts(dir: &Path, log: &Log, held: usize) -> u32 {
    let derived = open(dir, log);
    let sealed = log.sealed();
    let mut stops = 0;
    loop {
        let mut folder = Folder::new(log.clone(), derived.serving());
        folder.hold_rows(held);
        folder.commit_every(2);
        assert!(folder.is_of_this_log().unwrap());
        let next = folder.next_slot().unwrap();
        let Some(slot) = next.filter(|slot| *slot <= sealed) else {
            return stops;
        };
        if folder.fold(slot, &|| true).unwrap().is_none() {
            stops += 1;
            assert!(stops < 10_000, "it does not get on");
            assert!(folder.mark().is_none_or(|mark| mark.slot < slot));
            let view = derived.serving();
            let view = view.view().unwrap();
            view.for_each_verdict_of_all(&mut |key, judged| {
                let verdict = judged.verdict;
                assert!(verdict.slot < slot, "{key:?} shows");
                assert_eq!(view.verdict(key).unwrap(), Some(verdict));
            })
            .unwrap();
        }
    }
}

pub(crate) type Dump = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

pub(crate) fn dump(dir: &Path, log: &Log) -> Dump {
    let generation = open(dir, log).serving();
    let view = generation.view().unwrap();
    let mut rows = Dump::new();
    for family in Family::ALL {
        view.dump(family, &mut |key, value| {
            rows.insert((family.name(), key.to_vec()), value.to_vec());
        })
        .unwrap();
    }
    rows
}

pub(crate) fn figures(derived: &Derived) -> Figures {
    let mut found = Figures::new();
    let epoch = jiff::civil::date(1970, 1, 1);
    for program in PROGRAMS {
        let days = Day(i32::MIN)..=Day(i32::MAX);
        derived
            .for_each_cell(CubeId(1), ProgramId(program), days, &mut |cell| {
                let date = epoch + jiff::Span::new().days(cell.day.0);
                let sums = std::array::from_fn(|code| cell.tally.get(Stored::ALL[code]));
                found.insert((program, date, cell.partner.0), sums);
            })
            .unwrap();
    }
    found
}

/// The partners whose steps won a conversion by its path; none when it has no path.
fn won(derived: &Derived, id: clickd::model::id::SubmissionId) -> Option<Vec<u32>> {
    let serving = derived.serving();
    let path = serving.view().unwrap().path(id).unwrap()?;
    let winner = path.winner.map(|at| &path.steps[usize::from(at)]);
    let partners = winner.map(|step| step.touch.source.partner().unwrap().0);
    Some(partners.into_iter().collect())
}

fn result(derived: &Derived, log: &Log, id: clickd::model::id::SubmissionId) -> Result {
    let result = outcome(derived, log, id);
    let expected = match &result {
        Result::Waiting => None,
        Result::Refused(_) | Result::Test(Err(_)) => Some(Vec::new()),
        Result::Test(Ok(partner)) | Result::Credited { partner, .. } => Some(vec![*partner]),
    };
    assert_eq!(won(derived, id), expected, "{id}");
    result
}

fn outcome(derived: &Derived, log: &Log, id: clickd::model::id::SubmissionId) -> Result {
    match derived
        .outcome(id)
        .unwrap()
        .expect("every submission has an outcome")
        .outcome
    {
        outcome @ (SubmissionOutcome::Changed(..)
        | SubmissionOutcome::Unchanged(_)
        | SubmissionOutcome::NotChanged(_)
        | SubmissionOutcome::Settled(..)) => panic!("{outcome:?} of a conversion"),
        SubmissionOutcome::Waiting => Result::Waiting,
        SubmissionOutcome::Refused(refusal) => Result::Refused(refusal.code()),
        SubmissionOutcome::Test(Ok(partner)) => Result::Test(Ok(partner.0)),
        SubmissionOutcome::Test(Err(refusal)) => Result::Test(Err(refusal.code())),
        SubmissionOutcome::Credited(action_id) => {
            let entry = log.entry(id).unwrap().unwrap();
            let (program, event_type, order_id) = entry.order();
            let key = OrderKey::new(program, event_type, order_id);
            let generation = derived.serving();
            let view = generation.view().unwrap();
            assert!(view.actions_of(&key).unwrap().contains(&action_id));
            let action = view.action(action_id).unwrap().unwrap();
            assert_eq!(action.submission, id);
            assert_eq!(&*action.order_id, order_id);
            Result::Credited {
                partner: action.partner.0,
                recovered: action.flags.any(ActionFlags::RECOVERED),
                late: action.flags.any(ActionFlags::LATE),
                cost: action.cost.0,
            }
        }
    }
}

/// Runs a random history; what came up in it.
fn history(seed: u64) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    let dir = |name: &str| root.path().join(name);
    let mut world = World::new(seed);
    let mut log = world.open(&dir("log"));
    begin(&log);
    let epochs = 3 + world.dice.below(3);
    let change_at = world.dice.below(epochs);
    let mut stops = 0;
    for epoch in 0..epochs {
        if epoch > 0 {
            log.stop().unwrap();
            drop(log);
            log = world.open(&dir("log"));
        }
        let derived = open(&dir("live"), &log);
        let mut live = Folder::new(log.clone(), derived.serving());
        let mut writer = log.writer();
        for slot in 0..=world.dice.below(3) {
            if epoch == change_at && slot == 1 {
                change(&log);
            }
            world.slot(&log, &mut writer);
            catch_up(&mut live, &log);
            // Another fold, started afresh for every few slots, with hardly any memory.
            if world.dice.below(2) == 0 {
                fold(&dir("restarted"), &log, 2);
                stops += fold_in_parts(&dir("stopped"), &log, 2);
            }
        }
    }
    world.end(&log);
    // From here on the log stands still, however long the rest takes.
    log.stop().unwrap();
    fold(&dir("live"), &log, 1_000);
    fold(&dir("restarted"), &log, 2);
    stops += fold_in_parts(&dir("stopped"), &log, 1_000);
    assert!(stops > 10, "{stops}");
    fold_held_back(&dir("held"), &log, 2);
    // Cells of the newest days stay where those of all days have no room.
    fold_held_back(&dir("newest"), &log, 400);
    let rows = dump(&dir("live"), &log);
    for how in ["restarted", "stopped", "held", "newest"] {
        assert_eq!(rows, dump(&dir(how), &log), "{how}, seed {seed}");
    }
    let derived = open(&dir("live"), &log);
    let sealed = log.sealed();
    assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    drop(derived);
    assert_eq!(rows, dump(&dir("live"), &log), "rebuilt, seed {seed}");

    let derived = open(&dir("live"), &log);
    assert_eq!(derived.watermark().map(|mark| mark.slot), Some(sealed));
    let recount = Recount::of(&log);
    assert_eq!(figures(&derived), recount.figures, "seed {seed}");
    let mut came_up = Vec::new();
    for (id, expected) in &recount.results {
        assert_eq!(&result(&derived, &log, *id), expected, "{id}, seed {seed}");
        came_up.push(match expected {
            Result::Credited {
                recovered, late, ..
            } => format!("{recovered} {late}"),
            other => format!("{other:?}"),
        });
    }
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "seed {seed}: {report:#?}");
    assert_eq!(report.submissions, recount.results.len() as u64);
    assert!(report.slots > 3 && report.clicks > 0, "{report:?}");
    assert_eq!(Slot(report.slot), sealed);
    came_up
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    })]

    #[test]
    fn live_restarted_and_rebuilt_rows_are_the_same_and_equal_a_recount(seed: u64) {
        history(seed);
    }
}

#[test]
fn the_histories_bring_up_every_kind_of_result() {
    let mut came_up: Vec<String> = (1..=12).flat_map(history).collect();
    came_up.sort();
    came_up.dedup();
    for kind in [
        "false false",
        "false true",
        "true false",
        "Waiting",
        "Refused(\"ACTION_REF_NOT_FOUND\")",
        "Test(Ok(10))",
        "Test(Err(\"ACTION_REF_NOT_FOUND\"))",
        "Refused(\"CONV_DUPLICATE\")",
        "Refused(\"CAMPAIGN_NOT_FOUND\")",
        "Refused(\"ACTIONTRACKER_NOT_ACTIVE\")",
        "Refused(\"PARTNER_NOT_ACTIVE\")",
        "Refused(\"NO_VALID_ACTION_REF\")",
        "Refused(\"CONTRACT_NOT_FOUND\")",
        "Refused(\"OUTSIDE_ASSOCIATION_WINDOW\")",
        "Refused(\"BLOCKED_BY_PROMOCODE\")",
        "Refused(\"REFTYPE_NOT_ACCEPTED\")",
        "Refused(\"MAX_RECURRENCES_REACHED\")",
    ] {
        assert!(
            came_up.iter().any(|found| found == kind),
            "{kind} in {came_up:?}"
        );
    }
}
