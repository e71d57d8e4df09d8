//! What a list refuses, and what is as if it was not there.

use super::world::{ACTIONS, Made, UPDATES, World};
use crate::model::time::{DAY, Millis};
use crate::server::api::keys::{self, Scope};
use crate::server::api::tests::bench::{HASH_KEY, auth};

fn is_told(world: &World, query: &str, field: &str, message: &str) {
    for target in [ACTIONS, UPDATES] {
        let reply = world.get(&format!("{target}?CampaignId=1000{query}"));
        assert_eq!(reply.status, 400, "{query}");
        let error = reply.json()["Errors"][0].clone();
        assert_eq!(error["Field"], *field, "{query}: {error}");
        let said = error["Message"].as_str().unwrap();
        assert!(said.contains(message), "{query}: {said}");
    }
}

#[test]
fn every_wrong_parameter_is_told() {
    let world = World::new();
    let (pages, pair) = ("from 2000 to 20000", "go together");
    for (query, field, message) in [
        ("&CampaignId=1000", "CampaignId", "more than once"),
        ("&Compaign=1", "Compaign", "known are CampaignId, Media"),
        ("&MediaPartnerId=x", "MediaPartnerId", "a whole number"),
        ("&AdId=-1", "AdId", "a whole number"),
        ("&State=LOCKED", "State", "PENDING, APPROVED, REVERSED are"),
        ("&State=%ff", "State", "not UTF-8"),
        ("&PageSize=1999", "PageSize", pages),
        ("&PageSize=20001", "PageSize", pages),
        ("&Page=0", "Page", "a whole number from 1"),
        ("&StartDate=2026-01-01", "EndDate", pair),
        ("&EndDate=2026-01-01", "StartDate", pair),
        ("&ActionDateStart=2026-01-01", "ActionDateEnd", pair),
        ("&LockingDateEnd=2026-01-01", "LockingDateStart", pair),
        (
            "&StartDate=x&EndDate=y",
            "StartDate",
            "2026-01-31T15:04:05Z",
        ),
    ] {
        is_told(&world, query, field, message);
    }
    for target in [ACTIONS, UPDATES] {
        for (query, message) in [("", "is missing"), ("?CampaignId=x", "a whole number")] {
            let reply = world.get(&format!("{target}{query}"));
            assert_eq!(reply.status, 400, "{query}");
            assert!(reply.body.contains(message), "{reply:?}");
        }
        let all = "&state=APPROVED&PAGE=1&pagesize=2000&IrVersion=14";
        let reply = world.get(&format!("{target}?CampaignId=1000{all}"));
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

#[test]
fn every_bound_of_a_range_is_told() {
    let world = World::new();
    let now = world.bench.log.clock().now();
    let day = |days: i64| now.plus(-days * DAY);
    for pair in [
        ["StartDate", "EndDate"],
        ["ActionDateStart", "ActionDateEnd"],
        ["LockingDateStart", "LockingDateEnd"],
    ] {
        let [start, end] = pair;
        let range = |first: Millis, last: Millis| format!("&{start}={first}&{end}={last}");
        is_told(
            &world,
            &range(day(1), day(2)),
            start,
            "the first time comes first",
        );
        is_told(&world, &range(day(50), day(3)), end, "more than 45 days");
        is_told(
            &world,
            &range(day(1_100), day(1_099)),
            start,
            "more than 3 years back",
        );
        for query in [range(day(50), day(5)), range(day(1_094), day(1_090))] {
            let reply = world.get(&format!("{ACTIONS}?CampaignId=1000{query}"));
            assert_eq!(reply.status, 200, "{query}: {reply:?}");
        }
    }
}

#[test]
fn actions_of_others_are_as_if_they_were_not_there() {
    let world = World::new();
    let foreign = Made {
        program: 2000,
        ..world.action("theirs", 1)
    };
    let ids = world.make(&[foreign, world.action("ours", 1)]);
    let nowhere = world.get("/nowhere");
    assert_eq!(nowhere.status, 404);
    let (theirs, ours) = (ids[0], ids[1]);
    assert_eq!(world.get(&format!("{ACTIONS}/{ours}")).status, 200);
    assert_eq!(world.get(&format!("{UPDATES}/{ours}.1")).status, 200);
    for target in [
        format!("{ACTIONS}?CampaignId=2000"),
        format!("{ACTIONS}?CampaignId=77"),
        format!("{UPDATES}?CampaignId=2000"),
        format!("{ACTIONS}/{theirs}"),
        format!("{ACTIONS}/{theirs}/Items"),
        format!("{ACTIONS}/{theirs}/Items/"),
        format!("{UPDATES}/{theirs}.1"),
        format!("{ACTIONS}/1000.10001.1"),
        format!("{ACTIONS}/{ours}x"),
        format!("{ACTIONS}/{ours}.1"),
        format!("{ACTIONS}/{ours}/Items/none"),
        format!("{ACTIONS}/{ours}/Items/%ff"),
        format!("{UPDATES}/{ours}"),
        format!("{UPDATES}/{ours}.0"),
        format!("{UPDATES}/{ours}.2"),
        format!("{UPDATES}/{ours}.01"),
        format!("/Advertisers/IRzen/Actions/{theirs}"),
        "/Advertisers/IRzen/Actions?CampaignId=2000".to_owned(),
    ] {
        let reply = world.get(&target);
        assert_eq!(reply.without_date(), nowhere.without_date(), "{target}");
    }
}

#[test]
fn each_way_needs_its_scope() {
    let world = World::new();
    let make = |scope| {
        let log = &world.bench.log;
        let made = keys::create(log, &HASH_KEY, "IRacme", &[scope], Millis(0)).unwrap();
        auth("IRacme", &made.token)
    };
    let scopes = [
        Scope::ReadReports,
        Scope::WriteConversions,
        Scope::ModifyActions,
    ];
    let keys = scopes.map(make);
    world.bench.state.reload_keys().unwrap();
    let list = format!("{ACTIONS}?CampaignId=1000");
    let submission = "/Advertisers/IRacme/APISubmissions/x";
    for (method, target, statuses) in [
        ("GET", &*list, [200, 403, 403]),
        ("GET", UPDATES, [400, 403, 403]),
        ("PUT", ACTIONS, [403, 403, 415]),
        ("DELETE", ACTIONS, [403, 403, 400]),
        ("POST", ACTIONS, [405, 405, 405]),
        ("PUT", UPDATES, [405, 405, 405]),
        ("GET", submission, [403, 404, 404]),
    ] {
        let found = [0, 1, 2].map(|key: usize| {
            let reply = world.bench.raw(format!(
                "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                 Content-Length: 0\r\n{}\r\n",
                keys[key]
            ));
            reply.status
        });
        assert_eq!(found, statuses, "{method} {target}");
    }
}
