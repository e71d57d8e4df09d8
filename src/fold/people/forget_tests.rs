//! What is remembered and what is forgotten, day by day over years.

use super::super::journey::{journey, names};
use super::super::note::note;
use super::*;
use crate::catalog::parse_toml;
use crate::derived::{Derived, Family, Generation, Mark, Options, Source, Touch};
use crate::model::id::{
    AdId, CatalogVersion, EventNumber, JudgementVersion, PartnerId, ProgramId, Slot,
};
use crate::model::submission::Person;
use crate::model::time::HOUR;
use std::sync::Arc;

const PROGRAM: ProgramId = ProgramId(7);
const START: Millis = Millis(1_772_928_000_000);

/// A program with this late limit and longest referral window, in days, and one of nothing known.
fn catalog(late_limit: i64, window: i64) -> Catalog {
    let text = format!(
        "version = 0\n[[brand]]\nsid = \"IRone\"\nname = \"One\"\n[[program]]\nid = 7\n\
         brand = \"IRone\"\nname = \"One\"\ntime_zone = \"UTC\"\ncurrency = \"USD\"\n\
         landing_page = \"https://one.example/\"\nlate_limit = \"{late_limit}d\"\n\
         [[event_type]]\nprogram = 7\nid = 1\nname = \"Sale\"\ncategory = \"SALE\"\n\
         [[partner]]\nid = 1\nname = \"One\"\n[[contract]]\nprogram = 7\npartner = 1\n\
         start = 2026-01-01\nreferral_window = \"{window}d\"\n\
         payouts = [{{ event_type = 1, rate = \"5%\" }}]\n"
    );
    Catalog::build(&parse_toml(&text).unwrap(), CatalogVersion(1)).unwrap()
}

fn person(field: &str, value: u64) -> Person {
    Person::named(PROGRAM, field, &value.to_string()).unwrap()
}

/// The customer and the profile of one person.
fn both(value: u64) -> [Person; 2] {
    ["CustomerId", "CustomProfileId"].map(|field| person(field, value))
}

fn touch(time: Millis) -> Touch {
    Touch {
        time,
        number: EventNumber::first_at(time, 0),
        source: Source::Click {
            partner: PartnerId(1),
            ad: AdId(2),
            slot: None,
        },
    }
}

struct Shop {
    _dir: tempfile::TempDir,
    generation: Arc<Generation>,
    catalog: Catalog,
}

impl Shop {
    fn new(catalog: Catalog) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let derived = Derived::open(dir.path(), &Options::new(1), None).unwrap();
        let generation = derived.serving();
        Self {
            _dir: dir,
            generation,
            catalog,
        }
    }

    /// Folds a slot that is the first to end on its day.
    fn day(&self, now: Millis, write: impl FnOnce(&mut Batch<'_>)) {
        let families = self.generation.families().unwrap();
        let mut batch = families.batch();
        write(&mut batch);
        forget(&mut batch, &self.catalog, Some(now)).unwrap();
        commit(batch, now);
    }

    fn rows(&self, family: Family) -> usize {
        let mut rows = 0;
        let view = self.generation.view().unwrap();
        view.dump(family, &mut |_, _| rows += 1).unwrap();
        rows
    }

    fn seen(&self, sent: Person) -> Vec<Millis> {
        let families = self.generation.families().unwrap();
        let always = Millis(i64::MIN)..=Millis(i64::MAX);
        let found = journey(&families.batch(), PROGRAM, &[sent], &always).unwrap();
        found.iter().map(|touch| touch.time).collect()
    }

    fn from(&self) -> Millis {
        let families = self.generation.families().unwrap();
        families.batch().horizon(PROGRAM).unwrap().from
    }
}

fn commit(batch: Batch<'_>, now: Millis) {
    let mark = Mark {
        slot: Slot(1),
        wall_end: now,
        checksum: 0,
        newest: now,
        judgement: JudgementVersion(0),
    };
    batch.commit(&mark).unwrap();
}

#[test]
fn the_rows_about_people_stay_as_many_over_years_of_traffic() {
    const PEOPLE: u64 = 10;
    let shop = Shop::new(catalog(88, 30));
    let (mut most, mut counted) = (0, Vec::new());
    for day in 0..1_500_u64 {
        let now = START.plus(i64::try_from(day).unwrap() * DAY);
        shop.day(now, |batch| {
            for one in 0..PEOPLE {
                let names = both(day * PEOPLE + one);
                note(batch, PROGRAM, &names, now, Some(&touch(now))).unwrap();
            }
        });
        // A click under one name alone: it must not let the names be looked at from the first.
        shop.day(now, |batch| {
            let name = person("GoogAId", day);
            batch.touch(PROGRAM, name, &touch(now));
        });
        if day % 50 == 0 {
            let rows = [Family::People, Family::Touches].map(|family| shop.rows(family));
            assert_eq!(shop.rows(Family::Horizons), 1);
            most = most.max(rows[0]).max(rows[1]);
            counted.push(rows);
        }
    }
    // Two names a person, on each of the days that count and the one that has begun.
    let days = usize::try_from(KEPT / DAY + 1).unwrap();
    let live = days * (2 * usize::try_from(PEOPLE).unwrap() + 1);
    assert!(most <= live * 2, "{live} count: {counted:?}");
    assert!(most >= live, "{live} count: {counted:?}");
}

