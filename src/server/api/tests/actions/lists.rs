//! Which actions and updates a list holds, and in which order.

use super::world::{ACTIONS, UPDATES, World};
use crate::model::time::{DAY, Millis};

#[test]
fn a_list_without_times_holds_what_was_updated_in_the_last_seven_days() {
    let world = World::new();
    let mut old = world.action("changed", 40);
    old.updates.push(world.now.plus(-DAY));
    let other = super::world::Made {
        program: 1001,
        ..world.action("other program", 1)
    };
    world.make(&[
        world.action("a", 2),
        old,
        other,
        world.action("old", 8),
        world.action("b", 0),
    ]);
    // Newest first by when they came to be, whenever they changed.
    assert_eq!(world.orders(""), ["b", "a", "changed"]);
    assert_eq!(world.updates(""), ["b.1", "changed.2", "a.1"]);
}

#[test]
fn a_range_of_updates_holds_both_its_ends_and_the_last_update_counts() {
    let world = World::new();
    let at = |days: i64| world.now.plus(-days * DAY);
    let mut twice = world.action("twice", 20);
    twice.updates.push(at(10));
    world.make(&[twice, world.action("once", 20)]);
    let range = |first: Millis, last: Millis| format!("&StartDate={first}&EndDate={last}");
    for (first, last, actions, updates) in [
        (at(20), at(20), &["once"][..], &["twice.1", "once.1"][..]),
        (at(10), at(10), &["twice"], &["twice.2"]),
        (
            at(20),
            at(10),
            &["once", "twice"],
            &["twice.2", "once.1", "twice.1"],
        ),
        (at(20).plus(1), at(10).plus(-1), &[], &[]),
        (at(20).plus(-9), at(20).plus(-1), &[], &[]),
    ] {
        let query = range(first, last);
        let mut found = world.orders(&query);
        found.sort();
        assert_eq!(found, actions, "{query}");
        let (mut found, mut updates) = (world.updates(&query), updates.to_vec());
        found.sort();
        updates.sort_unstable();
        assert_eq!(found, updates, "{query}");
    }
    // A last time that names a second means it whole.
    let second = at(10).to_string().replace(".000Z", "Z");
    let mut late = world.action("late", 10);
    late.updates = vec![at(10).plus(999)];
    world.make(&[late]);
    let query = format!("&StartDate={second}&EndDate={second}");
    assert_eq!(world.orders(&query), ["late", "twice"]);
}

#[test]
fn action_dates_and_locking_dates_choose_as_well() {
    let world = World::new();
    let mut open = world.action("open", 30);
    open.locking = None;
    let mut soon = world.action("soon", 20);
    soon.locking = Some(world.now.plus(DAY));
    soon.updates.push(world.now.plus(-5 * DAY));
    world.make(&[open, soon, world.action("later", 10)]);
    let pair =
        |name: &str, first: Millis, last: Millis| format!("&{name}Start={first}&{name}End={last}");
    let days = |from: i64, to: i64| (world.now.plus(from * DAY), world.now.plus(to * DAY));
    let dated = |from, to| pair("ActionDate", days(from, to).0, days(from, to).1);
    let locking = |from, to| pair("LockingDate", days(from, to).0, days(from, to).1);
    assert_eq!(world.orders(&dated(-31, -15)), ["soon", "open"]);
    assert_eq!(world.orders(&locking(0, 5)), ["soon"]);
    assert_eq!(world.orders(&locking(0, 20)), ["later", "soon"]);
    assert_eq!(
        world.orders(&format!("{}{}", dated(-31, -15), locking(0, 20))),
        ["soon"]
    );
    assert_eq!(world.updates(&locking(0, 5)), ["soon.2", "soon.1"]);
    let (first, last) = days(-6, 0);
    let updated = format!("&StartDate={first}&EndDate={last}");
    assert_eq!(
        world.orders(&format!("{updated}{}", dated(-31, -15))),
        ["soon"]
    );
    assert_eq!(
        world.updates(&format!("{updated}{}", dated(-31, -15))),
        ["soon.2"]
    );
    // Exactly on the edge, and a millisecond beside it.
    let at = world.now.plus(10 * DAY);
    assert_eq!(world.orders(&pair("LockingDate", at, at)), ["later"]);
    assert!(
        world
            .orders(&pair("LockingDate", at.plus(1), at.plus(9)))
            .is_empty()
    );
}

