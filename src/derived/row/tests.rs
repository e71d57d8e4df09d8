//! Values read back, and no bytes make a decoder panic.

use proptest::prelude::*;

use crate::model::action::change::ChangeRefusal;
use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::refusal::Refusal;
use crate::model::time::{Day, Millis};

use super::action::{Action, ActionFlags};
use super::counter::{Counted, Counter, Hold};
use super::item::{self, ActionItem};
use super::key::{ActionId, OrderKey};
use super::order;
use super::outcome::{Settled, SubmissionOutcome};
use super::update::{Update, UpdateKind};
use super::verdict::{Class, Reasons, Verdict, Window};

fn order_key() -> OrderKey {
    OrderKey::new(ProgramId(7), EventTypeId(3), "order-1")
}

fn action_id() -> ActionId {
    ActionId::first_of(&order_key(), 0)
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    (
        prop::sample::select(Class::ALL),
        0_u16..1 << Reasons::ALL.len(),
        any::<u32>(),
    )
        .prop_map(|(class, reasons, slot)| Verdict {
            class: class.0,
            reasons: Reasons(reasons),
            slot: Slot(slot),
        })
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop::sample::select(&["", "a", "Schuhe für Füße"][..]).prop_map(Box::from)
}

fn actions() -> impl Strategy<Value = Action> {
    let money = any::<(Option<i64>, Option<i64>, i64, i64, i64)>();
    let times = any::<(i64, i32, Option<i64>, i64)>();
    let counts = any::<(u32, u32, Option<u16>)>();
    (
        any::<(u32, u32, u64, u32, u64)>(),
        money,
        times,
        counts,
        (0_u16..128, text(), prop::option::of(text()), holds()),
    )
        .prop_map(|(ids, money, times, counts, rest)| Action {
            order_id: rest.1,
            occurrence: counts.0,
            partner: PartnerId(ids.0),
            ad: AdId(ids.1),
            click: EventNumber(ids.2),
            referring_type: ReferringType::ALL[rest.0 as usize % 9].0,
            contract: Millis(times.3),
            submission: SubmissionId {
                slot: Slot(ids.3),
                program: ProgramId(7),
                number: EventNumber(ids.4),
            },
            date: Millis(times.0),
            day: Day(times.1),
            locking: times.2.map(Millis),
            amount: money.0.map(Money),
            cost: Money(money.2),
            intended_amount: money.1.map(Money),
            intended_cost: Money(money.3),
            gross_cost: Money(money.4),
            updated: Millis(times.3),
            updates: counts.1,
            group: counts.2,
            customer_status: rest.2,
            holds: rest.3,
            flags: ActionFlags(rest.0),
        })
}

fn holds() -> impl Strategy<Value = Vec<Hold>> {
    let parts = any::<(u64, u8, i32, u8, [u8; 16], i64)>();
    let hold = parts.prop_map(|(group, period, from, scope, whose, cost)| Hold {
        counted: Counted {
            group,
            period,
            from: Day(from),
            scope,
            whose,
        },
        cost: Money(cost),
    });
    prop::collection::vec(hold, 0..3)
}

fn items() -> impl Strategy<Value = Vec<ActionItem>> {
    let adjusted = prop::option::of((any::<i64>().prop_map(Millis), text()));
    let numbers = any::<(u16, u32, i64, i64, i64, Option<u16>)>();
    let item = (numbers, text(), text(), text(), adjusted).prop_map(
        |(numbers, sku, category, name, adjusted)| ActionItem {
            number: numbers.0,
            units: numbers.1,
            net: Money(numbers.2),
            cost: Money(numbers.3),
            rebate: Money(numbers.4),
            group: numbers.5,
            sku,
            category,
            name,
            adjusted,
        },
    );
    prop::collection::vec(item, 0..4)
}

fn updates() -> impl Strategy<Value = Update> {
    let kind = prop::sample::select(
        &[
            UpdateKind::Tracked,
            UpdateKind::Modified,
            UpdateKind::Reversed,
            UpdateKind::Settled,
        ][..],
    );
    (kind, any::<(u32, u64, i64, i64, i64, i64)>(), text()).prop_map(|(kind, numbers, reason)| {
        Update {
            kind,
            submission: SubmissionId {
                slot: Slot(numbers.0),
                program: ProgramId(7),
                number: EventNumber(numbers.1),
            },
            delta_amount: numbers.2,
            delta_cost: numbers.3,
            amount: Money(numbers.4),
            cost: Money(numbers.5),
            reason,
        }
    })
}

