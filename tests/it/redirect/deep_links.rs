//! Rows 20 to 43: the deep link.

use clickd::link::percent;

use super::site::Site;
use super::stored::{Case, check, location, stored};

const AD: &str = "https://brand.example/ad";
const REFUSED: &[&str] = &["malformed_deep_link"];

/// A link whose `u` is `text`, escaped whole.
fn escaped(text: &str) -> String {
    let mut raw = Vec::new();
    percent::encode(text.as_bytes(), &mut raw);
    format!("/c/1/1/7?u={}", String::from_utf8(raw).unwrap())
}

#[test]
fn a_permitted_page_is_reached_in_its_serialised_form() {
    let site = Site::start();
    let page = "https://brand.example/p?x=1";
    let mut cases = vec![
        Case::new(20, "/c/1/1/7", AD, &[]),
        Case::new(20, "/c/1/1/7?", AD, &[]),
        Case::new(21, "/c/1/1/7?u=", AD, &["empty_deep_link"]),
        Case::new(21, "/c/1/1/7?u", AD, &["empty_deep_link"]),
    ];
    let twice = "/c/1/1/7?u=https://brand.example/a&u=https://brand.example/b";
    cases.push(Case::new(22, twice, AD, &["repeated_parameter"]));
    let split = "/c/1/1/7?u=https://brand.example/p?x=1&y=2";
    cases.push(Case::new(23, split, page, &["unknown_parameter"]));
    for (row, text, serialised) in [
        (
            23,
            "https://brand.example/p?x=1&y=2",
            "https://brand.example/p?x=1&y=2",
        ),
        (
            39,
            "https://brand.example/a/%2e%2e/admin",
            "https://brand.example/admin",
        ),
        (
            39,
            "https://brand.example/a/../../b",
            "https://brand.example/b",
        ),
        (
            39,
            "https://brand.example/..%2fb",
            "https://brand.example/..%2fb",
        ),
        (42, "http://brand.example/p", "http://brand.example/p"),
        (42, "HTTPS://BRAND.example", "https://brand.example/"),
        (
            42,
            "https://a.b.shop.example/#t",
            "https://a.b.shop.example/#t",
        ),
    ] {
        cases.push(Case::new(row, escaped(text), serialised, &[]));
        let upper = escaped(text).replace("?u=", "?U=");
        cases.push(Case::new(46, upper, serialised, &[]));
    }
    check(&site, &cases);
    site.finish();
}

#[test]
fn an_ad_or_a_partner_may_stand_above_it() {
    let site = Site::start();
    let deep = escaped("https://brand.example/p");
    let other_ads = [
        Case::new(
            42,
            deep.replace("/1/7", "/4/7"),
            "https://brand.example/fixed",
            REFUSED,
        ),
        Case::new(
            42,
            deep.replace("/1/7", "/2/7"),
            "https://brand.example/p",
            &["expired_ad"],
        ),
        Case::new(
            42,
            deep.replace("/c/1/", "/c/99/"),
            "https://brand.example/home",
            &["unknown_partner"],
        ),
    ];
    check(&site, &other_ads);
    site.finish();
}

