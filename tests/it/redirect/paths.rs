//! Rows 1 to 19: the path and the method of a link.

use super::site::Site;
use super::stored::{Case, check, get, location, stored};

const AD: &str = "https://brand.example/ad";
const HOME: &str = "https://brand.example/home";

#[test]
fn a_path_that_is_no_link_gets_the_small_page() {
    let site = Site::start();
    for (row, target) in [
        (1, "/c/"),
        (1, "/c/1"),
        (1, "/c/1/2"),
        (1, "/c/1/1/"),
        (1, "/c"),
        (1, "/"),
        (1, "/favicon.ico"),
        (2, "/c/1/1/7/4"),
        (2, "/c/1/1/7//"),
        (3, "/c/1/1/1000"),
        (6, "/c/-1/1/7"),
        (6, "/c/+1/1/7"),
        (6, "/c/01/1/7"),
        (6, "/c/1.0/1/7"),
        (6, "/c/1e3/1/7"),
        (6, "/c/0x1/1/7"),
        (6, "/c//1/7"),
        (6, "/c/1//7"),
        (7, "/c/12345678901234567890/1/7"),
        (7, "/c/18446744073709551617/1/7"),
        (7, "/c/4294967297/1/7"),
        (7, "/c/1/1/4294967303"),
        (8, "/c/%EF%BC%91/1/7"),
        (8, "/c/%D9%A1/1/7"),
        (9, "/c/%31/1/7"),
        (10, "/c/1%2F1/7"),
        (10, "/c/1/1%2f7"),
        (11, "/c/../c/1/1/7"),
        (11, "/c/./1/1/7"),
        (11, "//c/1/1/7"),
        (11, "/./c/1/1/7"),
        (12, "/c/%00/1/7"),
        (12, "/c/1/1/7%0d%0a"),
        (12, "/c/1%ff/1/7"),
        (13, "/C/1/1/7"),
        (14, "/c/1;x=1/1/7"),
        (14, "/c/1/1/7;x=1"),
        (14, "/c/1/1/7;jsessionid=1?u=https://brand.example/"),
        (14, "*"),
        (14, "brand.example:443"),
    ] {
        let answer = site.answer(get(target));
        assert_eq!(answer.status, 404, "row {row}: {target}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let page = String::from_utf8(answer.body).unwrap();
        assert!(page.contains("Link not found"), "{page}");
    }
    let robots = site.answer(get("/robots.txt"));
    assert_eq!(
        (robots.status, &*robots.body),
        (200, &b"User-agent: *\nDisallow: /\n"[..])
    );
    site.finish();
}

#[test]
fn a_link_of_a_known_program_always_leads_to_one_of_its_pages() {
    let site = Site::start();
    let cases = [
        Case::new(2, "/c/1/1/7/", AD, &[]),
        Case::new(2, "/c/1/1/7", AD, &[]),
        Case::new(3, "/c/99/1/7", HOME, &["unknown_partner"]),
        Case::new(3, "/c/0/1/7", HOME, &["unknown_partner"]),
        Case::new(3, "/c/4294967295/1/7", HOME, &["unknown_partner"]),
        Case::new(3, "/c/1/99/7", HOME, &["unknown_ad"]),
        Case::new(3, "/c/1/5/7", HOME, &["unknown_ad"]),
        Case::new(3, "/c/99/99/7", HOME, &["unknown_ad", "unknown_partner"]),
        Case::new(4, "/c/4/1/7", HOME, &["not_joined"]),
        Case::new(4, "/c/2/1/7", HOME, &["inactive_partner"]),
        Case::new(
            5,
            "/c/1/5/8",
            "https://brand.example/paused",
            &["paused_program"],
        ),
        Case::new(5, "/c/3/1/7", HOME, &["ended_contract"]),
        Case::new(5, "/c/1/2/7", "https://brand.example/over", &["expired_ad"]),
        Case::new(
            5,
            "/c/1/3/7",
            "https://brand.example/moved",
            &["expired_ad"],
        ),
    ];
    check(&site, &cases);
    // The raw number is kept in the id and in the key of the row.
    let answer = site.answer(get("/c/4294967295/1/7"));
    assert_eq!(site.id(&answer).partner.0, u32::MAX);
    site.finish();
}

#[test]
fn head_is_answered_like_get_and_noted() {
    let site = Site::start();
    let answer = site.answer("HEAD /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n\r\n");
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header("location"),
        Some(&*location(&site, &answer, AD))
    );
    let got = site.answer(get("/c/1/1/7"));
    let names = |answer: &super::wire::Answer| -> Vec<String> {
        answer
            .headers
            .iter()
            .map(|header| header.0.clone())
            .collect()
    };
    assert_eq!(names(&answer), names(&got));
    let clicks = stored(&site);
    assert_eq!(clicks[&site.id(&answer).number].labels, ["head"]);
    assert!(clicks[&site.id(&got).number].labels.is_empty());
    let missing = site.answer("HEAD /c/1/1/1000 HTTP/1.1\r\nHost: go.example\r\n\r\n");
    assert_eq!((missing.status, missing.body.len()), (404, 0));
    site.finish();
}

#[test]
fn other_methods_are_refused_and_the_connection_closed() {
    let site = Site::start();
    for (row, method) in [
        (16, "POST"),
        (16, "PUT"),
        (16, "DELETE"),
        (16, "PATCH"),
        (16, "get"),
        (16, "FOO"),
        (17, "OPTIONS"),
        (18, "TRACE"),
    ] {
        for target in ["/c/1/1/7", "/", "/robots.txt", "*"] {
            let request = format!("{method} {target} HTTP/1.1\r\nHost: go.example\r\n\r\n");
            let answer = site.answer(&request);
            assert_eq!(answer.status, 405, "row {row}: {method} {target}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
            assert!(answer.closes(), "row {row}: {method} {target}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    for target in ["brand.example:443", "/c/1/1/7"] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: go.example\r\n\r\n");
        let answer = site.answer(&request);
        assert!(
            matches!(answer.status, 400 | 405),
            "row 18: {target}: {answer:?}"
        );
        assert!(answer.closes());
    }
    let preflight = "OPTIONS /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nOrigin: https://x.example\r\n\
                     Access-Control-Request-Method: GET\r\n\r\n";
    assert_eq!(site.answer(preflight).status, 405, "row 17");
    let body = "POST /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\nContent-Length: 40\r\n\r\n\
                GET /c/1/1/7 HTTP/1.1\r\nHost: go.example\r\n\r\n";
    assert_eq!(
        site.answer(body).status,
        405,
        "row 16: the body is no request"
    );
    site.finish();
}

#[test]
fn a_target_over_4_kib_is_refused() {
    let site = Site::start();
    let target = |bytes: usize| {
        let path = "/c/1/1/7?x=";
        format!("{path}{}", "a".repeat(bytes - path.len()))
    };
    assert_eq!(site.answer(get(&target(4_096))).status, 302);
    for bytes in [4_097, 16_000, 60_000, 65_534, 65_535, 66_000] {
        let answer = site.answer(get(&target(bytes)));
        assert_eq!(answer.status, 414, "rows 19, 41, 62: {bytes}");
        assert!(answer.closes(), "{bytes}");
    }
    let path = format!("/c/1/1/{}", "7".repeat(5_000));
    assert_eq!(site.answer(get(&path)).status, 414, "row 19");
    site.finish();
}
