//! Signed submissions.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::bench::{Bench, HASH_KEY, Reply};
use crate::catalog::snapshot::Signatures;
use crate::conversion::fixture;
use crate::model::arrival::{Outcome, RefusedReason};
use crate::model::id::SubmissionId;
use crate::model::time::{Millis, SECOND};
use crate::server::api::keys::{self, Created, SIGNING_KEYS_MAX};

const BODY: &str = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CustomerId=c";

/// A signing key of an account, in force at once.
fn key(bench: &Bench, sid: &str) -> Created {
    let made = keys::create_signing(&bench.log, &HASH_KEY, sid, Millis(0)).unwrap();
    bench.state.reload_keys().unwrap();
    made
}

/// Seconds of the bench's clock.
fn now(bench: &Bench) -> i64 {
    bench.log.clock().now().0 / SECOND
}

fn tag(secret: &str, time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    let tag: [u8; 32] = mac.finalize().into_bytes().into();
    blake3::Hash::from_bytes(tag).to_string()
}

/// Submits `body` with these values of `X-Signature`.
fn post(bench: &Bench, body: &str, signatures: &[String]) -> Reply {
    let target = "/Advertisers/IRacme/Conversions";
    send(bench, ("POST", target), body, signatures)
}

fn send(bench: &Bench, (method, target): (&str, &str), body: &str, signatures: &[String]) -> Reply {
    let lines = signatures
        .iter()
        .flat_map(|value| ["X-Signature: ", value, "\r\n"]);
    let lines: String = lines.collect();
    let headers = format!(
        "{lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        body.len()
    );
    bench.ask(method, target, &headers, body)
}

fn signed(secret: &str, time: i64, body: &str) -> String {
    format!("t={time},v1={}", tag(secret, time, body))
}

fn is_signed(bench: &Bench, id: SubmissionId) -> bool {
    let entry = bench.log.entry(id).unwrap().unwrap();
    entry.into_conversion().unwrap().is_signed
}

#[test]
fn a_signed_submission_is_stored_as_signed_and_its_replay_adds_nothing() {
    let bench = Bench::start();
    let secret = key(&bench, "IRacme").token;
    let time = now(&bench);
    let header = signed(&secret, time, BODY);
    let first = post(&bench, BODY, std::slice::from_ref(&header));
    assert_eq!(first.status, 200, "{first:?}");
    let again = post(&bench, BODY, std::slice::from_ref(&header));
    assert_eq!(again.body, first.body);
    // Without a signature it is the same conversion still.
    assert_eq!(post(&bench, BODY, &[]).body, first.body);
    let stored = bench.stored();
    assert_eq!(stored.len(), 1);
    assert!(is_signed(&bench, stored[0]));
    // The same capture with another order id is another body.
    let other = BODY.replace("o-1", "o-2");
    assert_eq!(post(&bench, &other, &[header]).status, 401);
    let unsigned = post(&bench, &other, &[]);
    assert_eq!(unsigned.status, 200);
    let stored = bench.stored();
    assert!(!is_signed(&bench, stored[1]));
}

#[test]
fn each_live_key_signs_until_it_is_revoked() {
    let bench = Bench::start();
    let (old, new) = (key(&bench, "IRacme"), key(&bench, "IRacme"));
    assert_ne!(old.token, new.token);
    let time = now(&bench);
    let both = format!(
        "t={time},v1={},v1={}",
        tag(&old.token, time, BODY),
        tag(&new.token, time, BODY).to_uppercase()
    );
    for made in [&old, &new] {
        let header = signed(&made.token, time, BODY);
        assert_eq!(post(&bench, BODY, &[header]).status, 200);
    }
    keys::revoke(&bench.log, &old.record.id, Millis(1)).unwrap();
    bench.state.reload_keys().unwrap();
    let header = signed(&old.token, time, BODY);
    assert_eq!(post(&bench, BODY, &[header]).status, 401);
    assert_eq!(post(&bench, BODY, &[both]).status, 200);
    keys::revoke(&bench.log, &new.record.id, Millis(1)).unwrap();
    bench.state.reload_keys().unwrap();
    let header = signed(&new.token, time, BODY);
    assert_eq!(post(&bench, BODY, &[header]).status, 401);
}

