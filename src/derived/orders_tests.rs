//! Orders, their actions and what is found of them.

use std::ops::ControlFlow;

use crate::model::id::{
    AdId, EventNumber, EventTypeId, JudgementVersion, PartnerId, ProgramId, Slot, SubmissionId,
};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::time::{Day, Millis};

use super::super::row::action::ActionFlags;
use super::super::row::counter::{Counted, Counter, Hold};
use super::super::row::mark::Mark;
use super::super::row::update::UpdateKind;
use super::super::{Derived, Options};
use super::*;

const PROGRAM: ProgramId = ProgramId(7);

fn action(order_id: &str) -> Action {
    Action {
        order_id: order_id.into(),
        occurrence: 0,
        partner: PartnerId(1),
        ad: AdId(2),
        click: None,
        referring_type: ReferringType::ClickCookie,
        contract: Millis(0),
        submission: submission(4),
        date: Millis(1_000),
        day: Day(0),
        locking: Some(Millis(9_000)),
        amount: None,
        cost: Money(5),
        intended_amount: None,
        intended_cost: Money(5),
        gross_cost: Money(5),
        updated: Millis(0),
        updates: 1,
        group: None,
        customer_status: None,
        holds: Vec::new(),
        ruled: None,
        flags: ActionFlags::NONE,
    }
}

fn submission(number: u64) -> SubmissionId {
    SubmissionId {
        slot: Slot(1),
        program: PROGRAM,
        number: EventNumber(number),
    }
}

fn mark() -> Mark {
    Mark {
        slot: Slot(1),
        wall_end: Millis(0),
        checksum: 0,
        newest: Millis(0),
        judgement: JudgementVersion(0),
    }
}

fn key(order_id: &str) -> OrderKey {
    OrderKey::new(PROGRAM, EventTypeId(2), order_id)
}

#[test]
fn orders_of_one_number_get_two_actions() {
    let dir = tempfile::tempdir().unwrap();
    let derived = Derived::open(dir.path(), &Options::new(1), None).unwrap();
    let serving = derived.serving();
    let mut batch = serving.families().unwrap().batch();
    let (a, b) = (key("a"), key("b"));
    let taken = ActionId::first_of(&b, 0);
    // As if the order id `a` hashed like `b`, and its neighbour were taken as well.
    for id in [taken, taken.next()] {
        batch.track(&a, &[], id, &action("a"));
        batch.set_action(id, &action("a"), &[]);
    }
    let free = batch.free_id(&b, &[]).unwrap();
    assert_eq!(free, taken.next().next());
    batch.track(&b, &[], free, &action("b"));
    batch.set_action(free, &action("b"), &[]);
    assert_eq!(batch.actions_of(&b).unwrap(), [free]);
    batch.commit(&mark()).unwrap();
    let view = serving.view().unwrap();
    let found = |id| view.action(id).unwrap().unwrap().order_id;
    assert_eq!((&*found(taken), &*found(free)), ("a", "b"));
}

#[test]
fn what_a_slot_wrote_is_seen_before_it_is_committed_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let derived = Derived::open(dir.path(), &Options::new(1), None).unwrap();
    let serving = derived.serving();
    let mut batch = serving.families().unwrap().batch();
    let (key, items) = (key("a"), vec![ActionItem::default()]);
    let first = batch.free_id(&key, &[]).unwrap();
    batch.track(&key, &[], first, &action("a"));
    batch.set_action(first, &action("a"), &items);
    let before = batch.actions_of(&key).unwrap();
    let second = batch.free_id(&key, &before).unwrap();
    batch.track(&key, &before, second, &action("a"));
    let update = Update {
        kind: UpdateKind::Tracked,
        submission: submission(4),
        delta_amount: 0,
        delta_cost: 5,
        amount: Money(0),
        cost: Money(5),
        reason: Box::default(),
    };
    batch.update(first, 1, &update);
    assert_eq!(batch.actions_of(&key).unwrap(), [first, second]);
    assert_eq!(batch.action(first).unwrap(), Some(action("a")));
    assert_eq!(batch.items(first).unwrap(), items);
    batch.commit(&mark()).unwrap();
    let batch = serving.families().unwrap().batch();
    assert_eq!(batch.actions_of(&key).unwrap(), [first, second]);
    let view = serving.view().unwrap();
    assert_eq!(view.items(first).unwrap(), items);
    assert_eq!(view.items(second).unwrap(), []);
    let number = |number| UpdateKey {
        action: first,
        number,
    };
    assert_eq!(view.update(number(1)).unwrap(), Some(update));
    assert_eq!(view.update(number(2)).unwrap(), None);
    let indexed = |kind, times| {
        let mut found = Vec::new();
        view.for_each_indexed(PROGRAM, kind, times, &mut |key| {
            found.push((key.action(), key.at, key.update));
            ControlFlow::Continue(())
        })
        .unwrap();
        found.sort_unstable();
        found
    };
    let mut both = [first, second].map(|id| (id, Millis(1_000), 0));
    both.sort_unstable();
    let dated = indexed(IndexKind::Dated, Millis(1_000)..=Millis(1_000));
    assert_eq!(dated, both);
    for other in [Millis(0)..=Millis(999), Millis(1_001)..=Millis(9_000)] {
        assert_eq!(indexed(IndexKind::Dated, other), []);
    }
    let locking = indexed(IndexKind::Locking, Millis(9_000)..=Millis(9_000));
    assert_eq!(locking.len(), 2);
    let updated = indexed(IndexKind::Updated, Millis(0)..=Millis(i64::MAX));
    assert_eq!(updated, [(first, submission(4).number.time(), 1)]);
}

fn hold(group: u64, cost: i64) -> Hold {
    Hold {
        counted: Counted {
            group,
            ..Counted::default()
        },
        cost: Money(cost),
    }
}

#[test]
fn a_counter_holds_what_its_actions_hold_at_once_and_after_the_slot() {
    let dir = tempfile::tempdir().unwrap();
    let derived = Derived::open(dir.path(), &Options::new(1), None).unwrap();
    let generation = derived.serving();
    let families = generation.families().unwrap();
    let mut batch = families.batch();
    let (one, two) = (
        ActionId::first_of(&key("one"), 0),
        ActionId::first_of(&key("two"), 0),
    );
    let with = |holds: &[Hold]| Action {
        holds: holds.to_vec(),
        ..action("one")
    };
    let of = |group| hold(group, 0).counted.key(one, PartnerId(1), Millis(0));
    let first = with(&[hold(0, 5), hold(9, 2)]);
    batch.count(one, None, &first).unwrap();
    batch.count(two, None, &with(&[hold(0, 7)])).unwrap();
    let counter = |cost, actions| Counter { cost, actions };
    assert_eq!(batch.counter(of(0)).unwrap(), counter(12, 2));
    batch.commit(&mark()).unwrap();
    let mut batch = families.batch();
    let changed = with(&[hold(0, 1)]);
    batch.count(one, Some(&first), &changed).unwrap();
    assert_eq!(batch.counter(of(0)).unwrap(), counter(8, 2));
    assert_eq!(batch.counter(of(9)).unwrap(), counter(0, 0));
    batch.count(one, Some(&changed), &with(&[])).unwrap();
    batch.commit(&mark()).unwrap();
    let mut found = Vec::new();
    let view = generation.view().unwrap();
    view.for_each_counter(&mut |key, counter| found.push((key, counter)))
        .unwrap();
    assert_eq!(found, [(of(0), counter(7, 1)), (of(9), counter(0, 0))]);
}
