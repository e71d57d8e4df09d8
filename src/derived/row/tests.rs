//! Values read back, and no bytes make a decoder panic.

use proptest::prelude::*;

use crate::model::action::change::ChangeRefusal;
use crate::model::id::{AdId, EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::refusal::Refusal;
use crate::model::submission::{Fingerprint, Person, PersonKind};
use crate::model::time::{Day, Millis};

use super::action::{Action, ActionFlags, Referred};
use super::counter::{Counted, Counter, Hold};
use super::item::{self, ActionItem};
use super::journey::horizon::Horizon;
use super::journey::path::{CreditRule, Path, Source, Step, Touch};
use super::journey::person::{
    PeopleKey, TouchKey, decode_seen, decode_touch, encode_seen, encode_touch,
};
use super::journey::recurrence::{self, RecurrenceKey};
use super::key::{ActionId, NoticeKey, OrderKey, UpdateKey};
use super::order;
use super::outcome::{Settled, SubmissionOutcome};
use super::update::{Notice, Update, UpdateKind};
use super::verdict::{Charge, Class, Held, Judged, Periods, Reasons, Signs, Verdict, Window};
use crate::registry::cpc::CpcError;

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
        0_u8..1 << Signs::ALL.len(),
        any::<u32>(),
    )
        .prop_map(|(class, reasons, signs, slot)| Verdict {
            class: class.0,
            reasons: Reasons(reasons),
            signs: Signs(signs),
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
        (
            0_u16..128,
            text(),
            prop::option::of(text()),
            holds(),
            any::<Option<(u32, i64)>>(),
        ),
    )
        .prop_map(|(ids, money, times, counts, rest)| Action {
            order_id: rest.1,
            occurrence: counts.0,
            partner: PartnerId(ids.0),
            ad: AdId(ids.1),
            click: counts.2.map(|slot| Referred {
                number: EventNumber(ids.2),
                time: Millis(money.2),
                slot: (slot > 9).then_some(Slot(slot.into())),
            }),
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
            ruled: rest
                .4
                .map(|(partner, cost)| (PartnerId(partner), Money(cost))),
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

fn notice_key() -> NoticeKey {
    NoticeKey {
        program: ProgramId(7),
        slot: Slot(1),
        sequence: 0,
    }
}

fn notices() -> impl Strategy<Value = Notice> {
    let told = [
        UpdateKind::Tracked,
        UpdateKind::Modified,
        UpdateKind::Reversed,
    ];
    let kind = prop::sample::select(told.to_vec());
    (kind, ids(), any::<(u32, u32)>()).prop_map(|(kind, action, (number, partner))| Notice {
        kind,
        update: UpdateKey { action, number },
        partner: PartnerId(partner),
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

fn touches() -> impl Strategy<Value = Touch> {
    let source = (0_u8..5, any::<(u32, u32, Option<u32>)>(), text()).prop_map(
        |(kind, (partner, ad, slot), name)| match kind {
            0 => Source::Click {
                partner: PartnerId(partner),
                ad: AdId(ad),
                slot: slot.map(Slot),
            },
            1 => Source::Channel(name),
            2 => Source::Code(PartnerId(partner)),
            3 => Source::Forced(PartnerId(partner)),
            _ => Source::Url(PartnerId(partner)),
        },
    );
    (any::<(i64, u64)>(), source).prop_map(|((time, number), source)| Touch {
        time: Millis(time),
        number: EventNumber(number),
        source,
    })
}

fn paths() -> impl Strategy<Value = Path> {
    let verdict = prop::option::of(prop::sample::select(Refusal::ALL).prop_map(|row| row.0));
    let step = (touches(), verdict).prop_map(|(touch, verdict)| Step { touch, verdict });
    let steps = prop::collection::vec(step, 0..4);
    let rule = prop::sample::select(CreditRule::ALL).prop_map(|row| row.0);
    (steps, any::<(Option<u8>, Option<u8>)>(), rule).prop_map(|(steps, (named, winner), rule)| {
        Path {
            steps,
            named,
            winner,
            rule,
        }
    })
}

fn persons() -> impl Strategy<Value = Person> {
    let kind = prop::sample::select(&PersonKind::ALL[..]);
    (kind, any::<[u8; 16]>()).prop_map(|(kind, id)| Person {
        kind: kind.0,
        id: Fingerprint(id),
    })
}

fn recurrence_keys() -> impl Strategy<Value = RecurrenceKey> {
    any::<(bool, u32, u32, u32, u64, [u8; 16])>().prop_map(
        |(call, program, kind, partner, n, id)| {
            let (program, event_type) = (ProgramId(program), EventTypeId(kind));
            if call {
                RecurrenceKey::Caller {
                    program,
                    event_type,
                    caller: Fingerprint(id),
                }
            } else {
                RecurrenceKey::Click {
                    program,
                    event_type,
                    partner: PartnerId(partner),
                    click: EventNumber(n),
                }
            }
        },
    )
}

proptest! {
    #[test]
    fn rows_about_people_read_back(
        path in paths(),
        touch in touches(),
        names in [persons(), persons()],
        key in recurrence_keys(),
        at: i64,
    ) {
        prop_assert_eq!(Path::decode(&path.encode()), Ok(path));
        let program = ProgramId(7);
        let touched = TouchKey {
            program,
            person: names[0],
            time: touch.time,
            number: touch.number,
        };
        prop_assert_eq!(TouchKey::decode(&touched.encode()), Ok(touched));
        let value = encode_touch(&touch.source);
        prop_assert_eq!(decode_touch(&touched.encode(), &value), Ok(touch));
        let people = PeopleKey { program, person: names[0], other: names[1] };
        prop_assert_eq!(PeopleKey::decode(&people.encode()), Ok(people));
        prop_assert_eq!(decode_seen(&encode_seen(Millis(at))), Ok(Millis(at)));
        let horizon = Horizon {
            from: Millis(at),
            kept: at,
            people: (at % 2 == 0).then_some(people),
            touches: (at % 3 == 0).then_some(touched),
        };
        prop_assert_eq!(Horizon::decode(&horizon.encode()), Ok(horizon));
        prop_assert_eq!(RecurrenceKey::decode(&key.encode()), Ok(key));
        prop_assert_eq!(recurrence::decode(&recurrence::encode(at)), Ok(at));
    }

    #[test]
    fn no_bytes_of_rows_about_people_make_a_decoder_panic(
        format in 0_u8..3,
        bytes in prop::collection::vec(any::<u8>(), 0..70),
    ) {
        let bytes: Vec<u8> = [format].into_iter().chain(bytes).collect();
        if let Ok(path) = Path::decode(&bytes) {
            prop_assert_eq!(path.encode(), bytes.clone());
        }
        if let Ok(key) = RecurrenceKey::decode(&bytes) {
            prop_assert_eq!(key.encode(), bytes.clone());
        }
        if let Ok(key) = TouchKey::decode(&bytes) {
            prop_assert_eq!(key.encode().to_vec(), bytes.clone());
        }
        let key = [0; TouchKey::LEN];
        if let Ok(touch) = decode_touch(&key, &bytes) {
            prop_assert_eq!(encode_touch(&touch.source), bytes.clone());
        }
        if let Ok(horizon) = Horizon::decode(&bytes) {
            prop_assert_eq!(horizon.encode(), bytes.clone());
        }
        if let Ok(at) = decode_seen(&bytes) {
            prop_assert_eq!(encode_seen(at), bytes.clone());
        }
        if let Ok(value) = recurrence::decode(&bytes) {
            prop_assert_eq!(recurrence::encode(value), bytes);
        }
    }

    #[test]
    fn values_read_back(
        verdict in verdicts(),
        window in any::<(i64, i64)>(),
        action in actions(),
        lines in items(),
        update in updates(),
        notice in notices(),
        outcome in outcomes(),
        counter in any::<(i128, u64)>(),
    ) {
        let judged = Judged { verdict, charge: None };
        prop_assert_eq!(judged.encode(), verdict.encode().to_vec());
        prop_assert_eq!(Judged::decode(&judged.encode()), Ok(judged));
        let window = Window { unique: Millis(window.0), click: Millis(window.1) };
        prop_assert_eq!(Window::decode(&window.encode()), Ok(window));
        prop_assert_eq!(Action::decode(&action_id(), &action.encode()), Ok(action));
        prop_assert_eq!(item::decode(&item::encode(&lines)), Ok(lines));
        prop_assert_eq!(Update::decode(ProgramId(7), &update.encode()), Ok(update));
        prop_assert_eq!(Notice::decode(notice_key(), &notice.encode()), Ok(notice));
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
        if let Ok(judged) = Judged::decode(&bytes) {
            prop_assert_eq!(judged.encode(), bytes.clone());
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
        if let Ok(notice) = Notice::decode(notice_key(), &bytes) {
            prop_assert_eq!(notice.encode(), bytes.clone());
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

fn held() -> impl Strategy<Value = Held> {
    let periods = || {
        let numbers = prop::collection::vec(1_u8..=5, 0..3);
        numbers.prop_map(|numbers| numbers.into_iter().fold(Periods::default(), Periods::with))
    };
    let fields = (any::<(u32, i64)>(), 1_u64.., periods(), periods());
    fields.prop_map(|((event_type, contract), group, all, own)| Held {
        event_type: EventTypeId(event_type),
        contract: Millis(contract),
        all: if own.is_empty() { all.with(3) } else { all },
        group: (!own.is_empty()).then_some((group, own)),
    })
}

proptest! {
    #[test]
    fn charges_read_back(
        verdict in verdicts(),
        cost in prop_oneof![Just(0), 1..i64::MAX],
        error in prop::option::of(prop::sample::select(CpcError::ALL)),
        held in prop::option::of(held()),
        adjusted in (any::<i64>(), prop_oneof![i64::MIN..0, 1..=i64::MAX]),
    ) {
        let charge = Charge {
            cost: Money(cost),
            adjusted: Money::ZERO,
            error: error.map(|row| row.0),
            held: held.filter(|_| cost > 0),
        };
        let verdict = Verdict { class: Class::Unique, ..verdict };
        let judged = Judged { verdict, charge: Some(charge) };
        prop_assert_eq!(Judged::decode(&judged.encode()), Ok(judged));
        let other = Verdict { class: Class::Robot, ..verdict };
        let judged = Judged { verdict: other, ..judged };
        prop_assert!(Judged::decode(&judged.encode()).is_err());
        let adjusted = Charge {
            cost: Money(adjusted.0),
            adjusted: Money(adjusted.1),
            held: held.filter(|_| i128::from(adjusted.0) + i128::from(adjusted.1) > 0),
            ..charge
        };
        let judged = Judged { charge: Some(adjusted), ..judged };
        prop_assert_eq!(Judged::decode(&judged.encode()), Ok(judged));
    }

    #[test]
    fn whatever_reads_as_a_charge_writes_the_same_bytes(
        tail in prop::collection::vec(prop_oneof![0_u8..12, 128..140_u8, any::<u8>()], 0..30),
    ) {
        let bytes = [&[1, 1, 0, 0, 0, 0, 0, 9][..], &tail].concat();
        if let Ok(judged) = Judged::decode(&bytes) {
            prop_assert_eq!(judged.encode(), bytes);
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
    let verdict = Verdict {
        class: Class::Unique,
        reasons: Reasons::NONE,
        signs: Signs::NONE,
        slot: Slot(1),
    };
    let mut value = verdict.encode();
    value[0] = 9;
    assert_eq!(Judged::decode(&value), Err("unknown format"));
    assert_eq!(Judged::decode(&[]), Err("too short"));
}
