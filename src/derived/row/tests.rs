//! Values read back, and no bytes make a decoder panic.

use proptest::prelude::*;

use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::refusal::Refusal;
use crate::model::time::{Day, Millis};

use super::action::{Action, ActionId};
use super::key::ActionKey;
use super::outcome::{Settled, SubmissionOutcome};
use super::verdict::{Class, Reasons, Verdict, Window};

fn action_key() -> ActionKey {
    ActionKey::new(ProgramId(7), EventTypeId(3), "order-1")
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

fn actions() -> impl Strategy<Value = Action> {
    (
        (
            any::<u32>(),
            any::<u32>(),
            any::<u64>(),
            any::<u32>(),
            any::<u64>(),
        ),
        (
            any::<i64>(),
            any::<i32>(),
            any::<Option<i64>>(),
            any::<i64>(),
        ),
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(|((partner, ad, click, slot, number), money, flags)| {
            let (date, day, amount, cost) = money;
            Action {
                partner: PartnerId(partner),
                ad: AdId(ad),
                click: EventNumber(click),
                submission: SubmissionId {
                    slot: Slot(slot),
                    program: ProgramId(7),
                    number: EventNumber(number),
                },
                date: Millis(date),
                day: Day(day),
                amount: amount.map(Money),
                cost: Money(cost),
                recovered: flags.0,
                late: flags.1,
            }
        })
}

fn outcomes() -> impl Strategy<Value = Settled> {
    let outcome = prop_oneof![
        (any::<u32>(), any::<u64>()).prop_map(|(event_type, order)| {
            SubmissionOutcome::Credited(ActionId {
                program: ProgramId(7),
                event_type: EventTypeId(event_type),
                order,
            })
        }),
        prop::sample::select(Refusal::ALL).prop_map(|row| SubmissionOutcome::Refused(row.0)),
        Just(SubmissionOutcome::Waiting),
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
        outcome in outcomes(),
    ) {
        prop_assert_eq!(Verdict::decode(&verdict.encode()), Ok(verdict));
        let window = Window { unique: Millis(window.0), click: Millis(window.1) };
        prop_assert_eq!(Window::decode(&window.encode()), Ok(window));
        prop_assert_eq!(Action::decode(&action_key(), &action.encode()), Ok(action));
        prop_assert_eq!(Settled::decode(ProgramId(7), &outcome.encode()), Ok(outcome));
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
        if let Ok(action) = Action::decode(&action_key(), &bytes) {
            prop_assert_eq!(action.encode(), bytes.clone());
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
fn an_action_id_depends_on_the_order_key_alone() {
    let id = ActionId::of(&action_key());
    assert_eq!(id, ActionId::of(&action_key()));
    let text = id.to_string();
    assert!(text.starts_with("7.3."), "{text}");
    assert!(id.order < 1 << 52);
    let other = ActionKey::new(ProgramId(7), EventTypeId(3), "order-2");
    assert_ne!(id, ActionId::of(&other));
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
