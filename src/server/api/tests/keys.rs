//! Who may ask for what.

use super::bench::{Bench, HASH_KEY, PARTNER, auth};
use crate::model::time::Millis;
use crate::server::api::keys::{self, Scope};

const REPORTS: &str = "/Advertisers/IRacme/Reports";

fn ask(bench: &Bench, target: &str, auth: &str) -> super::bench::Reply {
    bench.raw(format!(
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{auth}\r\n"
    ))
}

#[test]
fn without_a_proven_key_nothing_is_shown() {
    let bench = Bench::start();
    let unknown = format!("ck_00000000_{}", "A".repeat(43));
    let cut = bench.token.get(1..).unwrap();
    let twice = bench.auth().repeat(2);
    for auth in [
        String::new(),
        "Authorization: Basic\r\n".to_owned(),
        format!("Authorization: Bearer {}\r\n", bench.token),
        auth("IRacme", &unknown),
        auth("IRacme", cut),
        auth("IRacme", ""),
        auth("IRzen", &bench.token),
        twice,
    ] {
        for target in [REPORTS, "/", "/Advertisers/IRzen/Reports"] {
            let reply = ask(&bench, target, &auth);
            assert_eq!(reply.status, 401, "{auth} {target}");
            assert!(reply.head.contains("www-authenticate: basic realm="));
        }
    }
    assert_eq!(ask(&bench, REPORTS, &bench.auth()).status, 200);
}

#[test]
fn revoked_keys_prove_nothing_once_reloaded() {
    let bench = Bench::start();
    let other = keys::create(&bench.log, &HASH_KEY, "IRacme", &[], Millis(0)).unwrap();
    assert_eq!(
        ask(&bench, REPORTS, &auth("IRacme", &other.token)).status,
        401
    );
    keys::revoke(&bench.log, keys::token_id(&bench.token).unwrap(), Millis(1)).unwrap();
    bench.state.reload_keys().unwrap();
    assert_eq!(ask(&bench, REPORTS, &bench.auth()).status, 401);
    assert_eq!(
        ask(&bench, REPORTS, &auth("IRacme", &other.token)).status,
        403
    );
}

#[test]
fn a_missing_scope_is_said() {
    let bench = Bench::start();
    let make = |scope| {
        let made = keys::create(&bench.log, &HASH_KEY, "IRacme", &[scope], Millis(0)).unwrap();
        auth("IRacme", &made.token)
    };
    let (reader, writer) = (make(Scope::ReadReports), make(Scope::WriteConversions));
    bench.state.reload_keys().unwrap();
    assert_eq!(ask(&bench, REPORTS, &reader).status, 200);
    let reply = ask(&bench, REPORTS, &writer);
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("read-reports"));
    let reply = bench.raw(format!(
        "POST /Advertisers/IRacme/Conversions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Length: 0\r\n{reader}\r\n"
    ));
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("write-conversions"));
}

#[test]
fn other_accounts_are_as_if_they_were_not_there() {
    let bench = Bench::start();
    let nowhere = bench.get("/nowhere");
    assert_eq!(nowhere.status, 404);
    let run = format!("/Advertisers/IRzen/Reports/{PARTNER}");
    let own = format!("{REPORTS}/{PARTNER}");
    for target in [
        "/Advertisers/IRzen/Reports",
        "/Advertisers/IRzen/Conversions",
        "/Advertisers/IRnobody/Reports",
        "/Advertisers/IRacme/Nothing",
        "/Advertisers/IRacme/Reports/unknown",
        "/Advertisers/IRacme/Reports/unknown/MetaData",
        "/Advertisers/IRacme/APISubmissions/A-0",
        &run,
        &format!("{own}?SUBAID=2000"),
        &format!("{own}?SUBAID=77"),
    ] {
        let reply = bench.get(target);
        assert_eq!(reply.without_date(), nowhere.without_date(), "{target}");
    }
    let reply = bench.ask("DELETE", "/Advertisers/IRzen/Reports", "", "");
    assert_eq!(reply.without_date(), nowhere.without_date());
}

#[test]
fn a_key_of_an_account_that_is_gone_finds_nothing() {
    let bench = Bench::start();
    let mut catalog = (**bench.state.catalog.load()).clone();
    catalog.brands.remove("IRacme");
    bench.state.catalog.store(std::sync::Arc::new(catalog));
    assert_eq!(bench.get(REPORTS).status, 404);
}

#[test]
fn tokens_in_the_query_are_refused_before_anything_else() {
    let bench = Bench::start();
    for target in [
        format!("{REPORTS}?x={}", bench.token),
        format!("{REPORTS}?AuthToken=abc"),
        format!("/nowhere?token={}", bench.token),
    ] {
        for auth in [bench.auth(), String::new()] {
            let reply = ask(&bench, &target, &auth);
            assert_eq!(reply.status, 400, "{target}");
            assert!(!reply.body.contains(&bench.token));
        }
    }
}
