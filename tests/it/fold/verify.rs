//! `verify` is clean on an honest store and names each planted fault.

use clickd::derived::{
    Action, ActionId, CellKey, Class, Counted, Derived, Hold, Reasons, RecurrenceKey, Settled,
    SubmissionOutcome, Verdict, VerdictKey,
};
use clickd::fold::{Folder, VerifyReport, verify};
use clickd::log::Log;
use clickd::model::arrival::{Outcome, Stream};
use clickd::model::id::{EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use clickd::model::money::Money;
use clickd::model::tally::{Facet, Stored, Tally};
use clickd::model::time::Day;
use clickd::registry::cube::{CUBES, Cube, CubeId, Granularity};

use super::same::{catch_up, open};
use super::world::{World, begin};

pub(super) struct Store {
    _root: tempfile::TempDir,
    pub(super) log: Log,
    pub(super) derived: Derived,
}

/// A store with credited conversions, folded up to its end.
pub(super) fn store() -> Store {
    let root = tempfile::tempdir().unwrap();
    let mut world = World::new(5);
    let log = world.open(&root.path().join("log"));
    begin(&log);
    let mut writer = log.writer();
    for _ in 0..8 {
        world.slot(&log, &mut writer);
    }
    let derived = open(&root.path().join("derived"), &log);
    catch_up(&mut Folder::new(log.clone(), derived.serving()), &log);
    Store {
        _root: root,
        log,
        derived,
    }
}

impl Store {
    /// Rewrites derived rows behind the fold's back.
    pub(super) fn plant(&self, rows: impl FnOnce(&mut clickd::derived::Batch<'_>)) {
        let serving = self.derived.serving();
        let mut batch = serving.families().unwrap().batch();
        rows(&mut batch);
        batch.commit(&serving.mark().unwrap()).unwrap();
    }

    fn verdicts(&self) -> Vec<(VerdictKey, Verdict)> {
        let serving = self.derived.serving();
        let mut found = Vec::new();
        serving
            .view()
            .unwrap()
            .for_each_verdict_of_all(&mut |key, judged| found.push((key, judged.verdict)))
            .unwrap();
        found
    }

    pub(super) fn action(&self) -> (ActionId, Action) {
        let serving = self.derived.serving();
        let mut found = Vec::new();
        serving
            .view()
            .unwrap()
            .for_each_action(&mut |key, action| found.push((key, action)))
            .unwrap();
        found.remove(0)
    }

    pub(super) fn action_of(&self, id: ActionId) -> Action {
        let serving = self.derived.serving();
        serving.view().unwrap().action(id).unwrap().unwrap()
    }

    /// Folds up to the end of the log.
    pub(super) fn catch_up(&self) {
        let mut folder = Folder::new(self.log.clone(), self.derived.serving());
        catch_up(&mut folder, &self.log);
    }

    pub(super) fn verify(&self) -> VerifyReport {
        verify(&self.log, &self.derived).unwrap()
    }

    /// The checks that found something, each once.
    pub(super) fn checks(&self) -> Vec<&'static str> {
        let report = self.verify();
        assert!(!report.is_clean());
        let mut checks: Vec<_> = report
            .first_differences
            .iter()
            .map(|row| row.check)
            .collect();
        checks.sort_unstable();
        checks.dedup();
        checks
    }
}

#[test]
fn an_honest_store_is_clean_and_counted() {
    let store = store();
    let report = store.verify();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(report.clicks, store.verdicts().len() as u64);
    assert!(report.actions > 0 && report.cells > 0 && report.submissions > 0);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["differences"], 0);
}

#[test]
fn an_unfolded_store_has_nothing_to_compare() {
    let store = store();
    let fresh = store.derived.next_generation().unwrap();
    store.derived.adopt(fresh).unwrap();
    assert_eq!(store.verify(), VerifyReport::default());
}

#[test]
fn a_changed_verdict_shows_in_its_cell() {
    let store = store();
    let (key, mut verdict) = store
        .verdicts()
        .into_iter()
        .find(|(_, verdict)| verdict.class == Class::Duplicate)
        .unwrap();
    verdict.class = Class::Unique;
    verdict.reasons = Reasons::NONE;
    store.plant(|batch| batch.verdict(key, verdict));
    assert_eq!(store.checks(), ["aggregate cell"]);
    let report = store.verify();
    // Clicks and payable clicks, in each of the cubes that count clicks.
    for difference in &report.first_differences {
        let at = &difference.at;
        let place = |stretch| format!(", program {}, {stretch} ", key.program);
        let places = [place("day"), place("week of day")];
        assert!(places.iter().any(|place| at.contains(place)), "{at}");
    }
    let of_all = |cube: &&Cube| cube.counts(Stored::Clicks) && cube.id != CubeId::EXPIRED_AD;
    let cubes = CUBES.iter().filter(of_all);
    let kept: usize = cubes.map(|cube| cube.granularities.len()).sum();
    // And that it is no duplicate, among what speaks against clicks.
    assert_eq!(report.differences, 2 * kept as u64 + 1);
}

#[test]
fn a_verdict_with_other_signs_is_found() {
    let store = store();
    let (key, mut verdict) = store.verdicts()[0];
    verdict.signs.0 ^= 1 << 5;
    store.plant(|batch| batch.verdict(key, verdict));
    assert_eq!(store.checks(), ["aggregate cell", "signs"]);
}

#[test]
fn a_verdict_too_many_and_one_of_another_slot_are_found() {
    let store = store();
    let (mut key, mut verdict) = store.verdicts()[0];
    key.number = EventNumber(key.number.0 + 1);
    store.plant(|batch| batch.verdict(key, verdict));
    assert_eq!(store.checks(), ["aggregate cell", "verdicts"]);

    let store = self::store();
    let (key, _) = store.verdicts()[0];
    verdict = store.verdicts()[0].1;
    verdict.slot = Slot(verdict.slot.0 + 1);
    store.plant(|batch| batch.verdict(key, verdict));
    assert_eq!(store.checks(), ["verdict", "verdicts"]);
}

