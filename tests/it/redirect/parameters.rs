//! Rows 44 to 54: the other parameters.

use clickd::model::click::Parameter::{Param, ProductSku, Property, SharedId, SubId, Unknown};

use super::site::Site;
use super::stored::{Case, check, get, stored};

const AD: &str = "https://brand.example/ad";
const UNKNOWN: &[&str] = &["unknown_parameter"];

/// A link with `query` that leads to its ad's page.
fn link(row: u32, query: &str, labels: &'static [&'static str]) -> Case {
    Case::new(row, format!("/c/1/1/7?{query}"), AD, labels)
}

#[test]
fn values_are_kept_as_they_are_sent_or_say_why_not() {
    let site = Site::start();
    let text = |bytes: usize| "a".repeat(bytes);
    let cases = [
        link(44, "subId1=%&subId2=%2&subId3=%zz", &[]).keeps(&[
            (SubId(1), "%"),
            (SubId(2), "%2"),
            (SubId(3), "%zz"),
        ]),
        link(45, "subId1=a&subId1=b", &["repeated_parameter"]).keeps(&[(SubId(1), "a")]),
        link(45, "subId1=a&SUBID1=b", &["repeated_parameter"]).keeps(&[(SubId(1), "a")]),
        link(
            46,
            "subid1=a&SUBID2=b&SharedID=c&PRODSKU=d&Param1=e&PartnerPropertyId=1",
            &[],
        )
        .keeps(&[
            (SubId(1), "a"),
            (SubId(2), "b"),
            (SharedId, "c"),
            (ProductSku, "d"),
            (Param(1), "e"),
            (Property, "1"),
        ]),
        link(46, "subId01=a", UNKNOWN).keeps(&[(Unknown, "subId01=a")]),
        link(46, "subId11=a", UNKNOWN).keeps(&[(Unknown, "subId11=a")]),
        link(46, "subId0=a&subId=b", UNKNOWN).keeps(&[(Unknown, "subId0=a"), (Unknown, "subId=b")]),
        link(47, &format!("subId1={}", text(255)), &[]).keeps(&[(SubId(1), &text(255))]),
        link(47, &format!("subId1={}", text(257)), &["cut_value"]).keeps(&[(SubId(1), &text(255))]),
        link(47, &format!("subId1={}", "%61".repeat(257)), &["cut_value"])
            .keeps(&[(SubId(1), &text(255))]),
        link(
            47,
            &format!("x={}", text(300)),
            &["unknown_parameter", "cut_value"],
        )
        .keeps(&[(Unknown, &format!("x={}", text(253)))]),
        link(48, "subId1=a%0Ab", &["dropped_value"]).keeps(&[]),
        link(48, "subId1=a%00", &["dropped_value"]).keeps(&[]),
        link(48, "subId1=%E2%80%AEgnp", &["dropped_value"]).keeps(&[]),
        link(48, "subId1=%C2%85&subId2=b", &["dropped_value"]).keeps(&[(SubId(2), "b")]),
        link(
            49,
            "subId1==cmd|calc&subId2=%3Cscript%3E&subId3='%20OR%201=1",
            &[],
        )
        .keeps(&[
            (SubId(1), "=cmd|calc"),
            (SubId(2), "<script>"),
            (SubId(3), "' OR 1=1"),
        ]),
        link(49, "subId1={a}^`[]\\", &[]).keeps(&[(SubId(1), "{a}^`[]\\")]),
        link(50, &"&".repeat(3_000), &[]).keeps(&[]),
        link(51, "subId1=a;subId2=b", &[]).keeps(&[(SubId(1), "a;subId2=b")]),
        link(52, "subId1=a+b&subId2=a%20b&subId3=a%2Bb", &[]).keeps(&[
            (SubId(1), "a b"),
            (SubId(2), "a b"),
            (SubId(3), "a+b"),
        ]),
        link(54, "subId1=a#subId2=b&u=https://brand.example/", &[]).keeps(&[(SubId(1), "a")]),
        link(54, "u=https://brand.example/p#top", &[]).keeps(&[]),
    ];
    let mut cases = Vec::from(cases);
    let last = cases.last_mut().unwrap();
    last.page = String::from("https://brand.example/p");
    check(&site, &cases);
    site.finish();
}

#[test]
fn no_more_than_64_parameters_are_read() {
    let site = Site::start();
    let many = ["u=https://brand.example/p", "subId1=a"].join("&") + &"&x=".repeat(1_300);
    let mut values = vec![(SubId(1), "a")];
    values.extend([(Unknown, "x="); 62]);
    let mut case = link(50, &many, &["unknown_parameter", "too_many_parameters"]).keeps(&values);
    case.page = String::from("https://brand.example/p");
    let behind = "x=&".repeat(64) + "u=https://brand.example/p";
    let late = link(50, &behind, &["unknown_parameter", "too_many_parameters"]);
    check(&site, &[case, late]);
    let ten_thousand = format!("/c/1/1/7?{}", "x=&".repeat(10_000));
    assert_eq!(site.answer(get(&ten_thousand)).status, 414, "row 50");
    site.finish();
}

#[test]
fn targets_beyond_ascii_are_refused() {
    let site = Site::start();
    for target in [
        &b"/c/1/1/7?subId1=caf\xc3\xa9"[..],
        b"/c/1/1/7?subId1=\xff",
        b"/c/\xd9\xa1/1/7",
        b"/c/1/1/7?u=https://br\xd0\xb0nd.example/",
        b"/c/1/1/7?subId1=\x7f",
        b"/c/1/1/7?subId1=<script>",
        b"/c/1/1/7?subId1=\"a\"",
        b"/c/1/1/7?subId1=\x01",
    ] {
        let request = [b"GET ", target, b" HTTP/1.1\r\nHost: go.example\r\n\r\n"].concat();
        let answer = site.answer(&request);
        assert_eq!(
            answer.status,
            400,
            "row 53: {:?}",
            String::from_utf8_lossy(target)
        );
        assert!(answer.closes());
    }
    site.finish();
}

#[test]
fn values_are_escaped_where_templates_put_them() {
    let site = Site::start();
    let query = "subId1=a%26b%23c%3Cscript%3E%20%22&prodsku=%C3%A9=1";
    let answer = site.answer(get(&format!("/c/1/6/9?{query}")));
    let id = site.daemon.stores.signer.sign(&site.id(&answer));
    let id = std::str::from_utf8(&id).unwrap();
    let expected = format!(
        "https://brand.example/t?x=1&sku=%C3%A9%3D1&s=a%26b%23c%3Cscript%3E%20%22&p=A%20%26%20B\
         &cid={id}#top"
    );
    assert_eq!(answer.header("location"), Some(&*expected), "row 49");
    let click = &stored(&site)[&site.id(&answer).number];
    let kept = [
        (SubId(1), "a&b#c<script> \"".to_owned()),
        (ProductSku, "é=1".to_owned()),
    ];
    assert_eq!(click.values, kept);
    // What was dropped is not in the location either.
    let answer = site.answer(get("/c/1/6/9?subId1=x%0d%0aSet-Cookie:y"));
    let location = answer.header("location").unwrap();
    assert!(location.contains("&s=&p="), "row 33: {location}");
    site.finish();
}
