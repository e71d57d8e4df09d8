//! Rows 75 to 83: what the other headers tell, and what they must not do.

use std::net::IpAddr;

use clickd::model::click::Network;

use super::site::{CUSTOMER, PROXY, Site};
use super::stored::{Stored, get, location, stored};
use super::wire::Answer;

/// A link's head with more `headers`.
fn with(headers: &str) -> Vec<u8> {
    let head = get("/c/1/1/7");
    [
        head.trim_end().as_bytes(),
        b"\r\n",
        headers.as_bytes(),
        b"\r\n\r\n",
    ]
    .concat()
}

/// Redirects of requests sent by `from`, with what the log keeps of them.
fn kept(site: &Site, from: IpAddr, requests: &[Vec<u8>]) -> Vec<(Answer, Stored)> {
    let answers: Vec<Answer> = requests
        .iter()
        .map(|request| site.answers(from, request).pop().unwrap())
        .collect();
    let clicks = stored(site);
    let of = |answer: Answer| {
        let page = location(site, &answer, "https://brand.example/ad");
        assert_eq!(answer.header("location"), Some(&*page));
        let click = clicks[&site.id(&answer).number].clone();
        (answer, click)
    };
    answers.into_iter().map(of).collect()
}

fn check_clients(site: &Site, from: IpAddr, cases: &[(String, [u8; 3], bool)]) {
    let requests: Vec<_> = cases.iter().map(|case| with(&case.0)).collect();
    let found = kept(site, from, &requests);
    for ((headers, network, malformed), (_, click)) in cases.iter().zip(&found) {
        assert_eq!(
            click.network,
            Network::V4(*network),
            "rows 75, 76: {headers}"
        );
        let labels: &[&str] = if *malformed {
            &["malformed_forwarded"]
        } else {
            &[]
        };
        assert_eq!(click.labels, labels, "rows 75, 76: {headers}");
    }
}

#[test]
fn only_the_trusted_proxy_names_the_client() {
    let site = Site::start();
    let loopback = [127, 0, 0];
    let untrusted: Vec<_> = [
        "X-Forwarded-For: 192.0.2.4",
        "Forwarded: for=192.0.2.4",
        "X-Forwarded-For: garbage",
        "X-Real-IP: 192.0.2.4",
    ]
    .into_iter()
    .map(|headers| (headers.to_owned(), loopback, false))
    .collect();
    check_clients(&site, CUSTOMER, &untrusted);
    let entries = |count: usize, first: &str, rest: &str| {
        let mut all = vec![first];
        all.extend(vec![rest; count - 1]);
        format!("X-Forwarded-For: {}", all.join(","))
    };
    let client = [192, 0, 2];
    let trusted: Vec<(String, [u8; 3], bool)> = [
        ("", loopback, false),
        ("X-Forwarded-For: 192.0.2.4", client, false),
        ("X-Forwarded-For: 198.51.100.1, 192.0.2.4", client, false),
        ("X-Forwarded-For: 192.0.2.4, 127.0.0.2", client, false),
        (
            "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.4",
            client,
            false,
        ),
        ("X-Forwarded-For: 192.0.2.4:5678", client, false),
        ("X-Forwarded-For: ::ffff:192.0.2.4", client, false),
        ("X-Forwarded-For: [::ffff:192.0.2.4]:80", client, false),
        ("Forwarded: for=192.0.2.4;proto=https", client, false),
        (
            "Forwarded: for=\"192.0.2.4:80\"\r\nX-Forwarded-For: 198.51.100.1",
            client,
            false,
        ),
        ("X-Forwarded-For: unknown", loopback, true),
        ("X-Forwarded-For: _hidden", loopback, true),
        ("X-Forwarded-For: 192.0.2.4, garbage", loopback, true),
        ("X-Forwarded-For: garbage, 192.0.2.4", client, false),
        ("X-Forwarded-For: 192.0.2.4,", loopback, true),
        ("X-Forwarded-For:", loopback, true),
        ("X-Forwarded-For: 256.1.1.1", loopback, true),
        ("Forwarded: by=192.0.2.4", loopback, true),
    ]
    .into_iter()
    .map(|(headers, network, malformed)| (headers.to_owned(), network, malformed))
    .chain([
        (entries(32, "192.0.2.4", "127.0.0.2"), client, false),
        (entries(33, "192.0.2.4", "127.0.0.2"), loopback, false),
        (entries(500, "192.0.2.4", "127.0.0.2"), loopback, false),
        (entries(500, "198.51.100.1", "192.0.2.4"), client, false),
        (entries(500, "192.0.2.4", "x"), loopback, true),
    ])
    .map(|(headers, network, malformed)| {
        let headers = if headers.is_empty() {
            "X: y".to_owned()
        } else {
            headers
        };
        (headers, network, malformed)
    })
    .collect();
    check_clients(&site, PROXY, &trusted);
    site.finish();
}

#[test]
fn networks_of_ipv6_are_kept_too() {
    let site = Site::start();
    let v6 = kept(
        &site,
        PROXY,
        &[with("X-Forwarded-For: [2001:db8:1:2::7]:443")],
    );
    assert_eq!(v6[0].1.network, Network::V6([0x20, 1, 0xd, 0xb8, 0, 1]));
    site.finish();
}