/// Row and text of deep links that are refused.
const REFUSALS: &[(u32, &str)] = &[
    (24, "https%3A%2F%2Fbrand.example%2F"),
    (25, "//evil.example"),
    (25, "//brand.example"),
    (26, "/\\evil.example"),
    (26, "https:\\\\evil.example"),
    (27, "https:evil.example"),
    (27, "https:/evil.example"),
    (27, "https:///evil.example"),
    (27, "https:brand.example"),
    (27, "https:///brand.example"),
    (28, "https://brand.example@evil.example"),
    (28, "https://brand.example:x@evil.example"),
    (28, "https://:@brand.example"),
    (29, "https://evil.example#@brand.example"),
    (29, "https://evil.example?@brand.example"),
    (29, "https://evil.example\\@brand.example"),
    (30, "https://brand.example.evil.com"),
    (30, "https://evilbrand.example"),
    (30, "https://shop.example"),
    (31, "javascript:alert(1)"),
    (31, "JaVaScRiPt:alert(1)"),
    (31, "java\tscript:alert(1)"),
    (31, "javascript://brand.example/%0aalert(1)"),
    (32, "data:text/html,x"),
    (32, "vbscript:x"),
    (32, "blob:https://brand.example/x"),
    (32, "file:///etc/passwd"),
    (32, "intent://brand.example"),
    (32, "about:blank"),
    (33, "https://brand.example/\r\nSet-Cookie: x=y"),
    (33, "https://brand.example/\nX: y"),
    (34, "https://bra\tnd.example/"),
    (34, "https://bra\nnd.example/"),
    (34, "https://brand.example\0/"),
    (34, "ht tps://brand.example/"),
    (34, "https://bra nd.example/"),
    (34, " https://brand.example/"),
    (35, "https://2130706433/"),
    (35, "https://0x7f.1/"),
    (35, "https://[::1]/"),
    (35, "https://127.0.0.1/"),
    (35, "https://169.254.169.254/"),
    (36, "https://xn--e1awd7f.shop.example/"),
    (36, "https://br\u{430}nd.example/"),
    (36, "https://brand\u{3002}example/"),
    (37, "https://brand.example./"),
    (38, "https://brand.example:22/"),
    (38, "https://brand.example:99999/"),
    (38, "https://brand.example:/"),
    (43, "https://go.example/c/1/1/7"),
    (43, "https://GO.example/"),
];

#[test]
fn every_other_page_is_refused_and_the_ad_shown() {
    let site = Site::start();
    let mut cases: Vec<Case> = REFUSALS
        .iter()
        .map(|(row, text)| Case::new(*row, escaped(text), AD, REFUSED))
        .collect();
    for (row, raw) in [
        (24, "https%253A%252F%252Fbrand.example"),
        (33, "https://brand.example/%0d%0aSet-Cookie:x"),
        (40, "https://brand.example/%C3%28"),
        (40, "https://brand.example/%ED%A0%80"),
        (44, "https://brand.example/%"),
        (44, "https://brand.example/%2"),
        (44, "https://brand.example/%zz"),
    ] {
        cases.push(Case::new(row, format!("/c/1/1/7?u={raw}"), AD, REFUSED));
    }
    let long = |bytes: usize| format!("https://brand.example/{}", "a".repeat(bytes - 22));
    cases.push(Case::new(
        41,
        format!("/c/1/1/7?u={}", long(2_049)),
        AD,
        REFUSED,
    ));
    cases.push(Case::new(
        41,
        format!("/c/1/1/7?u={}", long(2_048)),
        long(2_048),
        &[],
    ));
    check(&site, &cases);
    site.finish();
}

#[test]
fn look_alikes_of_line_ends_are_escaped() {
    let site = Site::start();
    // U+560A and U+560D, whose low bytes are LF and CR.
    let target = escaped("https://brand.example/\u{560a}\u{560d}Set-Cookie:x");
    let page = "https://brand.example/%E5%98%8A%E5%98%8DSet-Cookie:x";
    check(&site, &[Case::new(33, target, page, &[])]);
    site.finish();
}

#[test]
fn a_page_on_the_host_that_was_asked_is_refused() {
    let site = Site::start();
    let target = escaped("https://www.shop.example/x");
    let ask = |host: &str, target: &str| {
        site.answer(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    };
    let mut ids = Vec::new();
    for (host, page, labels) in [
        ("go.example", "https://www.shop.example/x", &[][..]),
        ("www.shop.example", AD, REFUSED),
        ("WWW.shop.example:8080", AD, REFUSED),
    ] {
        let answer = ask(host, &target);
        assert_eq!(
            answer.header("location"),
            Some(&*location(&site, &answer, page)),
            "{host}"
        );
        ids.push((site.id(&answer).number, labels));
    }
    // In absolute form the authority counts, whatever `Host` says.
    let answer = ask("go.example", &format!("http://www.shop.example:80{target}"));
    assert_eq!(
        answer.header("location"),
        Some(&*location(&site, &answer, AD)),
        "row 59"
    );
    ids.push((site.id(&answer).number, REFUSED));
    let clicks = stored(&site);
    for (id, labels) in ids {
        assert_eq!(clicks[&id].labels, labels, "row 43");
    }
    site.finish();
}
