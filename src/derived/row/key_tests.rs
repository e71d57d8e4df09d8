//! Keys keep the order of their fields, read back, and survive any bytes.

use proptest::prelude::*;

use super::*;

/// Few values and the extremes, so that leading fields are often equal.
fn edge<T: Copy + fmt::Debug + 'static>(values: &[T]) -> impl Strategy<Value = T> + use<T> {
    prop::sample::select(values.to_vec())
}

fn edge_u32() -> impl Strategy<Value = u32> {
    prop_oneof![edge(&[0, 1, 255, 256, u32::MAX]), any::<u32>()]
}

fn edge_u64() -> impl Strategy<Value = u64> {
    prop_oneof![edge(&[0, 1, 255, 256, u64::MAX]), any::<u64>()]
}

fn edge_i32() -> impl Strategy<Value = i32> {
    prop_oneof![
        edge(&[i32::MIN, -256, -1, 0, 1, 256, i32::MAX]),
        any::<i32>()
    ]
}

fn edge_i64() -> impl Strategy<Value = i64> {
    prop_oneof![
        edge(&[i64::MIN, -256, -1, 0, 1, 256, i64::MAX]),
        any::<i64>()
    ]
}

fn verdict() -> impl Strategy<Value = VerdictKey> {
    (edge_u32(), edge_u32(), edge_i32(), edge_i64(), edge_u64()).prop_map(
        |(program, partner, day, time, number)| VerdictKey {
            program: ProgramId(program),
            partner: PartnerId(partner),
            day: Day(day),
            time: Millis(time),
            number: EventNumber(number),
        },
    )
}

fn window() -> impl Strategy<Value = WindowKey> {
    (edge_u32(), edge_i32(), edge_u32(), edge_u64()).prop_map(|(program, day, partner, visitor)| {
        WindowKey {
            program: ProgramId(program),
            day: Day(day),
            partner: PartnerId(partner),
            visitor: Visitor(visitor),
        }
    })
}

fn waiting() -> impl Strategy<Value = WaitingKey> {
    (edge_u32(), edge_i64(), edge_u32(), edge_u64()).prop_map(|(program, due, slot, number)| {
        WaitingKey {
            program: ProgramId(program),
            due: Millis(due),
            slot: Slot(slot),
            number: EventNumber(number),
        }
    })
}

fn outcome() -> impl Strategy<Value = OutcomeKey> {
    (edge_u32(), edge_u32(), edge_u64()).prop_map(|(program, slot, number)| OutcomeKey {
        program: ProgramId(program),
        slot: Slot(slot),
        number: EventNumber(number),
    })
}

fn cell() -> impl Strategy<Value = CellKey> {
    (any::<u8>(), edge_u32(), edge_i32(), edge_u32()).prop_map(|(cube, program, day, partner)| {
        CellKey {
            cube: CubeId(cube),
            program: ProgramId(program),
            granularity: Granularity::Day,
            day: Day(day),
            partner: PartnerId(partner),
        }
    })
}

fn order() -> impl Strategy<Value = OrderKey> {
    (
        edge_u32(),
        edge_u32(),
        prop::collection::vec(any::<u8>(), 0..64),
    )
        .prop_map(|(program, event_type, order_id)| OrderKey {
            program: ProgramId(program),
            event_type: EventTypeId(event_type),
            order_id: order_id.into(),
        })
}

macro_rules! ordered {
    ($($test:ident: $strategy:ident;)*) => {
        proptest! {
            $(#[test]
            fn $test(a in $strategy(), b in $strategy()) {
                let (left, right) = (a.clone().encode(), b.clone().encode());
                prop_assert_eq!(a.cmp(&b), left.cmp(&right));
                prop_assert_eq!(decode_like(&a, &left), Ok(a));
            })*
        }
    };
}

trait Decode: Sized {
    fn decode(bytes: &[u8]) -> Result<Self, &'static str>;
}

macro_rules! decode {
    ($($name:ident)*) => {
        $(impl Decode for $name {
            fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
                $name::decode(bytes)
            }
        })*
    };
}
decode!(VerdictKey WindowKey WaitingKey OutcomeKey CellKey OrderKey ActionId UpdateKey NoticeKey
    IndexKey);