#[test]
fn user_agents_are_stored_cut_and_as_they_came() {
    let site = Site::start();
    let long = "a".repeat(8_000);
    let cases: [(&[u8], &[u8], &[&str]); 5] = [
        (b"User-Agent:", b"", &[]),
        (b"User-Agent: Mozilla/5.0", b"Mozilla/5.0", &[]),
        (b"User-Agent: caf\xc3\xa9 \xff", b"caf\xc3\xa9 \xff", &[]),
        (
            b"User-Agent: a\tb%0d%0a\\x1b[31m{}",
            b"a\tb%0d%0a\\x1b[31m{}",
            &[],
        ),
        (b"X: y", b"", &[]),
    ];
    let head = get("/c/1/1/7");
    let request =
        |header: &[u8]| [head.trim_end().as_bytes(), b"\r\n", header, b"\r\n\r\n"].concat();
    let mut requests: Vec<_> = cases.iter().map(|case| request(case.0)).collect();
    requests.push(with(&format!("User-Agent: {long}")));
    let found = kept(&site, CUSTOMER, &requests);
    for ((header, agent, labels), (_, click)) in cases.iter().zip(&found) {
        let header = String::from_utf8_lossy(header);
        assert_eq!(click.user_agent, *agent, "row 78: {header}");
        assert_eq!(click.labels, *labels, "row 78: {header}");
    }
    let (_, cut) = &found[5];
    assert_eq!(cut.user_agent, long.as_bytes()[..512], "row 78");
    assert_eq!(cut.labels, ["cut_header"], "row 78");
    let escape = site.answer(
        [
            head.trim_end().as_bytes(),
            b"\r\nUser-Agent: \x1b[2J\r\n\r\n",
        ]
        .concat(),
    );
    assert_eq!(
        escape.status, 400,
        "row 78: control characters are no header"
    );
    site.finish();
}

#[test]
fn of_a_referrer_origin_and_path_are_stored() {
    let site = Site::start();
    let path = format!("https://blog.example/{}", "p".repeat(4_000));
    let cases = [
        (
            "https://blog.example/a/b?who=me#x",
            "https://blog.example/a/b",
            false,
        ),
        ("https://blog.example", "https://blog.example", false),
        (
            "https://me:secret@blog.example/a?b",
            "https://blog.example/a",
            false,
        ),
        ("https://me@blog.example", "https://blog.example", false),
        (
            "https://a@b@blog.example/@c",
            "https://blog.example/@c",
            false,
        ),
        (
            "android-app://com.example.app",
            "android-app://com.example.app",
            false,
        ),
        ("https://@/", "", false),
        ("/a/b", "", false),
        ("about:blank", "", false),
        ("", "", false),
        (&*path, path.get(..512).unwrap(), true),
    ];
    let requests: Vec<_> = cases
        .iter()
        .map(|case| with(&format!("Referer: {}", case.0)))
        .collect();
    for ((referrer, expected, cut), (_, click)) in
        cases.iter().zip(kept(&site, CUSTOMER, &requests))
    {
        assert_eq!(click.referrer, *expected, "row 79: {referrer}");
        assert_eq!(
            click.labels.contains(&"cut_header"),
            *cut,
            "row 79: {referrer}"
        );
    }
    site.finish();
}

#[test]
fn prefetches_are_redirected_and_noted() {
    let site = Site::start();
    let headers = [
        "Sec-Purpose: prefetch;prerender",
        "Sec-Purpose: prefetch",
        "Purpose: prefetch",
        "X-Moz: prefetch",
    ];
    let requests: Vec<_> = headers.iter().map(|header| with(header)).collect();
    for (header, (_, click)) in headers.iter().zip(kept(&site, CUSTOMER, &requests)) {
        assert_eq!(click.labels, ["prefetch"], "row 80: {header}");
    }
    let gpc = kept(&site, CUSTOMER, &[with("Sec-GPC: 1"), with("Sec-GPC: 0")]);
    assert_eq!(
        (&*gpc[0].1.labels, &*gpc[1].1.labels),
        (&["gpc"][..], &[][..])
    );
    site.finish();
}

#[test]
fn headers_that_ask_for_more_change_nothing() {
    let site = Site::start();
    let plain = kept(&site, CUSTOMER, &[with("X: y")]).remove(0);
    let names = |answer: &Answer| -> Vec<String> {
        answer
            .headers
            .iter()
            .map(|header| header.0.clone())
            .collect()
    };
    for headers in [
        "Range: bytes=0-1",
        "If-None-Match: *",
        "If-Modified-Since: Sun, 22 Nov 2026 00:00:00 GMT",
        "Accept-Encoding: zstd, gzip",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x",
        "Cookie: a=b",
        "Origin: https://x.example",
        "X-HTTP-Method-Override: DELETE",
        "X-Original-URL: /admin",
    ] {
        let (answer, click) = kept(&site, CUSTOMER, &[with(headers)]).remove(0);
        assert_eq!(names(&answer), names(&plain.0), "rows 81, 83: {headers}");
        assert_eq!(answer.body, b"");
        assert!(click.labels.is_empty());
    }
    site.finish();
}

#[test]
fn the_shape_keeps_the_order_of_the_headers() {
    let site = Site::start();
    let headers = "Sec-Fetch-Site: cross-site\r\nAccept: */*\r\nSec-Fetch-Mode: navigate\r\n\
                   User-Agent: Mozilla\r\nSec-Purpose: prefetch";
    let (_, click) = kept(&site, CUSTOMER, &[with(headers)]).remove(0);
    assert_eq!(
        click.shape,
        "host,sec-fetch-site=cross-site,accept,sec-fetch-mode=navigate,user-agent,\
         sec-purpose=prefetch,"
    );
    site.finish();
}
