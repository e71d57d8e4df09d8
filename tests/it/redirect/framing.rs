//! Rows 57 to 68 and 73, 74: how a request is framed.

use super::site::{CUSTOMER, Site};
use super::stored::get;
use super::wire::Answer;

const LINK: &str = "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n";

/// A well-formed request that must never be found inside another one's body.
const HIDDEN: &str = "GET /c/1/1/7?subId1=hidden HTTP/1.1\r\nHost: go.example\r\n\r\n";

/// A link's head with more `headers`, and what follows it.
fn with(headers: &str, rest: &str) -> String {
    format!("{LINK}{headers}\r\n\r\n{rest}")
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

#[test]
fn a_host_comes_once_and_names_one() {
    let site = Site::start();
    let ask = |head: &str| site.answer(format!("{head}\r\n\r\n"));
    for head in [
        "GET /c/1/1/7 HTTP/1.1",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example\r\nHost: a.example",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example\r\nHost: b.example",
        "GET /c/1/1/7 HTTP/1.1\r\nHost:",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example:x",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example:999999",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example, b.example",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: a.example/x",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: me@a.example",
        "GET /c/1/1/7 HTTP/1.0\r\nHost: a.example\r\nHost: b.example",
    ] {
        let answer = ask(head);
        assert_eq!(answer.status, 400, "row 57: {head}");
        assert!(answer.closes() || head.contains("1.0"), "row 57: {head}");
    }
    for head in [
        "GET /c/1/1/7 HTTP/1.1\r\nHost: anything.example:8080",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: 192.0.2.1",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: [2001:db8::1]:80",
        "GET http://evil.example/c/1/1/7 HTTP/1.1\r\nHost: go.example",
        "GET /c/1/1/7 HTTP/1.0",
        "GET /c/1/1/7 HTTP/1.0\r\nHost: go.example",
    ] {
        let answer = ask(head);
        assert_eq!(answer.status, 302, "rows 58, 59: {head}");
    }
    site.finish();
}

#[test]
fn heads_are_bounded() {
    let site = Site::start();
    let many = |count: usize| "X: y\r\n".repeat(count - 2) + "X: y";
    assert_eq!(
        site.answer(with(&many(99), "")).status,
        302,
        "100 headers with Host"
    );
    for count in [101, 500] {
        assert_eq!(
            site.answer(with(&many(count), "")).status,
            431,
            "row 60: {count}"
        );
    }
    // Of the 8 KiB, `host: go.example` takes 16 bytes and the name with its ends 5.
    let sized = |bytes: usize| with(&format!("x: {}", "y".repeat(bytes)), "");
    assert_eq!(site.answer(sized(8_192 - 18 - 5)).status, 302);
    for bytes in [8_192 - 18 - 4, 9 << 10, 60 << 10] {
        let answer = site.answer(sized(bytes));
        assert_eq!(answer.status, 431, "row 61: {bytes}");
        assert!(answer.closes());
    }
    assert_eq!(
        site.answer(sized(200 << 10)).status,
        431,
        "row 61: beyond the buffer"
    );
    site.finish();
}

#[test]
fn heads_that_break_the_grammar_are_refused() {
    let site = Site::start();
    for head in [
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nX: a\0b",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nX: a\rb",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nX : a",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nX: a\r\n b",
        "GET /c/1/1/7 HTTP/1.1\r\n Host: go.example",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n: a",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nX\u{e9}: a",
        "GET  /c/1/1/7 HTTP/1.1\r\nHost: go.example",
        "GET /c/1/1/7 x HTTP/1.1\r\nHost: go.example",
        "GET c/1/1/7 HTTP/1.1\r\nHost: go.example",
        "G T /c/1/1/7 HTTP/1.1\r\nHost: go.example",
        "GET /c/1/1/7 HTTP/3.7\r\nHost: go.example",
        "GET /c/1/1/7 http/1.1\r\nHost: go.example",
        "GET /c/1/1/7\r\n",
        "SSH-2.0-OpenSSH_9.9\r\n",
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}hello",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /c/1/1/7 HTTP/1.1\r\nHost: go.example",
    ] {
        let answers = site.answers(CUSTOMER, format!("{head}\r\n\r\n{HIDDEN}").as_bytes());
        assert_eq!(statuses(&answers), [400], "rows 63, 68, 77: {head:?}");
        assert!(answers[0].closes());
    }
    // No answer is understood by a client of HTTP/2, so there may be none.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let answers = site.answers(CUSTOMER, preface);
    assert!(
        matches!(statuses(&answers)[..], [] | [400]),
        "row 68: {answers:?}"
    );
    site.finish();
}

#[test]
fn bare_line_feeds_and_empty_lines_are_read_as_line_ends() {
    let site = Site::start();
    for request in [
        "GET /c/1/1/7 HTTP/1.1\nHost: go.example\n\n",
        "GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\n\r\n",
        "\r\n\r\nGET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n\r\n",
        "\nGET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n\r\n",
    ] {
        assert_eq!(site.answer(request).status, 302, "row 64: {request:?}");
    }
    site.finish();
}