fn decode_like<K: Decode>(_like: &K, bytes: &[u8]) -> Result<K, &'static str> {
    K::decode(bytes)
}

ordered! {
    verdict_keys_sort_as_their_fields: verdict;
    window_keys_sort_as_their_fields: window;
    waiting_keys_sort_as_their_fields: waiting;
    outcome_keys_sort_as_their_fields: outcome;
    cell_keys_sort_as_their_fields: cell;
    order_keys_sort_as_their_fields: order;
    action_ids_sort_as_their_fields: action_id;
    update_keys_sort_as_their_fields: update;
    notice_keys_sort_as_their_fields: notice;
    index_keys_sort_as_their_fields: index;
}

proptest! {
    #[test]
    fn no_bytes_make_a_key_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        for read in [
            VerdictKey::decode(&bytes).map(|key| key.encode().to_vec()),
            WindowKey::decode(&bytes).map(|key| key.encode().to_vec()),
            WaitingKey::decode(&bytes).map(|key| key.encode().to_vec()),
            OutcomeKey::decode(&bytes).map(|key| key.encode().to_vec()),
            CellKey::decode(&bytes).map(|key| key.encode().to_vec()),
            OrderKey::decode(&bytes).map(|key| key.encode()),
            ActionId::decode(&bytes).map(|key| key.encode().to_vec()),
            UpdateKey::decode(&bytes).map(|key| key.encode().to_vec()),
            NoticeKey::decode(&bytes).map(|key| key.encode().to_vec()),
            IndexKey::decode(&bytes).map(|key| key.encode().to_vec()),
        ] {
            prop_assert!(read.is_err() || read.as_deref() == Ok(&bytes[..]));
        }
    }
}

fn action_id() -> impl Strategy<Value = ActionId> {
    (edge_u32(), edge_u32(), edge_u64()).prop_map(|(program, event_type, order)| ActionId {
        program: ProgramId(program),
        event_type: EventTypeId(event_type),
        order,
    })
}

fn update() -> impl Strategy<Value = UpdateKey> {
    (action_id(), edge_u32()).prop_map(|(action, number)| UpdateKey { action, number })
}

fn notice() -> impl Strategy<Value = NoticeKey> {
    (edge_u32(), edge_u32(), edge_u32()).prop_map(|(program, slot, sequence)| NoticeKey {
        program: ProgramId(program),
        slot: Slot(slot),
        sequence,
    })
}

fn index() -> impl Strategy<Value = IndexKey> {
    let kind = prop::sample::select(
        &[
            IndexKind::Updated,
            IndexKind::Dated,
            IndexKind::Locking,
            IndexKind::Due,
        ][..],
    );
    (action_id(), kind, edge_i64(), edge_u32()).prop_map(|(action, kind, at, update)| IndexKey {
        program: action.program,
        kind,
        at: Millis(at),
        event_type: action.event_type,
        order: action.order,
        update,
    })
}

#[test]
fn action_ids_read_back_and_other_texts_are_refused() {
    let id = ActionId::first_of(&OrderKey::new(ProgramId(7), EventTypeId(3), "o-1"), 0);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!(id.order < 1 << 52);
    for text in [
        "",
        "1",
        "1.2",
        "1.2.",
        ".2.3",
        "1.2.3.4",
        "1.2.-3",
        "1.2.+3",
        "01.2.3",
        "1.2.3 ",
        "4294967296.2.3",
        "1.2.4503599627370496",
    ] {
        assert_eq!(text.parse::<ActionId>(), Err(ActionIdError), "{text}");
    }
}

#[test]
fn the_number_after_the_last_is_the_first() {
    let last = ActionId {
        program: ProgramId(1),
        event_type: EventTypeId(1),
        order: (1 << 52) - 1,
    };
    assert_eq!(last.next().order, 0);
}

#[test]
fn further_actions_of_an_order_have_numbers_of_their_own() {
    let key = OrderKey::new(ProgramId(7), EventTypeId(3), "o-1");
    assert_ne!(ActionId::first_of(&key, 0), ActionId::first_of(&key, 1));
    assert_ne!(ActionId::first_of(&key, 1), ActionId::first_of(&key, 2));
}
