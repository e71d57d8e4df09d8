//! Pinned reports come first in the list of the key that pinned them.

use super::bench::{Bench, HASH_KEY, PARTNER, Reply, auth};
use crate::log::{Clock, Log, Options};
use crate::model::time::Millis;
use crate::registry::{REPORTS, Viewer};
use crate::server::api::keys::{self, Scope};
use crate::server::api::pins::Pins;

const LIST: &str = "/Advertisers/IRacme/Reports";
const DAY: &str = "att_adv_performance_by_day_pm_only";
const RISK: &str = "adv_risk_by_partner";

fn ask(bench: &Bench, method: &str, target: &str, auth: &str) -> Reply {
    bench.raw(format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{auth}\r\n"
    ))
}

fn pin(bench: &Bench, method: &str, handle: &str) -> Reply {
    ask(
        bench,
        method,
        &format!("{LIST}/{handle}/Pin"),
        &bench.auth(),
    )
}

/// The handles of a list, of which the pinned ones come first.
fn listed(bench: &Bench, auth: &str, query: &str) -> (Vec<String>, usize) {
    let list = ask(bench, "GET", &format!("{LIST}{query}"), auth).json();
    let entries = list["Reports"].as_array().unwrap();
    let pinned = entries.iter().take_while(|entry| entry["Pinned"] == true);
    let count = pinned.count();
    assert!(
        entries[count..]
            .iter()
            .all(|entry| entry["Pinned"] == false)
    );
    let handles = entries.iter();
    let handles = handles.map(|entry| entry["Id"].as_str().unwrap().to_owned());
    (handles.collect(), count)
}

#[test]
fn what_a_key_has_pinned_comes_first_in_its_own_list() {
    let bench = Bench::start();
    let scopes = [Scope::ReadReports];
    let other = keys::create(&bench.log, &HASH_KEY, "IRacme", &scopes, Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    let other = auth("IRacme", &other.token);
    for handle in [RISK, DAY, RISK] {
        let reply = pin(&bench, "PUT", handle);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["Pinned"], true);
        assert_eq!(reply.json()["Id"], handle);
    }
    let (handles, count) = listed(&bench, &bench.auth(), "");
    assert_eq!(count, 2);
    assert_eq!(handles[..3], [DAY, RISK, PARTNER]);
    let reports = REPORTS.iter();
    let reports = reports.filter(|report| report.audience.includes(Viewer::Brand));
    assert_eq!(handles.len(), reports.count());
    let (handles, count) = listed(&bench, &bench.auth(), "?Search=day");
    assert_eq!((&*handles[0], count), (DAY, 1));
    let (handles, count) = listed(&bench, &other, "");
    assert_eq!((&*handles[0], count), (PARTNER, 0));
    for _ in 0..2 {
        let reply = pin(&bench, "DELETE", DAY);
        assert_eq!(
            (reply.status, &reply.json()["Pinned"]),
            (200, &false.into())
        );
    }
    let (handles, count) = listed(&bench, &bench.auth(), "");
    assert_eq!((&*handles[0], count), (RISK, 1));
}

#[test]
fn pins_outlive_a_restart_and_go_with_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let (day, risk) = (REPORTS[1].handle, REPORTS[2].handle);
    let open = || Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
    let scopes = [Scope::ReadReports];
    let ids = {
        let log = open();
        let make = || keys::create(&log, &HASH_KEY, "IRacme", &scopes, Millis(0)).unwrap();
        let ids = [make(), make()].map(|made| made.record.id);
        let pins = Pins::load(&log).unwrap();
        for id in &ids {
            pins.set(&log, id, &REPORTS[1], true).unwrap();
            pins.set(&log, id, &REPORTS[2], true).unwrap();
        }
        pins.set(&log, &ids[0], &REPORTS[2], false).unwrap();
        log.stop().unwrap();
        ids
    };
    let log = open();
    let pins = Pins::load(&log).unwrap();
    let held = |pins: &Pins, id: &str| {
        let held = REPORTS.iter().filter(|report| pins.holds(id, report));
        held.map(|report| report.handle).collect::<Vec<_>>()
    };
    assert_eq!(held(&pins, &ids[0]), [day]);
    assert_eq!(held(&pins, &ids[1]), [day, risk]);
    // The rows of pins are no keys.
    assert_eq!(keys::list(&log).unwrap().len(), 2);
    keys::revoke(&log, &ids[1], Millis(1)).unwrap();
    pins.reload(&log).unwrap();
    assert_eq!(held(&pins, &ids[1]), [""; 0]);
    assert_eq!(held(&pins, &ids[0]), [day]);
    // Pinning does not bring a revoked key back.
    pins.set(&log, &ids[1], &REPORTS[1], true).unwrap();
    let list = keys::list(&log).unwrap();
    let revoked = list.iter().find(|record| record.id == ids[1]).unwrap();
    assert_eq!(revoked.revoked, Some(Millis(1)));
    // What is no list of handles is not taken for none.
    log.put_pins(&ids[0], b"{}").unwrap();
    assert!(Pins::load(&log).is_err());
}

#[test]
fn only_a_key_in_force_pins_a_report_that_is_there() {
    let bench = Bench::start();
    let nowhere = bench.get("/nowhere").without_date();
    for target in [
        format!("{LIST}/unknown/Pin"),
        format!("{LIST}/{PARTNER}/Pin/x"),
        format!("/Advertisers/IRzen/Reports/{PARTNER}/Pin"),
    ] {
        let reply = ask(&bench, "PUT", &target, &bench.auth());
        assert_eq!(reply.without_date(), nowhere, "{target}");
    }
    let reply = pin(&bench, "GET", PARTNER);
    assert_eq!(reply.status, 405);
    assert!(reply.head.contains("allow: put, delete"), "{}", reply.head);
    let scopes = [Scope::WriteConversions];
    let writer = keys::create(&bench.log, &HASH_KEY, "IRacme", &scopes, Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    let target = format!("{LIST}/{PARTNER}/Pin");
    let reply = ask(&bench, "PUT", &target, &auth("IRacme", &writer.token));
    assert_eq!(reply.status, 403);
    assert_eq!(pin(&bench, "PUT", PARTNER).status, 200);
    let id = keys::token_id(&bench.token).unwrap();
    keys::revoke(&bench.log, id, Millis(1)).unwrap();
    bench.state.reload_keys().unwrap();
    assert_eq!(pin(&bench, "PUT", PARTNER).status, 401);
    assert!(bench.log.pins().unwrap().is_empty());
}
