//! No answer leaves before what it promises has happened.

use std::path::PathBuf;

use super::client::{Client, order, reversal};
use super::daemon::{BRAND, Home, Running};
use super::load::{Answers, LINK, click, conversion};
use super::proof::{Promise, Proof};
use super::trace::{ARGUMENTS, Trace};

const DURABLE: &str = "[ack]\nclicks = \"durable\"\ndurable_wait = \"10s\"\n";
const FAST: &str = "[ack]\nclicks = \"fast\"\n";

/// Starts the daemon under `strace`; where that writes.
fn traced(home: &Home) -> (Running, PathBuf) {
    let file = home.path().join("trace");
    let output = format!("-o{}", file.display());
    let mut words = ARGUMENTS.to_vec();
    words.push(&output);
    let running = Running::start(&mut home.command(&words));
    assert!(running.is_serving(), "{}", running.said());
    (running, file)
}

/// Events one at a time, then many at once; every order also by two connections at once.
fn play(home: &Home) -> Answers {
    let answers = Answers::default();
    let (mut customer, mut brand) = (home.customer(), Client::connect(home.api).unwrap());
    for index in 0..10 {
        let clicked = customer.click(LINK).unwrap();
        assert!(clicked.is_recorded_click(), "{}", clicked.head);
        answers.clicks.lock().push(click(&clicked));
        let id = format!("order-alone-{index:06}-end");
        let body = order(&id, &clicked.click_id());
        let accepted = brand.convert(BRAND, &home.token, &body).unwrap();
        assert_eq!(accepted.status, 200, "{}", accepted.body);
        answers.conversions.lock().push(conversion(&id, &accepted));
        let note = format!("note-alone-{index:06}-end");
        let (key, body) = ((BRAND, &*home.token), reversal(&id, &note));
        let reversed = brand.submit("DELETE", "Actions", key, &body).unwrap();
        assert_eq!(reversed.status, 200, "{}", reversed.body);
        answers
            .conversions
            .lock()
            .push(conversion(&note, &reversed));
    }
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| answers.click(home, 40));
        }
        for name in ["a", "a", "b", "b"] {
            let answers = &answers;
            scope.spawn(move || answers.convert(home, name, 30));
        }
    });
    answers
}

/// Plays events in a mode of acknowledgement and checks the promises of clicks, and of conversions
/// and reversals.
fn prove(settings: &str, clicks_are: Promise) {
    let home = Home::new(settings);
    let (running, file) = traced(&home);
    let answers = play(&home);
    running.terminate();
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
    let trace = Trace::read(&file);
    let proof = Proof::new(&trace);
    let (clicks, conversions) = (answers.clicks.lock(), answers.conversions.lock());
    assert_eq!((clicks.len(), conversions.len()), (330, 140));
    let checked = clicks.iter().map(|event| proof.check(event, clicks_are));
    let checked = checked.chain(
        conversions
            .iter()
            .map(|event| proof.check(event, Promise::Synced)),
    );
    let wrong: Vec<String> = checked.filter_map(Result::err).collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {:#?}",
        wrong.len(),
        clicks.len() + conversions.len(),
        wrong.first()
    );
    // What a stop leaves is on disk, whatever was promised.
    let last = trace
        .calls
        .iter()
        .rfind(|call| call.is_wal() && call.name != "fdatasync");
    assert!(proof.is_synced(last.unwrap(), usize::MAX));
}

#[test]
fn durable_answers_leave_after_a_sync_that_began_after_their_log_write() {
    prove(DURABLE, Promise::Synced);
}

#[test]
fn fast_redirects_leave_after_their_log_write_and_conversions_after_the_sync() {
    prove(FAST, Promise::Written);
}
