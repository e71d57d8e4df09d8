//! Journeys over the names and devices of a person.

use std::ops::RangeInclusive;

use super::journey::{NAMES_MAX, TOUCHES_MAX, journey, names};
use super::note::{consents, note};
use crate::derived::{Batch, Derived, Mark, Options, Source, Touch};
use crate::model::id::{AdId, EventNumber, JudgementVersion, PartnerId, ProgramId, Slot};
use crate::model::submission::{Person, Submission};
use crate::model::time::Millis;

const PROGRAM: ProgramId = ProgramId(7);
const ALWAYS: RangeInclusive<Millis> = Millis(0)..=Millis(i64::MAX);

fn person(field: &str, value: &str) -> Person {
    Person::named(PROGRAM, field, value).unwrap()
}

fn profile(value: &str) -> Person {
    person("CustomProfileId", value)
}

fn touch(number: u64) -> Touch {
    Touch {
        time: EventNumber(number << 20).time(),
        number: EventNumber(number << 20),
        source: Source::Click {
            partner: PartnerId(1),
            ad: AdId(2),
            slot: None,
        },
    }
}

/// Runs `write` in one slot and `check` twice: before its rows are committed, and after.
fn slot(write: impl FnOnce(&mut Batch<'_>), check: impl Fn(&Batch<'_>)) {
    let dir = tempfile::tempdir().unwrap();
    let derived = Derived::open(dir.path(), &Options::new(1), None).unwrap();
    let generation = derived.serving();
    let families = generation.families().unwrap();
    let mut batch = families.batch();
    write(&mut batch);
    check(&batch);
    let mark = Mark {
        slot: Slot(1),
        wall_end: Millis(0),
        checksum: 0,
        newest: Millis(0),
        judgement: JudgementVersion(0),
    };
    batch.commit(&mark).unwrap();
    check(&families.batch());
}

fn tell(batch: &mut Batch<'_>, names: &[Person], touch: Option<&Touch>) {
    note(batch, PROGRAM, names, Millis(5), touch).unwrap();
}

fn seen(batch: &Batch<'_>, sent: &[Person]) -> Vec<u64> {
    let found = journey(batch, PROGRAM, sent, &ALWAYS).unwrap();
    found.iter().map(|touch| touch.number.0 >> 20).collect()
}

#[test]
fn a_journey_leads_over_the_devices_of_a_customer() {
    let customer = person("CustomerId", "c");
    let (phone, desk, tablet) = (profile("phone"), profile("desk"), person("GoogAId", "t"));
    slot(
        |batch| {
            tell(batch, &[phone], Some(&touch(1)));
            tell(batch, &[customer, phone], None);
            tell(batch, &[customer, desk], Some(&touch(2)));
            tell(batch, &[tablet], Some(&touch(3)));
            tell(batch, &[desk, tablet], None);
            tell(batch, &[profile("stranger")], Some(&touch(4)));
        },
        |batch| {
            // From one device over the customer to the other, and no further than that.
            assert_eq!(seen(batch, &[phone]), [2, 1]);
            assert_eq!(seen(batch, &[customer]), [2, 1]);
            assert_eq!(seen(batch, &[desk]), [3, 2, 1]);
            assert_eq!(seen(batch, &[tablet]), [3, 2]);
            assert_eq!(seen(batch, &[profile("nobody")]), [0_u64; 0]);
        },
    );
}

#[test]
fn a_touch_under_several_names_is_one_step() {
    let both = [person("CustomerId", "c"), profile("p")];
    slot(
        |batch| {
            tell(batch, &both, Some(&touch(1)));
            tell(batch, &both, Some(&touch(1)));
        },
        |batch| assert_eq!(seen(batch, &both), [1]),
    );
}

#[test]
fn touches_of_other_programs_are_never_seen() {
    let customer = person("CustomerId", "c");
    let other = ProgramId(8);
    slot(
        |batch| {
            // Even under the very same fingerprint.
            note(
                batch,
                other,
                &[customer, profile("p")],
                Millis(5),
                Some(&touch(1)),
            )
            .unwrap();
            note(batch, ProgramId(6), &[customer], Millis(5), Some(&touch(2))).unwrap();
        },
        |batch| {
            assert_eq!(seen(batch, &[customer]), [0_u64; 0]);
            assert_eq!(
                names(batch, (PROGRAM, Millis(0)), &[customer]).unwrap(),
                [customer]
            );
        },
    );
    assert_ne!(Person::named(other, "CustomerId", "c").unwrap(), customer);
}

#[test]
fn only_touches_within_the_times_are_seen() {
    let customer = person("CustomerId", "c");
    let at = |number: u64| touch(number).time;
    slot(
        |batch| {
            for number in 1..=4 {
                tell(batch, &[customer], Some(&touch(number << 10)));
            }
        },
        |batch| {
            let within = |times: RangeInclusive<Millis>| {
                let found = journey(batch, PROGRAM, &[customer], &times).unwrap();
                found
                    .iter()
                    .map(|touch| touch.number.0 >> 30)
                    .collect::<Vec<_>>()
            };
            let (two, three) = (at(2 << 10), at(3 << 10));
            assert_eq!(within(two..=three), [3, 2]);
            assert_eq!(within(two.plus(1)..=three.plus(-1)), [0_u64; 0]);
            assert_eq!(within(three..=two), [0_u64; 0]);
        },
    );
}

#[test]
fn names_and_touches_are_bounded_and_the_newest_touches_stay() {
    let customer = person("CustomerId", "c");
    let many = u64::try_from(TOUCHES_MAX).unwrap() + 5;
    slot(
        |batch| {
            for n in 0..100 {
                tell(batch, &[customer, profile(&n.to_string())], None);
            }
            for number in 1..=many {
                tell(batch, &[customer], Some(&touch(number)));
            }
        },
        |batch| {
            let all = names(batch, (PROGRAM, Millis(0)), &[customer]).unwrap();
            assert_eq!((all.len(), all[0]), (NAMES_MAX, customer));
            assert_eq!(
                all,
                names(batch, (PROGRAM, Millis(0)), &[customer]).unwrap()
            );
            let found = seen(batch, &[customer]);
            assert_eq!(found.len(), TOUCHES_MAX);
            assert_eq!((found[0], found[TOUCHES_MAX - 1]), (many, 6));
        },
    );
}

#[test]
fn a_customer_may_forbid_that_names_are_linked() {
    let said = |value: &str| Submission {
        fields: vec![("TrackingConsent".into(), value.into())],
        ..Submission::default()
    };
    assert!(consents(&Submission::default()) && consents(&said("true")));
    assert!(!consents(&said("false")) && !consents(&said("FALSE")));
}
