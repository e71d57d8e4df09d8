//! Notices: one for each update that is told, in the order of the fold, the same in every
//! generation; what they tell adds up to the action.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use clickd::derived::{ActionId, Notice, NoticeKey, UpdateKind};
use clickd::fold::rebuild;
use clickd::model::action::change::{Change, What};
use clickd::model::id::Slot;
use clickd::model::money::Money;
use clickd::model::submission::{Origin, PayloadHash};

use super::verify::{Store, store};

fn notices(store: &Store) -> Vec<(NoticeKey, Notice)> {
    let serving = store.derived.serving();
    let mut found = Vec::new();
    serving
        .view()
        .unwrap()
        .for_each_notice(&mut |key, notice| found.push((key, notice)))
        .unwrap();
    found
}

fn change(store: &Store, id: ActionId, what: What, payload: u8) {
    let order_id = store.action_of(id).order_id;
    let change = Change {
        program: id.program,
        event_type: id.event_type,
        order_id,
        action: None,
        what,
        reason: "OTHER".into(),
        origin: Origin::Api,
        is_signed: false,
        payload: PayloadHash([payload; 16]),
        fields: Vec::new(),
    };
    store.log.change(&change).unwrap();
}

fn amount(of: i64) -> What {
    What::Modify {
        amount: Some(Money(of)),
        customer_status: None,
        items: Vec::new(),
    }
}

/// A store whose first action was changed twice and reversed, in two slots.
fn changed() -> (Store, ActionId) {
    let store = store();
    let (id, _) = store.action();
    change(&store, id, amount(77_770_000), 1);
    change(&store, id, amount(55_550_000), 2);
    store.log.seal().unwrap();
    change(&store, id, What::Reverse, 3);
    store.log.seal().unwrap();
    store.catch_up();
    (store, id)
}

#[test]
fn what_notices_tell_adds_up_to_each_action() {
    let (store, changed) = changed();
    let serving = store.derived.serving();
    let view = serving.view().unwrap();
    let mut sums: BTreeMap<ActionId, (i64, i64)> = BTreeMap::new();
    let mut kinds = Vec::new();
    for (_, notice) in notices(&store) {
        let update = view.update(notice.update).unwrap().unwrap();
        let sum = sums.entry(notice.update.action).or_default();
        sum.0 += update.delta_amount;
        sum.1 += update.delta_cost;
        if notice.update.action == changed {
            kinds.push((notice.kind, notice.update.number));
            assert_eq!(sum.1, update.cost.0);
        }
    }
    let expected = [
        (UpdateKind::Tracked, 1),
        (UpdateKind::Modified, 2),
        (UpdateKind::Modified, 3),
        (UpdateKind::Reversed, 4),
    ];
    assert_eq!(kinds, expected);
    let mut actions = 0;
    view.for_each_action(&mut |id, action| {
        actions += 1;
        let expected = (action.amount.unwrap_or_default().0, action.cost.0);
        assert_eq!(sums.get(&id), Some(&expected), "{id}");
    })
    .unwrap();
    assert_eq!(sums.len(), actions);
    assert!(store.verify().is_clean(), "{:?}", store.verify());
}

#[test]
fn a_place_among_the_notices_means_the_same_after_a_rebuild() {
    let (store, id) = changed();
    let before = notices(&store);
    // Numbered within the slot, over all programs.
    let mut places: BTreeMap<Slot, Vec<u32>> = BTreeMap::new();
    for (key, _) in &before {
        places.entry(key.slot).or_default().push(key.sequence);
    }
    assert!(places.values().any(|numbers| numbers.len() > 1));
    for numbers in places.values_mut() {
        numbers.sort_unstable();
        let expected: Vec<u32> = (0..).take(numbers.len()).collect();
        assert_eq!(*numbers, expected);
    }
    let done = rebuild(
        &store.log,
        &store.derived,
        &AtomicBool::new(false),
        &mut |_, _| {},
    );
    assert!(done.unwrap());
    assert_eq!(notices(&store), before);
    assert_eq!(store.action_of(id).updates, 4);
}

#[test]
fn notices_that_do_not_fit_are_found() {
    let (store, id) = changed();
    let all = notices(&store);
    let (key, notice) = *all.iter().find(|row| row.1.update.action == id).unwrap();
    let again = NoticeKey {
        sequence: 9_999,
        ..key
    };
    store.plant(|batch| batch.notice(again, &notice));
    assert_eq!(store.checks(), ["notice"]);

    let (store, _) = changed();
    let kind = UpdateKind::Reversed;
    store.plant(|batch| batch.notice(key, &Notice { kind, ..notice }));
    assert_eq!(store.checks(), ["notice"]);

    let (store, _) = changed();
    let mut other = notice;
    other.update.number = 77;
    store.plant(|batch| batch.notice(key, &other));
    let report = store.verify();
    // One of no update, later ones out of order, and an update without one.
    assert!(report.differences >= 3, "{report:?}");
    assert_eq!(store.checks(), ["notice"]);
}
