//! Rows of submissions and orders: what is written reads back, and nothing else does.

use proptest::prelude::*;

use super::*;
use crate::model::id::AdId;
use crate::model::id::JobId;
use crate::model::money::Money;
use crate::model::submission::Origin;

fn sample() -> Submission {
    Submission {
        program: ProgramId(7),
        event_type: EventTypeId(2),
        order_id: "o-1".into(),
        event: EventTime::At {
            start: Millis(-1),
            precision: 1_000,
        },
        claim: Claim::Verified(ClickId {
            number: EventNumber(5),
            partner: PartnerId(1),
            ad: AdId(2),
            program: ProgramId(7),
            unrecorded: false,
            key_number: 1,
        }),
        references: vec![
            Reference::Partner(PartnerId(9)),
            Reference::External(Fingerprint([1; 16])),
            Reference::Person(Person {
                kind: PersonKind::Customer,
                id: Fingerprint([2; 16]),
            }),
            Reference::Person(Person {
                kind: PersonKind::Device,
                id: Fingerprint([2; 16]),
            }),
            Reference::PromoCode("SAVE".into()),
            Reference::UniqueUrl("https://a.example/".into()),
            Reference::Caller(Fingerprint([3; 16])),
        ],
        order: Order {
            amount: Some(Money(12_500_000)),
            items: vec![item(1), item(ITEM_NUMBER_MAX)],
        },
        customer_status: Some("NEW".into()),
        network: Some(Network::V4([192, 0, 2])),
        call: Some(Call {
            status: CallStatus::Answered,
            talk_seconds: Some(61),
        }),
        origin: Origin::Api,
        is_test: false,
        is_signed: true,
        payload: PayloadHash([7; 16]),
        fields: vec![
            ("Amount".into(), "12.50".into()),
            ("Note".into(), "é".into()),
        ],
    }
}

fn item(number: u16) -> Item {
    Item {
        number,
        units: UNITS_MAX,
        net: Some(Money(6_250_000)),
        rebate: Money(10_000),
        sku: "s".into(),
        category: "c".into(),
        sub_category: "d".into(),
        name: "n".into(),
        brand: "b".into(),
        promo_code: "p".into(),
    }
}

fn row(submission: &Submission) -> Vec<u8> {
    let mut row = Vec::new();
    write(&mut row, submission);
    row
}

#[test]
fn submissions_read_back() {
    let bare = Item::default();
    let all = [
        sample(),
        Submission::default(),
        Submission {
            claim: Claim::Forged,
            network: Some(Network::V6([1, 2, 3, 4, 5, 6])),
            call: Some(Call {
                status: CallStatus::Incomplete,
                talk_seconds: None,
            }),
            is_test: true,
            is_signed: false,
            order: Order {
                amount: Some(Money(0)),
                items: vec![bare.clone()],
            },
            ..sample()
        },
        Submission {
            origin: Origin::Batch {
                job: JobId(u64::MAX),
                line: 3,
            },
            order: Order {
                amount: None,
                items: vec![bare],
            },
            ..sample()
        },
        Submission {
            origin: Origin::Import {
                job: JobId(1),
                row: 1,
            },
            ..sample()
        },
    ];
    for submission in all {
        let row = row(&submission);
        assert_eq!(read(&row), Ok(submission));
        for cut in 0..row.len() {
            assert!(read(&row[..cut]).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn what_no_writer_writes_is_damage() {
    let items = |items: Vec<Item>| Submission {
        order: Order {
            amount: None,
            items,
        },
        ..sample()
    };
    let unit = |units| Item { units, ..item(1) };
    let mut reversed = sample();
    reversed.references.reverse();
    let mut twice = sample();
    twice.references.insert(0, Reference::Partner(PartnerId(9)));
    for (submission, why) in [
        (items(vec![item(2), item(2)]), "an item's number"),
        (items(vec![item(0)]), "an item's number"),
        (items(vec![item(ITEM_NUMBER_MAX + 1)]), "an item's number"),
        (items(vec![unit(0)]), "an item's units"),
        (items(vec![unit(UNITS_MAX + 1)]), "an item's units"),
        (reversed, "its references"),
        (twice, "its references"),
    ] {
        let damage = read(&row(&submission)).unwrap_err();
        assert!(damage.why.starts_with(why), "{damage}");
    }
    for format in [0, 1, 3] {
        let mut row = row(&sample());
        row[0] = format;
        assert!(read(&row).is_err(), "{format}");
    }
    let flags = 3 + sample().order_id.len() + 1;
    for (byte, is_good) in [(0, true), (3, true), (12, false), (16, false)] {
        let mut row = row(&sample());
        row[flags] = byte;
        assert_eq!(read(&row).is_ok(), is_good, "{byte}");
    }
}

#[test]
fn orders_read_back() {
    let attempt = |n| AttemptRow {
        slot: Slot(n),
        number: EventNumber(u64::from(n) << 32),
        payload: PayloadHash([1; 16]),
    };
    let attempts = vec![attempt(1), attempt(2)];
    assert_eq!(read_order(&write_order(&attempts)), Ok(attempts));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(mut row: Vec<u8>) {
        for format in [SUBMISSION_FORMAT, FORMAT] {
            if let Some(first) = row.first_mut() {
                *first = format;
            }
            prop_assert!(read(&row).is_err() || row.len() > 20);
        }
        let whole = row.first() == Some(&FORMAT) && row.len() % 28 == 1;
        prop_assert_eq!(read_order(&row).is_ok(), whole);
    }

    /// A byte changed in a real row reads as something or as damage, and what reads is written
    /// as it was read, but for integers that are longer than they need be.
    #[test]
    fn any_changed_byte_is_survived(at: prop::sample::Index, byte: u8) {
        let mut changed = row(&sample());
        let at = at.index(changed.len());
        changed[at] = byte;
        if let Ok(submission) = read(&changed) {
            prop_assert_eq!(read(&row(&submission)), Ok(submission));
        }
    }
}