#[test]
fn a_horizon_is_exact_to_the_millisecond_whether_rows_are_there_or_not() {
    let shop = Shop::new(catalog(88, 30));
    let [customer, profile] = both(1);
    let times = [-1, 0, 1].map(|past| START.plus(past));
    shop.day(START, |batch| {
        for (at, other) in times.into_iter().zip(2..) {
            note(batch, PROGRAM, &[customer, profile], at, Some(&touch(at))).unwrap();
            let linked = [customer, person("CustomProfileId", other)];
            note(batch, PROGRAM, &linked, at, None).unwrap();
        }
    });
    assert_eq!(shop.seen(customer).len(), 3);
    // This slot moves the horizon and finds nothing to remove yet.
    shop.day(START.plus(KEPT), |_| ());
    let (people, touches) = (shop.rows(Family::People), shop.rows(Family::Touches));
    assert_eq!((shop.from(), people, touches), (START, 8, 6));
    let check = |shop: &Shop| {
        let kept = [times[2], times[1]];
        assert_eq!(shop.seen(customer), kept);
        let families = shop.generation.families().unwrap();
        let all = names(&families.batch(), (PROGRAM, shop.from()), &[customer]).unwrap();
        assert!(!all.contains(&person("CustomProfileId", 2)), "{all:?}");
        assert_eq!(all.len(), 4, "{all:?}");
    };
    check(&shop);
    let families = shop.generation.families().unwrap();
    let mut batch = families.batch();
    let looks = Noted {
        people: 100,
        touches: 100,
    };
    batch.sweep(PROGRAM, looks).unwrap();
    commit(batch, START.plus(KEPT));
    let (people, touches) = (shop.rows(Family::People), shop.rows(Family::Touches));
    assert_eq!((people, touches), (6, 4));
    check(&shop);
}

#[test]
fn a_name_that_is_sent_again_is_remembered_and_no_slot_removes_what_it_puts() {
    let shop = Shop::new(catalog(88, 30));
    let (again, gone) = (both(1), both(2));
    let now = START.plus(KEPT + DAY);
    shop.day(START, |batch| {
        for names in [again, gone] {
            note(batch, PROGRAM, &names, START, Some(&touch(START))).unwrap();
        }
    });
    shop.day(now, |_| ());
    shop.day(now.plus(DAY), |batch| {
        note(batch, PROGRAM, &again, now, Some(&touch(now))).unwrap();
        // A click of long ago is noted in vain.
        note(batch, PROGRAM, &again, now, Some(&touch(START))).unwrap();
    });
    assert_eq!(shop.seen(again[0]), [now]);
    assert_eq!(shop.seen(gone[0]), [Millis(0); 0]);
    let families = shop.generation.families().unwrap();
    let linked = |one| names(&families.batch(), (PROGRAM, shop.from()), &[one]).unwrap();
    assert_eq!(linked(again[0]), again);
    assert_eq!(linked(gone[0]), [gone[0]]);
    assert_eq!(shop.rows(Family::People), 2);
}

#[test]
fn a_program_forgets_nothing_that_its_windows_reach_and_nothing_of_others() {
    let other = ProgramId(8);
    for (late, window, kept) in [
        (88, 30, KEPT),
        (300, 98, KEPT),
        (300, 200, 501 * DAY),
        (3_650, 3_650, 7_301 * DAY),
    ] {
        let shop = Shop::new(catalog(late, window));
        shop.day(START, |batch| {
            for program in [PROGRAM, other] {
                note(batch, program, &both(1), START, Some(&touch(START))).unwrap();
            }
        });
        shop.day(START.plus(kept), |_| ());
        assert_eq!(shop.from(), START, "{late} {window}");
        shop.day(START.plus(kept + DAY), |batch| {
            let now = START.plus(kept + DAY);
            note(batch, PROGRAM, &both(2), now, Some(&touch(now))).unwrap();
            note(batch, PROGRAM, &both(3), now, Some(&touch(now))).unwrap();
        });
        assert_eq!(shop.from(), START.plus(DAY), "{late} {window}");
        let families = shop.generation.families().unwrap();
        // A program that the catalogue does not name is remembered as long as any.
        let from = families.batch().horizon(other).unwrap().from;
        assert_eq!(from, START.plus(kept + DAY - KEPT), "{late} {window}");
        // The next ones that are noted clear away what is forgotten, of their program alone.
        assert_eq!(shop.rows(Family::Touches), 8, "{late} {window}");
        shop.day(START.plus(kept + DAY), |batch| {
            let now = START.plus(kept + DAY);
            note(batch, PROGRAM, &both(4), now, Some(&touch(now))).unwrap();
            note(batch, PROGRAM, &both(5), now, Some(&touch(now))).unwrap();
        });
        assert_eq!(shop.rows(Family::Touches), 10, "{late} {window}");
        assert_eq!(shop.rows(Family::People), 10, "{late} {window}");
    }
}

#[test]
fn windows_that_shorten_reach_for_a_day_more_and_never_back_to_what_is_forgotten() {
    let mut shop = Shop::new(catalog(300, 200));
    let now = START.plus(600 * DAY + HOUR);
    shop.day(now, |batch| {
        note(batch, PROGRAM, &both(1), now, Some(&touch(now))).unwrap();
    });
    assert_eq!(shop.from(), now.plus(-501 * DAY));
    shop.catalog = catalog(88, 30);
    shop.day(now.plus(DAY), |_| ());
    assert_eq!(shop.from(), now.plus(-500 * DAY));
    shop.day(now.plus(2 * DAY), |_| ());
    assert_eq!(shop.from(), now.plus(2 * DAY - KEPT));
    shop.catalog = catalog(300, 200);
    shop.day(now.plus(3 * DAY), |_| ());
    assert_eq!(shop.from(), now.plus(2 * DAY - KEPT));
}
