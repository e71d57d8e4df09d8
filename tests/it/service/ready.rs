//! What the service manager is told, and that a stop answers what is under way.

use std::time::{Duration, Instant};

use crate::sync::client::{Client, basic, order};
use crate::sync::daemon::{BRAND, Home, Running, until};

use super::manager::{Manager, has};

/// The watchdog of the tests; the daemon looks after its threads once a second.
const WATCHDOG: Duration = Duration::from_secs(3);

#[test]
fn the_manager_is_told_of_readiness_after_recovery_of_life_and_of_the_stop() {
    let home = Home::new("");
    let killed = home.serve();
    assert!(
        home.customer()
            .click("/c/280/100/1000")
            .unwrap()
            .is_recorded_click()
    );
    drop(killed);
    let manager = Manager::listen(home.path());
    let mut command = home.command(&[]);
    manager.introduce(&mut command, WATCHDOG);
    let running = Running::start(&mut command);
    let messages = manager.until("READY=1");
    // More time is asked for before the store opens, and everything serves by the time of READY=1.
    assert!(messages[0].contains("EXTEND_TIMEOUT_USEC="), "{messages:?}");
    assert!(
        home.customer()
            .click("/c/280/100/1000")
            .unwrap()
            .is_recorded_click()
    );
    let ready = Client::connect(home.ops)
        .unwrap()
        .get("/readyz", "")
        .unwrap();
    assert_eq!(ready.status, 200, "{}", ready.body);
    until(
        "the torn slot of the killed process is closed before",
        || {
            let said = running.said();
            let serving = said.find(": serving ")?;
            assert!(said.find("closed a torn slot")? < serving, "{said}");
            Some(())
        },
    );
    for _ in 0..2 {
        let messages = manager.until("WATCHDOG=1");
        assert!(
            !messages.iter().any(|said| has(said, "STOPPING=1")),
            "{messages:?}"
        );
    }
    running.terminate();
    manager.until("STOPPING=1");
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
    assert!(
        manager.next(Duration::from_millis(1)).is_none(),
        "STOPPING=1 is the last word"
    );
}

#[test]
fn without_a_manager_nothing_is_missed() {
    let home = Home::new("");
    let running = home.serve();
    running.terminate();
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("WARN") && !said.contains("ERROR"), "{said}");
}

/// Whether nobody listens any more.
fn is_closed(to: std::net::SocketAddr) -> bool {
    Client::connect(to).is_err()
}

#[test]
fn a_stop_answers_requests_that_have_begun_and_ends_with_0() {
    let home = Home::new("");
    let running = home.serve();
    let (mut customer, mut brand) = (home.customer(), Client::connect(home.api).unwrap());
    let body = order("order-in-flight", "none");
    let (first, second) = body.split_at(20);
    let (basic, length) = (basic(BRAND, &home.token), body.len());
    let head = format!(
        "POST /Advertisers/{BRAND}/Conversions HTTP/1.1\r\nHost: a\r\n{basic}Content-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    );
    customer
        .send("GET /c/280/100/1000 HTTP/1.1\r\nHost: a\r\n")
        .unwrap();
    brand.send(&format!("{head}{first}")).unwrap();
    // Another answer on the same listeners shows that both beginnings have been read by then.
    for _ in 0..3 {
        assert_eq!(
            home.customer().click("/c/280/100/1000").unwrap().status,
            302
        );
        let mut other = Client::connect(home.api).unwrap();
        assert_eq!(other.get("/", "").unwrap().status, 401);
    }
    running.terminate();
    until("the public listener closes", || {
        is_closed(home.public).then_some(())
    });
    customer.send("User-Agent: Firefox/145.0\r\n\r\n").unwrap();
    let answer = customer.answer().unwrap();
    assert!(answer.is_recorded_click(), "{}", answer.head);
    assert_eq!(answer.header("connection"), Some("close"));
    brand.send(second).unwrap();
    let answer = brand.answer().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
    // What was answered during the stop is on disk.
    let again = home.serve();
    let mut brand = Client::connect(home.api).unwrap();
    let retried = brand.convert(BRAND, &home.token, &body).unwrap();
    assert_eq!(retried.queued_uri(), answer.queued_uri());
    drop(again);
}

#[test]
fn a_request_that_never_ends_does_not_hold_up_a_stop_beyond_its_grace() {
    let home = Home::new("[shutdown]\ngrace = \"1s\"\n");
    let running = home.serve();
    let (mut customer, mut brand) = (home.customer(), Client::connect(home.api).unwrap());
    customer
        .send("GET /c/280/100/1000 HTTP/1.1\r\nHost: a\r\n")
        .unwrap();
    brand.send("GET / HTTP/1.1\r\nHost: a\r\n").unwrap();
    assert_eq!(
        home.customer().click("/c/280/100/1000").unwrap().status,
        302
    );
    running.terminate();
    let asked = Instant::now();
    let (code, said) = running.ended();
    assert_eq!(code, 0, "{said}");
    // A slow head is cut after 10 s anyway; the grace is shorter by far.
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "{:?}",
        asked.elapsed()
    );
}