#[test]
fn each_wrong_signature_is_refused() {
    let bench = Bench::start();
    let secret = key(&bench, "IRacme").token;
    let foreign = key(&bench, "IRzen").token;
    let time = now(&bench);
    let good = signed(&secret, time, BODY);
    let again = BODY.replace("&CustomerId=c", "") + "&CustomerId=c&";
    let cases = [
        (
            "of another account",
            vec![signed(&foreign, time, BODY)],
            "any signing key",
        ),
        (
            "of no secret",
            vec![signed("", time, BODY)],
            "any signing key",
        ),
        (
            "of another body",
            vec![signed(&secret, time, &again)],
            "any signing key",
        ),
        (
            "of another time",
            vec![good.replace(&time.to_string(), &(time - 1).to_string())],
            "any",
        ),
        (
            "too old",
            vec![signed(&secret, time - 302, BODY)],
            "300 seconds",
        ),
        (
            "too new",
            vec![signed(&secret, time + 302, BODY)],
            "300 seconds",
        ),
        (
            "cut",
            vec![good.get(1..).unwrap().to_owned()],
            "of the form",
        ),
        ("empty", vec![String::new()], "of the form"),
        ("twice", vec![good.clone(), good.clone()], "more than once"),
    ];
    let count = cases.len();
    for (what, headers, said) in cases {
        let reply = post(&bench, BODY, &headers);
        assert_eq!(reply.status, 401, "{what}: {reply:?}");
        let json = reply.json();
        assert_eq!(json["Status"], "ERROR");
        let message = json["Message"].as_str().unwrap();
        assert!(message.starts_with("the signature is "), "{message}");
        assert!(message.contains(said), "{what}: {message}");
    }
    // The edges of the time, off by the second that may pass meanwhile.
    for at in [time - 298, time + 299] {
        let reply = post(&bench, BODY, &[signed(&secret, at, BODY)]);
        assert_eq!(reply.status, 200, "{at}: {reply:?}");
    }
    assert_eq!(bench.stored().len(), 1);
    let sealed = bench.log.seal().unwrap();
    let first = bench.log.first_slot().unwrap().unwrap();
    let refused: u64 = (first.0..=sealed.0)
        .filter_map(|slot| bench.log.footer(crate::model::id::Slot(slot)).unwrap())
        .flat_map(|footer| footer.ledger)
        .filter(|entry| entry.outcome == Outcome::Refused(RefusedReason::Signature))
        .map(|entry| entry.count)
        .sum();
    assert_eq!(refused, count as u64);
}

#[test]
fn a_brand_that_asks_for_signatures_gets_nothing_without() {
    let bench = Bench::start();
    let secret = key(&bench, "IRacme").token;
    let mut catalog = fixture::catalog();
    catalog.brands.get_mut("IRacme").unwrap().signatures = Signatures::Required;
    bench.state.catalog.store(Arc::new(catalog));
    let reply = post(&bench, BODY, &[]);
    assert_eq!(reply.status, 401);
    let message = reply.json()["Message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the signature is missing"), "{message}");
    let header = signed(&secret, now(&bench), BODY);
    assert_eq!(post(&bench, BODY, &[header]).status, 200);
    assert_eq!(bench.stored().len(), 1);
}

#[test]
fn a_signature_is_checked_before_the_body_is_read() {
    let bench = Bench::start();
    let head = format!(
        "POST /Advertisers/IRacme/Conversions HTTP/1.1\r\nHost: x\r\n{}X-Signature: t=1,v1=\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n",
        bench.auth()
    );
    let reply = bench.raw(head);
    assert_eq!(reply.status, 401);
    assert!(reply.head.contains("connection: close"), "{reply:?}");
    assert!(reply.head.contains("www-authenticate: "), "{reply:?}");
}