#[test]
fn no_second_request_is_found_in_a_body() {
    let site = Site::start();
    let length = HIDDEN.len();
    let chunk = format!("{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n");
    for (row, headers, body, status) in [
        (
            65,
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            &*chunk,
            302,
        ),
        (
            65,
            "Transfer-Encoding: chunked\r\nContent-Length: 0",
            "0\r\n\r\n",
            302,
        ),
        (
            65,
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
            &chunk,
            302,
        ),
        (65, "Transfer-Encoding: chunked", &chunk, 302),
        (65, "Transfer-Encoding: chunked, identity", "", 400),
        (65, "Transfer-Encoding: identity", "", 400),
        (65, "Transfer-Encoding: xchunked", &chunk, 400),
        (65, "Transfer-Encoding: \u{b}chunked", &chunk, 400),
        (66, "Content-Length: +5", "aaaaa", 400),
        (66, "Content-Length: -1", "", 400),
        (66, "Content-Length: 5, 6", "aaaaa", 400),
        (66, "Content-Length: 5\r\nContent-Length: 6", "aaaaa", 400),
        (66, "Content-Length: 5x", "aaaaa", 400),
        (66, "Content-Length: 0x5", "aaaaa", 400),
        (66, "Content-Length:", "", 400),
        (66, "Content-Length: 99999999999999999999999", "", 400),
        (66, "Content-Length: 5\r\nContent-Length: 5", "aaaaa", 302),
        (66, "Content-Length: 18446744073709551613", "", 302),
        (
            67,
            "Transfer-Encoding: chunked",
            "FFFFFFFFFFFFFFFFF\r\nx",
            302,
        ),
        (67, "Transfer-Encoding: chunked", "x\r\n", 302),
        (82, "Content-Length: 5", "aaaaa", 302),
        (82, &format!("Content-Length: {length}"), "", 302),
    ] {
        let answers = site.answers(
            CUSTOMER,
            with(headers, &format!("{body}{HIDDEN}")).as_bytes(),
        );
        assert_eq!(statuses(&answers), [status], "row {row}: {headers:?}");
        assert!(answers[0].closes(), "row {row}: {headers:?}");
    }
    site.finish();
}

#[test]
fn odd_lengths_and_endless_bodies_end_the_connection() {
    let site = Site::start();
    let chunk = format!("{:x}\r\n{HIDDEN}\r\n0\r\n\r\n", HIDDEN.len());
    // A list of equal lengths is one length or an error, never a request.
    let answers = site.answers(CUSTOMER, with("Content-Length: 5, 5", "aaaaa").as_bytes());
    assert!(
        matches!(statuses(&answers)[..], [302 | 400]) && answers[0].closes(),
        "row 66"
    );
    let old = format!("GET /c/1/1/7 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{HIDDEN}");
    let answers = site.answers(CUSTOMER, old.as_bytes());
    assert!(
        matches!(statuses(&answers)[..], [302 | 400]),
        "row 65: {answers:?}"
    );
    let extension = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(100_000));
    let trailers = format!("0\r\n{}\r\n", "X: y\r\n".repeat(50_000));
    for body in [extension, trailers] {
        let request = with("Transfer-Encoding: chunked", &body);
        assert_eq!(
            statuses(&site.answers(CUSTOMER, request.as_bytes())),
            [302],
            "row 67"
        );
    }
    site.finish();
}

#[test]
fn expectations_other_than_to_continue_are_refused() {
    let site = Site::start();
    assert_eq!(
        site.answer(with("Expect: 100-continue", "")).status,
        302,
        "row 74"
    );
    assert_eq!(
        site.answer(with("Expect: 100-Continue", "")).status,
        302,
        "row 74"
    );
    let answer = site.answer(with("Expect: x", ""));
    assert_eq!(answer.status, 417, "row 74");
    let body = site.answer(with("Expect: 100-continue\r\nContent-Length: 5", ""));
    assert!(
        body.status == 302 && body.closes(),
        "row 74: no body is asked for"
    );
    site.finish();
}

#[test]
fn a_thousand_pipelined_requests_are_answered_in_order_and_no_more() {
    let site = Site::start();
    let requests: String = (0..1_100)
        .map(|number| get(&format!("/c/1/1/7?subId1={number}")))
        .collect();
    let answers = site.answers(CUSTOMER, requests.as_bytes());
    assert_eq!(answers.len(), 1_000, "row 73");
    let (last, others) = answers.split_last().unwrap();
    assert!(last.closes() && others.iter().all(|answer| !answer.closes()));
    let clicks = super::stored::stored(&site);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, 302);
        let click = &clicks[&site.id(answer).number];
        assert_eq!(click.values[0].1, number.to_string());
    }
    assert_eq!(clicks.len(), 1_000);
    site.finish();
}
