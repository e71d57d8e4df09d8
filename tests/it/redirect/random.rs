//! Requests that nobody would think of.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::site::{CUSTOMER, PROXY, Site};
use super::stored::get;

/// Requests that are sent at most, and for how long.
const REQUESTS: usize = 4_000;
const PATIENCE: Duration = Duration::from_secs(20);

fn target() -> impl Strategy<Value = String> {
    let value = "[ -~]{0,40}|(%[0-9A-Fa-f]{2}){0,20}|https?://[a-z.]{0,20}/?";
    let name = "u|[a-zA-Z0-9]{0,10}|subId[0-9]|param[0-9]{1,3}|prodsku";
    let pairs = proptest::collection::vec((name, value), 0..8);
    let path = "/c/[0-9]{1,2}/[0-9]{1,2}/[6-9]/?|/c/1/1/7|/[ -~]{0,20}";
    (path, pairs).prop_map(|(path, pairs)| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{path}?{}", pairs.join("&"))
    })
}

fn header() -> impl Strategy<Value = Vec<u8>> {
    let known = "Host|User-Agent|Referer|X-Forwarded-For|Forwarded|Sec-Purpose|Sec-GPC|Expect|\
                 Content-Length|Transfer-Encoding|Connection|[a-zA-Z-]{1,12}";
    let value = prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..60),
        4 => "[ -~]{0,700}".prop_map(String::into_bytes),
        4 => "([0-9a-f:.]{1,20}[, ]{0,2}){0,6}".prop_map(String::into_bytes),
    ];
    (known, value).prop_map(|(name, value)| [name.as_bytes(), b": ", &value, b"\r\n"].concat())
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let method = "GET|GET|GET|HEAD|POST|[A-Z]{1,5}";
    let host = prop_oneof![Just("Host: go.example\r\n"), Just("")];
    let headers = proptest::collection::vec(header(), 0..5);
    let version = prop_oneof![Just("HTTP/1.1"), Just("HTTP/1.1"), Just("HTTP/1.0")];
    let built = (method, target(), version, host, headers).prop_map(
        |(method, target, version, host, headers)| {
            let head = format!("{method} {target} {version}\r\n{host}");
            [head.as_bytes(), &headers.concat(), b"\r\n"].concat()
        },
    );
    let built = built.boxed();
    let broken = (built.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut request, at, byte)| {
            let at = at.index(request.len());
            request[at] = byte;
            request
        },
    );
    prop_oneof![
        4 => built,
        2 => broken,
        1 => proptest::collection::vec(any::<u8>(), 0..300),
    ]
}

#[test]
fn any_bytes_are_survived_and_every_redirect_is_stored() {
    let site = Site::start();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (requests, began) = (request(), Instant::now());
    let mut redirects = 0;
    for number in 0..REQUESTS {
        let bytes = requests.new_tree(&mut runner).unwrap().current();
        let from = if number % 2 == 0 { CUSTOMER } else { PROXY };
        for answer in site.answers(from, &bytes) {
            let known = [200, 302, 400, 404, 405, 414, 417, 431];
            assert!(known.contains(&answer.status), "{answer:?}");
            redirects += u32::from(answer.status == 302);
        }
        if began.elapsed() > PATIENCE {
            break;
        }
    }
    assert!(redirects > 50, "only {redirects} redirects");
    assert_eq!(site.answer(get("/c/1/1/7")).status, 302);
    site.finish();
}