#[test]
fn a_changed_or_invented_cell_is_found() {
    let store = store();
    let (key, _) = store.verdicts()[0];
    let cell = CellKey {
        cube: CubeId::PARTNER_PERFORMANCE,
        program: key.program,
        granularity: Granularity::Day,
        day: Day(1),
        partner: PartnerId(10),
    };
    let mut tally = Tally::default();
    tally.add(Stored::ActionCost, 1);
    store.plant(|batch| batch.cell(cell, &Facet::None, &tally));
    assert_eq!(store.checks(), ["aggregate cell"]);
    let report = store.verify();
    assert_eq!(report.differences, 1);
    let difference = &report.first_differences[0];
    assert_eq!(
        (difference.expected.as_str(), difference.found.as_str()),
        ("0", "1")
    );
}

#[test]
fn a_week_that_is_not_the_sum_of_its_days_is_found() {
    let store = store();
    let (key, _) = store.verdicts()[0];
    let monday = Granularity::Week.first(key.day);
    let cell = CellKey {
        cube: CubeId::PARTNER_PERFORMANCE,
        program: key.program,
        granularity: Granularity::Week,
        day: monday,
        partner: key.partner,
    };
    store.plant(|batch| batch.cell(cell, &Facet::None, &Tally::default()));
    assert_eq!(store.checks(), ["aggregate cell"]);
    let at = store.verify().first_differences[0].at.clone();
    assert!(at.contains(&format!("week of day {}", monday.0)), "{at}");
}

#[test]
fn a_changed_action_is_found() {
    let store = store();
    let (id, mut action) = store.action();
    action.cost = Money(action.cost.0 + 1);
    store.plant(|batch| batch.set_action(id, &action, &[]));
    assert_eq!(store.checks(), ["aggregate cell", "updates"]);
}

#[test]
fn a_counter_that_no_action_explains_and_a_hold_that_is_not_the_payout_are_found() {
    let with = |action: &Action, cost| Action {
        holds: vec![Hold {
            counted: Counted::default(),
            cost,
        }],
        ..action.clone()
    };
    let invented = store();
    let (id, action) = invented.action();
    let holding = with(&action, action.cost);
    invented.plant(|batch| batch.count(id, None, &holding).unwrap());
    assert_eq!(invented.checks(), ["counter"]);

    let missing = store();
    let (id, action) = missing.action();
    missing.plant(|batch| batch.set_action(id, &with(&action, action.cost), &[]));
    assert_eq!(missing.checks(), ["counter"]);

    let wrong = store();
    let (id, action) = wrong.action();
    let holding = with(&action, Money(action.cost.0 + 1));
    wrong.plant(|batch| {
        batch.set_action(id, &holding, &[]);
        batch.count(id, None, &holding).unwrap();
    });
    assert_eq!(wrong.checks(), ["limits"]);
}

#[test]
fn a_wrong_count_of_a_clicks_actions_is_found() {
    let store = store();
    let serving = store.derived.serving();
    let mut counts = Vec::new();
    let view = serving.view().unwrap();
    view.for_each_recurrence(&mut |key, count| counts.push((key, count)))
        .unwrap();
    let (key, count) = counts[0];
    store.plant(|batch| batch.set_recurrence(key, count + 1));
    assert_eq!(store.checks(), ["recurrence"]);
    store.plant(|batch| batch.set_recurrence(key, count));
    store.plant(|batch| {
        let RecurrenceKey::Click { click, .. } = key else {
            panic!("{key:?}");
        };
        let stranger = RecurrenceKey::Click {
            program: ProgramId(1),
            event_type: EventTypeId(9),
            partner: PartnerId(10),
            click,
        };
        batch.set_recurrence(stranger, 1);
    });
    assert_eq!(store.checks(), ["recurrence"]);
}

#[test]
fn outcomes_that_do_not_fit_are_found() {
    let store = store();
    let (id, action) = store.action();
    let settled = |outcome| Settled {
        slot: action.submission.slot,
        outcome,
    };
    store.plant(|batch| batch.outcome(action.submission, settled(SubmissionOutcome::Waiting)));
    assert_eq!(store.checks(), ["actions", "waiting"]);

    let store = self::store();
    let invented = SubmissionId {
        number: EventNumber(1),
        ..action.submission
    };
    let credited = SubmissionOutcome::Credited(id);
    store.plant(|batch| batch.outcome(invented, settled(credited)));
    assert_eq!(store.checks(), ["outcomes"]);
}

#[test]
fn an_action_of_another_submission_is_found() {
    let store = store();
    let (id, mut action) = store.action();
    action.submission.number = EventNumber(1);
    store.plant(|batch| batch.set_action(id, &action, &[]));
    // What led to it is told by its submission, too.
    assert_eq!(store.checks(), ["action", "aggregate cell"]);
}

#[test]
fn a_ledger_that_does_not_balance_is_found() {
    let store = store();
    let mut writer = store.log.writer();
    writer.count(ProgramId(1), Outcome::Received);
    writer.commit().unwrap();
    store.log.seal().unwrap();
    catch_up(
        &mut Folder::new(store.log.clone(), store.derived.serving()),
        &store.log,
    );
    let report = store.verify();
    assert_eq!(report.differences, 1, "{report:#?}");
    let difference = &report.first_differences[0];
    assert_eq!(difference.check, "ledger");
    assert_eq!(difference.at, format!("program 1, {:?}", Stream::Click));
}
