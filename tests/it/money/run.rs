//! Runs random histories and compares at every sealed slot, then again after a rebuild.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use clickd::derived::Derived;
use clickd::fold::{Folder, rebuild, verify};
use clickd::log::Log;
use proptest::prelude::*;

use super::check;
use super::model::{Action, Happened, Kind, Model, Outcome};
use super::said::{Named, Notes, Said};
use super::world::World;
use crate::fold::same::{dump, open};

/// The model, the next slot it has not seen, and what became of entries so far.
#[derive(Default)]
struct Follower {
    model: Model,
    next: Option<u32>,
    came_up: BTreeSet<String>,
}

impl Follower {
    /// Folds slot by slot up to the newest sealed one, and compares after each.
    fn follow(&mut self, log: &Log, derived: &Derived, folder: &mut Folder, world: &mut World) {
        let sealed = log.sealed();
        while let Some(slot) = folder.next_slot().unwrap()
            && slot <= sealed
        {
            folder.fold(slot, &|| false).unwrap().unwrap();
            let next = self.next.unwrap_or(slot.0);
            assert_eq!(slot.0, next, "a slot is left out or folded again");
            let sealed = check::sealed(log, slot.0, &mut world.notes);
            self.model.slot(sealed, &world.notes);
            self.next = Some(slot.0 + 1);
            world.numbers = check::same(derived, &self.model);
            self.note(&world.notes);
        }
        world.actions.clone_from(&self.model.actions);
    }

    fn note(&mut self, notes: &Notes) {
        for (id, outcome) in &self.model.outcomes {
            let what = match (outcome, &notes.said[id]) {
                (Outcome::Changed(update), _) if *update > 3 => "Changed often".to_owned(),
                (Outcome::Changed(_), _) => "Changed".to_owned(),
                (Outcome::Settled(update), _) if *update > 0 => "Settled otherwise".to_owned(),
                (Outcome::Tracked, Said::Sale(sale)) if matches!(sale.named, Named::Person(_)) => {
                    "Tracked for a person".to_owned()
                }
                (Outcome::Waits, Said::Revision(_)) => "A change waits".to_owned(),
                (other, _) => format!("{other:?}"),
            };
            self.came_up.insert(what);
        }
        for happened in self.model.actions.iter().map(Action::now) {
            if happened.over_budget {
                self.came_up.insert("Over budget".to_owned());
            }
            if happened.over_count {
                self.came_up.insert("Over count".to_owned());
            }
        }
        for action in &self.model.actions {
            // Nothing but a reason locks at the very time of a change.
            let by_reason = |happened: &Happened| {
                let at = happened.by.number.time().0;
                happened.kind != Kind::Tracked && action.locks == Some(at)
            };
            let what = match (action.locks, action.settled) {
                (None, _) => "Open",
                (Some(_), _) if !action.history.iter().any(by_reason) => continue,
                (Some(_), true) => "Locked by a reason and settled",
                (Some(_), false) => "Locked by a reason",
            };
            self.came_up.insert(what.to_owned());
        }
    }
}

/// What came up in a history.
fn history(seed: u64) -> BTreeSet<String> {
    // Shown when something fails.
    println!("seed {seed}");
    let root = tempfile::tempdir().unwrap();
    let dir = |name: &str| root.path().join(name);
    let mut world = World::new(seed);
    let mut follower = Follower::default();
    let epochs = 4 + world.dice.below(4);
    for epoch in 0..epochs {
        let log = world.open(&dir("log"));
        let derived = open(&dir("live"), &log);
        let mut folder = Folder::new(log.clone(), derived.serving());
        let mut writer = log.writer();
        for slot in 0..=world.dice.below(4) {
            if (epoch, slot) == (0, 0) || world.dice.chance(15) {
                world.catalogue(&log);
            }
            world.slot(&log, &mut writer);
            if world.dice.chance(70) {
                follower.follow(&log, &derived, &mut folder, &mut world);
            }
            if world.dice.chance(20) {
                folder = Folder::new(log.clone(), derived.serving());
            }
        }
        log.stop().unwrap();
        follower.follow(&log, &derived, &mut folder, &mut world);
    }
    rebuilt(&mut world, &mut follower, root.path());
    follower.came_up
}

/// Makes everything again from the log: the same bytes, which are still what the model says.
fn rebuilt(world: &mut World, follower: &mut Follower, root: &Path) {
    let log = world.open(&root.join("log"));
    log.stop().unwrap();
    let live = root.join("live");
    let derived = open(&live, &log);
    let mut folder = Folder::new(log.clone(), derived.serving());
    follower.follow(&log, &derived, &mut folder, world);
    drop((folder, derived));
    let rows = dump(&live, &log);
    let derived = open(&live, &log);
    assert!(rebuild(&log, &derived, &AtomicBool::new(false), &mut |_, _| {}).unwrap());
    drop(derived);
    assert!(rows == dump(&live, &log), "a rebuild gives other rows");
    let derived = open(&live, &log);
    check::same(&derived, &follower.model);
    let report = verify(&log, &derived).unwrap();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(report.submissions, follower.model.outcomes.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    })]

    #[test]
    fn money_is_what_the_model_says_at_every_slot_and_after_a_rebuild(seed: u64) {
        history(seed);
    }
}

#[test]
fn the_histories_bring_up_every_outcome() {
    let came_up: BTreeSet<String> = (1..=12).flat_map(history).collect();
    for outcome in [
        "Tracked",
        "Tracked for a person",
        "Waits",
        "A change waits",
        "Changed",
        "Changed often",
        "Unchanged",
        "Settled(0)",
        "Over budget",
        "Over count",
        "Open",
        "Locked by a reason",
        "Locked by a reason and settled",
        "Settled otherwise",
        "NotChanged(\"ACTION_NOT_FOUND\")",
        "NotChanged(\"ACTION_LOCKED\")",
        "NotChanged(\"ACTION_REVERSED\")",
        "NotChanged(\"ITEM_NOT_FOUND\")",
        "Refused(\"ACTION_REF_NOT_FOUND\")",
        "Refused(\"CONV_DUPLICATE\")",
        "Refused(\"ACTIONTRACKER_NOT_ACTIVE\")",
        "Refused(\"PARTNER_NOT_ACTIVE\")",
        "Refused(\"NO_VALID_ACTION_REF\")",
        "Refused(\"CONTRACT_NOT_FOUND\")",
        "Refused(\"OUTSIDE_ASSOCIATION_WINDOW\")",
        "Refused(\"ACTIONTERMS_NOT_FOUND\")",
    ] {
        assert!(came_up.contains(outcome), "{outcome} in {came_up:#?}");
    }
}