#[test]
fn a_signing_key_opens_nothing_and_its_secret_is_not_stored() {
    let bench = Bench::start();
    let made = key(&bench, "IRacme");
    let table = bench.state.keys.load();
    let id = &made.record.id;
    let part = made.token.get(..43).unwrap();
    for token in [&made.token, &format!("ck_{id}_{part}")] {
        assert!(table.check(&HASH_KEY, "IRacme", token).is_none());
    }
    for (_, stored) in bench.log.api_keys().unwrap() {
        let stored = String::from_utf8(stored).unwrap();
        assert!(!stored.contains(&made.token));
    }
    let secrets = |hash_key| {
        let secrets = table.signing_secrets(hash_key, "IRacme");
        secrets.collect::<Vec<String>>()
    };
    assert_eq!(secrets(&HASH_KEY), std::slice::from_ref(&made.token));
    // Another hash key makes other secrets.
    assert_ne!(secrets(&[4; 32]), [made.token]);
    assert_eq!(table.signing_secrets(&HASH_KEY, "IRzen").count(), 0);
}

#[test]
fn an_account_has_only_so_many_signing_keys() {
    let bench = Bench::start();
    let first = key(&bench, "IRacme");
    for _ in 1..SIGNING_KEYS_MAX {
        key(&bench, "IRacme");
    }
    let more = || keys::create_signing(&bench.log, &HASH_KEY, "IRacme", Millis(0));
    assert!(matches!(more(), Err(keys::KeyError::TooMany)));
    key(&bench, "IRzen");
    keys::revoke(&bench.log, &first.record.id, Millis(1)).unwrap();
    assert!(more().is_ok());
}

#[test]
fn changes_of_actions_are_signed_alike() {
    let bench = Bench::start();
    let secret = key(&bench, "IRacme").token;
    let time = now(&bench);
    let actions = "/Advertisers/IRacme/Actions";
    let fields = "ActionTrackerId=10001&OrderId=o-1&DispositionCode=OTHER";
    let good = signed(&secret, time, fields);
    let delete = |body: &str, signatures: &[String]| {
        let reply = send(&bench, ("DELETE", actions), body, signatures);
        reply.status
    };
    assert_eq!(post(&bench, BODY, &[]).status, 200);
    assert_eq!(delete(fields, std::slice::from_ref(&good)), 200);
    assert_eq!(delete(&fields.replace("o-1", "o-2"), &[good]), 401);
    // A signature that says nothing about the query makes nothing of it.
    let query = format!("{actions}?{fields}");
    let empty = signed(&secret, time, "");
    let reply = send(&bench, ("DELETE", &query), "", &[empty]);
    assert_eq!(reply.status, 400, "{reply:?}");
    let mut catalog = (**bench.state.catalog.load()).clone();
    let brand = catalog.brands.get_mut("IRacme").unwrap();
    brand.signatures = Signatures::Required;
    bench.state.catalog.store(Arc::new(catalog));
    assert_eq!(delete(fields, &[]), 401);
    assert_eq!(send(&bench, ("DELETE", &query), "", &[]).status, 401);
    assert_eq!(bench.stored().len(), 2);
    let sealed = bench.log.seal().unwrap();
    let first = bench.log.first_slot().unwrap().unwrap();
    let refused: u64 = (first.0..=sealed.0)
        .filter_map(|slot| bench.log.footer(crate::model::id::Slot(slot)).unwrap())
        .flat_map(|footer| footer.ledger)
        .filter(|entry| entry.stream == crate::model::arrival::Stream::Modification)
        .filter(|entry| entry.outcome == Outcome::Refused(RefusedReason::Signature))
        .map(|entry| entry.count)
        .sum();
    assert_eq!(refused, 3);
}
