//! What HTTP asks of every request, and the bounds of connections.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use super::bench::{Bench, short};
use crate::server::api::Limits;

const TARGET: &str = "/Advertisers/IRacme/Reports";

#[test]
fn heads_that_break_the_rules_are_refused() {
    let bench = Bench::with(short());
    let auth = bench.auth();
    let long = "a".repeat(4 * 1024);
    let huge = "a".repeat(70 * 1024);
    let many = "x: y\r\n".repeat(101);
    let head = |rest: &str| format!("GET {TARGET} HTTP/1.1\r\n{auth}{rest}\r\n");
    let target = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{auth}\r\n");
    for (request, status) in [
        (head(""), 400),
        (head("Host: a\r\nHost: a\r\n"), 400),
        (head("Host: a:x\r\n"), 400),
        (head("Host:\r\n"), 400),
        (target(&format!("{TARGET}?é")), 400),
        (target(&format!("/{long}")), 414),
        (target(&format!("/{huge}")), 414),
        (head(&format!("Host: a\r\n{many}")), 431),
        (head(&format!("Host: a\r\nX: {huge}\r\n")), 431),
        (head(&format!("Host: a\r\nX: {long}\r\nY: {long}\r\n")), 431),
        (head("Host: a\r\nExpect: x\r\n"), 417),
        (head("Host: a\r\nX : y\r\n"), 400),
        (head("Host: a\r\nX: a\0b\r\n"), 400),
        (head("Host: a\r\n").replace("1.1", "3.7"), 400),
        ("\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned(), 400),
    ] {
        let start: String = request.chars().take(70).collect();
        let reply = bench.raw(request);
        assert_eq!(reply.status, status, "{start}: {reply:?}");
    }
    // The parser closes on the preface of HTTP/2 without a word.
    assert_eq!(bench.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 0);
}

#[test]
fn methods_are_those_of_the_endpoint() {
    let bench = Bench::start();
    for (method, target, allow) in [
        ("GET", "/Advertisers/IRacme/Conversions", "post"),
        ("PUT", "/Advertisers/IRacme/Conversions", "post"),
        ("POST", TARGET, "get, head"),
        ("DELETE", TARGET, "get, head"),
        ("PATCH", "/Advertisers/IRacme/APISubmissions/x", "get, head"),
    ] {
        let reply = bench.ask(method, target, "", "");
        assert_eq!(reply.status, 405, "{method} {target}");
        assert!(reply.head.contains(&format!("allow: {allow}")), "{reply:?}");
    }
    let reply = bench.ask("CONNECT", "x:80", "", "");
    assert_eq!(reply.status, 404);
    let head = bench.ask("HEAD", TARGET, "", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn slow_heads_and_idle_connections_are_closed() {
    let bench = Bench::with(short());
    for bytes in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nX: "] {
        let mut client = bench.connect();
        client.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
    }
    // After an answer the connection may stay idle no longer than that either.
    let mut client = bench.connect();
    let request = format!("GET {TARGET} HTTP/1.1\r\nHost: x\r\n{}\r\n", bench.auth());
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn connections_beyond_the_limit_are_closed_and_the_others_served() {
    let bench = Bench::with(Limits {
        connections: 1,
        ..Limits::default()
    });
    let request = format!("GET {TARGET} HTTP/1.1\r\nHost: x\r\n{}\r\n", bench.auth());
    let mut first = bench.connect();
    first.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 12];
    first.read_exact(&mut start).unwrap();
    let mut second = bench.connect();
    let mut nothing = Vec::new();
    // A reset is as good as an end.
    let read = second.read_to_end(&mut nothing);
    assert!(nothing.is_empty(), "{read:?}");
    first.write_all(request.as_bytes()).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let bench = Bench::start();
    let auth = bench.auth();
    let ask = |target| format!("GET {target} HTTP/1.1\r\nHost: x\r\n{auth}\r\n");
    let pair = ask(TARGET) + &ask("/nowhere");
    let last = format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{auth}\r\n");
    let requests = pair.repeat(25) + &last;
    let mut client = bench.connect();
    client.write_all(requests.as_bytes()).unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).unwrap();
    let codes: Vec<&str> = answers
        .match_indices("HTTP/1.1 ")
        .filter_map(|(at, _)| answers.get(at + 9..at + 12))
        .collect();
    let expected: Vec<&str> = (0..51)
        .map(|i| if i % 2 == 0 && i < 50 { "200" } else { "404" })
        .collect();
    assert_eq!(codes, expected);
}

#[test]
fn a_body_that_belongs_to_no_request_is_never_read_as_one() {
    let bench = Bench::with(short());
    let auth = bench.auth();
    let inner = format!("GET {TARGET} HTTP/1.1\r\nHost: x\r\n{auth}\r\n");
    for framing in [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            inner.len()
        ),
        "Transfer-Encoding: chunked, identity\r\n\r\n".to_owned(),
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(),
        "Content-Length: +5\r\n\r\n".to_owned(),
        "Content-Length: -1\r\n\r\n".to_owned(),
    ] {
        let reply = bench.raw(format!(
            "GET /nowhere HTTP/1.1\r\nHost: x\r\n{auth}{framing}{inner}"
        ));
        assert!(
            [0, 400, 404].contains(&reply.status),
            "{framing}: {reply:?}"
        );
        assert!(!reply.body.contains("ApiRunUri"), "{framing}: {reply:?}");
    }
}

#[test]
fn a_stop_answers_what_is_in_flight_and_ends() {
    let mut bench = Bench::start();
    let body = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=last&ClickId=x";
    let mut busy = bench.connect();
    let head = format!(
        "POST /Advertisers/IRacme/Conversions HTTP/1.1\r\nHost: x\r\n{}Content-Type: \
         application/x-www-form-urlencoded\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        bench.auth(),
        body.len()
    );
    busy.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 25];
    // The server asks for the body, so the request is in flight.
    busy.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut idle = bench.connect();
    bench.stop.send_replace(true);
    let mut nothing = Vec::new();
    idle.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let read = idle.read_to_end(&mut nothing);
    assert!(nothing.is_empty(), "{read:?}");
    busy.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    bench.join();
    assert_eq!(bench.stored().len(), 1);
}
