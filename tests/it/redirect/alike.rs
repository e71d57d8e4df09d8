//! Requests read in place and requests that hyper reads are answered and stored alike.

use super::site::{CUSTOMER, Site};
use super::stored::stored;
use super::wire::Answer;

/// What a browser sends behind the request line.
const BROWSER: &str = "Host: go.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
                       Accept: */*\r\nReferer: https://blog.example/post?id=1\r\n\
                       Sec-Fetch-Mode: navigate\r\nSec-Purpose: prefetch\r\nSec-GPC: 1\r\n";

/// The same request in two spellings of its last header: the second one leaves it to hyper, since
/// an option of a connection is a matter of HTTP.
fn spellings(line: &str, close: bool) -> [Vec<u8>; 2] {
    let (plain, other) = if close {
        ("close", "x, close")
    } else {
        ("keep-alive", "keep-alive, x")
    };
    [plain, other].map(|option| {
        format!("{line} HTTP/1.1\r\n{BROWSER}Connection: {option}\r\n\r\n").into_bytes()
    })
}

/// Status, headers and body, without the click id and the time.
fn outline(site: &Site, answer: &Answer) -> String {
    let mut sorted = answer.clone();
    sorted.headers.sort_unstable();
    let text = format!("{sorted:?}");
    let date = answer.header("date").unwrap();
    let text = text.replace(date, "DATE");
    if answer.status != 302 {
        return text;
    }
    let id = site.daemon.stores.signer.sign(&site.id(answer));
    text.replace(std::str::from_utf8(&id).unwrap(), "ID")
}

#[test]
fn what_is_read_in_place_is_answered_and_stored_as_hyper_would() {
    let site = Site::start();
    let mut ids = Vec::new();
    for line in [
        "GET /c/1/1/7",
        "HEAD /c/1/1/7",
        "GET /c/1/1/7?subId1=a%20b&u=https%3A%2F%2Fbrand.example%2Fsale&sharedid=x",
        "GET /c/1/1/9?subId1=%3Cb%3E&prodsku=1",
        "GET /c/1/2/7?u=https%3A%2F%2Fevil.example%2F",
        "GET /c/99/98/7?x=y&x",
        "GET /c/1/1/8",
        "GET /c/1/1/4711",
        "HEAD /c/1/1/4711",
        "GET /c/1/1",
    ] {
        for close in [false, true] {
            let [plain, other] =
                spellings(line, close).map(|bytes| site.answers(CUSTOMER, &bytes).remove(0));
            assert_eq!(plain.closes(), close, "{line}");
            assert_eq!(outline(&site, &plain), outline(&site, &other), "{line}");
            if plain.status == 302 {
                ids.push([site.id(&plain).number, site.id(&other).number]);
            }
        }
    }
    assert_eq!(ids.len(), 14);
    let clicks = stored(&site);
    for [plain, other] in ids {
        assert_eq!(clicks[&plain], clicks[&other]);
    }
    site.finish();
}

#[test]
fn requests_of_both_kinds_are_answered_in_their_order() {
    let site = Site::start();
    let requests: Vec<Vec<u8>> = (0..60)
        .map(|number| {
            let [plain, other] = spellings(&format!("GET /c/1/1/7?subId1={number}"), false);
            if number % 7 == 5 { other } else { plain }
        })
        .collect();
    let answers = site.answers(CUSTOMER, &requests.concat());
    assert_eq!(answers.len(), requests.len());
    let clicks = stored(&site);
    for (number, answer) in answers.iter().enumerate() {
        let click = &clicks[&site.id(answer).number];
        assert_eq!(click.values[0].1, number.to_string());
    }
    site.finish();
}