fn ids() -> impl Strategy<Value = ActionId> {
    (any::<u32>(), any::<u64>()).prop_map(|(event_type, order)| ActionId {
        program: ProgramId(7),
        event_type: EventTypeId(event_type),
        order,
    })
}

fn outcomes() -> impl Strategy<Value = Settled> {
    let outcome = prop_oneof![
        ids().prop_map(SubmissionOutcome::Credited),
        (ids(), any::<u32>()).prop_map(|(id, update)| SubmissionOutcome::Changed(id, update)),
        ids().prop_map(SubmissionOutcome::Unchanged),
        (ids(), any::<u32>()).prop_map(|(id, update)| SubmissionOutcome::Settled(id, update)),
        prop::sample::select(ChangeRefusal::ALL)
            .prop_map(|row| SubmissionOutcome::NotChanged(row.0)),
        prop::sample::select(Refusal::ALL).prop_map(|row| SubmissionOutcome::Refused(row.0)),
        Just(SubmissionOutcome::Waiting),
        any::<u32>().prop_map(|partner| SubmissionOutcome::Test(Ok(PartnerId(partner)))),
        prop::sample::select(Refusal::ALL).prop_map(|row| SubmissionOutcome::Test(Err(row.0))),
    ];
    (any::<u32>(), outcome).prop_map(|(slot, outcome)| Settled {
        slot: Slot(slot),
        outcome,
    })
}

proptest! {
    #[test]
    fn values_read_back(
        verdict in verdicts(),
        window in any::<(i64, i64)>(),
        action in actions(),
        lines in items(),
        update in updates(),
        outcome in outcomes(),
        counter in any::<(i128, u64)>(),
    ) {
        prop_assert_eq!(Verdict::decode(&verdict.encode()), Ok(verdict));
        let window = Window { unique: Millis(window.0), click: Millis(window.1) };
        prop_assert_eq!(Window::decode(&window.encode()), Ok(window));
        prop_assert_eq!(Action::decode(&action_id(), &action.encode()), Ok(action));
        prop_assert_eq!(item::decode(&item::encode(&lines)), Ok(lines));
        prop_assert_eq!(Update::decode(ProgramId(7), &update.encode()), Ok(update));
        prop_assert_eq!(Settled::decode(ProgramId(7), &outcome.encode()), Ok(outcome));
        let counter = Counter { cost: counter.0, actions: counter.1 };
        prop_assert_eq!(Counter::decode(&counter.encode()), Ok(counter));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(
        format in 0_u8..3,
        bytes in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        let bytes: Vec<u8> = [format].into_iter().chain(bytes).collect();
        if let Ok(verdict) = Verdict::decode(&bytes) {
            prop_assert_eq!(verdict.encode().to_vec(), bytes.clone());
        }
        if let Ok(window) = Window::decode(&bytes) {
            prop_assert_eq!(window.encode().to_vec(), bytes.clone());
        }
        if let Ok(action) = Action::decode(&action_id(), &bytes) {
            prop_assert_eq!(action.encode(), bytes.clone());
        }
        if let Ok(lines) = item::decode(&bytes) {
            prop_assert_eq!(item::encode(&lines), bytes.clone());
        }
        if let Ok(update) = Update::decode(ProgramId(7), &bytes) {
            prop_assert_eq!(update.encode(), bytes.clone());
        }
        if let Ok(actions) = order::decode(&order_key(), &bytes) {
            prop_assert_eq!(order::encode(&actions), bytes.clone());
        }
        if let Ok(counter) = Counter::decode(&bytes) {
            prop_assert_eq!(counter.encode(), bytes.clone());
        }
        if let Ok(outcome) = Settled::decode(ProgramId(7), &bytes) {
            prop_assert_eq!(outcome.encode(), bytes);
        }
    }
}

#[test]
fn class_bytes_match_their_table() {
    for (class, byte, label) in Class::ALL {
        assert_eq!((class.byte(), class.label()), (*byte, *label));
        assert_eq!(Class::from_byte(*byte), Some(*class));
    }
    assert_eq!(Class::from_byte(0), None);
}

#[test]
fn values_of_an_unknown_format_are_refused() {
    let mut value = Verdict {
        class: Class::Unique,
        reasons: Reasons::NONE,
        slot: Slot(1),
    }
    .encode();
    value[0] = 9;
    assert_eq!(Verdict::decode(&value), Err("unknown format"));
    assert_eq!(Verdict::decode(&[]), Err("too short"));
}
