//! Settled figures stand, whatever the fold makes of the log.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use clickd::derived::{Action, ActionFlags, ActionId, SubmissionOutcome, UpdateKey, UpdateKind};
use clickd::fold::rebuild;
use clickd::model::action::settlement::Settlement;
use clickd::model::id::{PartnerId, SubmissionId};
use clickd::model::money::Money;
use clickd::model::time::Millis;

use super::verify::Store;

pub(super) fn settlement(id: ActionId, action: &Action) -> Settlement {
    Settlement {
        program: id.program,
        event_type: id.event_type,
        order_id: action.order_id.clone(),
        action: id.order,
        partner: action.partner,
        date: action.date,
        day: action.day,
        locking: action.locking.unwrap(),
        amount: action.amount,
        cost: action.cost,
        gross_cost: action.gross_cost,
        reversed: action.is_reversed(),
    }
}

/// Settles and folds; what became of it.
fn settle(store: &Store, settlement: &Settlement) -> SubmissionOutcome {
    assert_eq!(
        store.log.settle(std::slice::from_ref(settlement)).unwrap(),
        1
    );
    let slot = store.log.seal().unwrap();
    store.catch_up();
    let (id, _): &(SubmissionId, _) = &store.log.entries(slot).unwrap()[0];
    store.derived.outcome(*id).unwrap().unwrap().outcome
}

fn due(store: &Store) -> Vec<ActionId> {
    let serving = store.derived.serving();
    let mut found = Vec::new();
    serving
        .view()
        .unwrap()
        .for_each_due(Millis(i64::MAX), &mut |id| {
            found.push(id);
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

fn is_clean(store: &Store) {
    let report = store.verify();
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn an_action_that_locked_as_it_stands_is_only_marked() {
    let store = super::verify::store();
    let (id, action) = store.action();
    assert!(due(&store).contains(&id));
    let settled = settlement(id, &action);
    assert_eq!(settle(&store, &settled), SubmissionOutcome::Settled(id, 0));
    let flags = action.flags.with(ActionFlags::SETTLED, true);
    assert_eq!(store.action_of(id), Action { flags, ..action });
    assert!(!due(&store).contains(&id));
    assert_eq!(store.log.settle(&[settled]).unwrap(), 0, "once, for ever");
    is_clean(&store);
}

#[test]
fn figures_that_locked_win_over_those_of_the_rules_and_survive_a_rebuild() {
    let store = super::verify::store();
    let (id, action) = store.action();
    let cost = Money(action.cost.0 + 10_000);
    let settled = Settlement {
        cost,
        gross_cost: cost,
        ..settlement(id, &action)
    };
    assert_eq!(settle(&store, &settled), SubmissionOutcome::Settled(id, 2));
    let after = store.action_of(id);
    assert_eq!((after.cost, after.updates), (cost, 2));
    let serving = store.derived.serving();
    let key = UpdateKey {
        action: id,
        number: 2,
    };
    let update = serving.view().unwrap().update(key).unwrap().unwrap();
    assert_eq!(update.kind, UpdateKind::Settled);
    assert_eq!((update.delta_amount, update.delta_cost), (0, 10_000));
    is_clean(&store);
    let done = rebuild(
        &store.log,
        &store.derived,
        &AtomicBool::new(false),
        &mut |_, _| {},
    );
    assert!(done.unwrap());
    assert_eq!(store.action_of(id), after);
    is_clean(&store);
}

#[test]
fn an_action_that_locked_is_there_also_when_the_rules_do_not_give_it() {
    let store = super::verify::store();
    let (other, action) = store.action();
    let id = other.next();
    let settled = Settlement {
        order_id: "credited by other rules".into(),
        action: id.order,
        ..settlement(id, &action)
    };
    assert_eq!(settle(&store, &settled), SubmissionOutcome::Settled(id, 1));
    let restored = store.action_of(id);
    assert_eq!(restored.cost, action.cost);
    assert!(restored.flags.any(ActionFlags::SETTLED));
    is_clean(&store);
}

#[test]
fn an_action_that_locked_as_reversed_is_reversed_without_a_reversal() {
    let store = super::verify::store();
    let (id, action) = store.action();
    let settled = Settlement {
        amount: Some(Money::ZERO),
        cost: Money::ZERO,
        reversed: true,
        ..settlement(id, &action)
    };
    assert_eq!(settle(&store, &settled), SubmissionOutcome::Settled(id, 2));
    let after = store.action_of(id);
    assert!(after.is_reversed());
    assert_eq!(after.cost, Money::ZERO);
    is_clean(&store);
}

#[test]
fn an_action_that_is_not_what_it_locked_as_is_found() {
    let store = super::verify::store();
    let (id, action) = store.action();
    settle(&store, &settlement(id, &action));
    let mut other = store.action_of(id);
    other.partner = PartnerId(other.partner.0 + 1);
    store.plant(|batch| batch.set_action(id, &other, &[]));
    assert!(store.checks().contains(&"settlement"));
}