#[test]
fn partner_event_type_and_ad_choose_as_well() {
    let world = World::new();
    let mut other = world.action("other", 20);
    other.partner = 8;
    let mut ad = world.action("ad", 10);
    ad.ad = 77;
    let (own, first) = (ad.partner, other.ad);
    world.make(&[other, ad]);
    let days = format!(
        "&ActionDateStart={}&ActionDateEnd={}",
        world.now.plus(-40 * DAY),
        world.now
    );
    for (query, expected) in [
        (String::new(), &["ad", "other"][..]),
        ("&MediaPartnerId=8".to_owned(), &["other"]),
        (format!("&MediaPartnerId={own}"), &["ad"]),
        ("&adid=77".to_owned(), &["ad"]),
        (format!("&AdId={first}&MediaPartnerId={own}"), &[]),
        ("&ActionTrackerId=10001".to_owned(), &["ad", "other"]),
        ("&ActionTrackerId=10002".to_owned(), &[]),
    ] {
        assert_eq!(world.orders(&format!("{days}{query}")), expected, "{query}");
        assert_eq!(
            world.updates(&format!("{days}{query}")).len(),
            expected.len()
        );
    }
}

#[test]
fn a_state_is_that_of_the_figures_moment_and_an_updates_that_of_its_own() {
    let world = World::new();
    let mut approved = world.action("approved", 3);
    approved.locking = Some(world.now);
    let mut pending = world.action("pending", 2);
    pending.locking = Some(world.now.plus(1));
    let mut reversed = world.action("reversed", 1);
    reversed.updates.push(world.now.plus(-60_000));
    reversed.reversed = true;
    world.make(&[approved, pending, reversed]);
    assert_eq!(world.orders("&State=APPROVED"), ["approved"]);
    assert_eq!(world.orders("&State=pending"), ["pending"]);
    assert_eq!(world.orders("&State=REVERSED"), ["reversed"]);
    assert_eq!(world.updates("&State=REVERSED"), ["reversed.2"]);
    assert_eq!(
        world.updates("&State=PENDING"),
        ["reversed.1", "pending.1", "approved.1"]
    );
    assert!(world.updates("&State=APPROVED").is_empty());
}

#[test]
fn pages_hold_every_action_once() {
    let world = World::new();
    let mut actions = vec![world.action("o", 1); 2_003];
    for (i, action) in actions.iter_mut().enumerate() {
        action.updates = vec![world.now.plus(-60_000 + i64::try_from(i).unwrap())];
    }
    let mut ids = world.make(&actions);
    ids.reverse();
    for (list, target) in [("Actions", ACTIONS), ("ActionUpdates", UPDATES)] {
        let mut next = format!("{target}?CampaignId=1000&PageSize=2000&State=PENDING");
        let mut found = Vec::new();
        for (page, count) in [("1", 2_000), ("2", 3)] {
            let json = world.get(&next).json();
            assert_eq!(
                (&json["@total"], &json["@numpages"], &json["@page"]),
                (&"2003".into(), &"2".into(), &page.into())
            );
            let objects = json[list].as_array().unwrap();
            assert_eq!(objects.len(), count);
            found.extend(objects.iter().map(|object| object["Id"].clone()));
            next = json["@nextpageuri"].as_str().unwrap().to_owned();
            let first = json["@firstpageuri"].as_str().unwrap();
            assert!(first.contains("&State=PENDING&StartDate="), "{first}");
        }
        assert_eq!(next, "");
        let suffix = if list == "Actions" { "" } else { ".1" };
        let expected = ids.iter().map(|id| format!("{id}{suffix}"));
        assert_eq!(found, expected.collect::<Vec<_>>());
        let beyond = world.get(&format!("{target}?CampaignId=1000&PageSize=2000&Page=3"));
        assert_eq!(beyond.json()[list], serde_json::json!([]));
    }
}
