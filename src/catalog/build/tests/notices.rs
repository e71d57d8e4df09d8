//! Postbacks.

use super::base::{BASE, build, check_more};
use crate::catalog::snapshot::{Audience, BodyType, Kinds, Method, NoticeKind, NoticeMacro, Piece};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::time::MINUTE;

const PLAIN: &str = "[[postback]]\nid = 4\nprogram = 7\naudience = \"BRAND\"\n\
                     url = \"https://in.acme.example/?oid={Oid}\"\n";

const FULL: &str = r#"
[[postback]]
id = 5
program = 7
audience = "PARTNER"
partner = 280
event_type = 70
kinds = ["TRACKED", "REVERSED"]
method = "POST"
url = "https://in.blog.example/{ActionId}"
body = '{"sub":"{SubId1}","items":{Items}}'
content_type = "JSON"
delay = "10m"
state = "INACTIVE"
"#;

#[test]
fn postbacks_are_compiled() {
    let catalog = build(&format!("{BASE}{PLAIN}{FULL}")).unwrap();
    let plain = &catalog.destinations[&4];
    assert_eq!(
        (plain.program, plain.audience),
        (ProgramId(7), Audience::Brand)
    );
    assert_eq!((plain.event_type, plain.kinds), (None, Kinds::ALL));
    assert_eq!(
        (plain.method, plain.delay, plain.active),
        (Method::Get, 0, true)
    );
    assert!(plain.body.is_none());
    assert_eq!(plain.url.0.last(), Some(&Piece::Macro(NoticeMacro::Oid)));
    let full = &catalog.destinations[&5];
    assert_eq!(full.audience, Audience::Partner(PartnerId(280)));
    assert_eq!(full.event_type, Some(EventTypeId(70)));
    assert!(full.kinds.contains(NoticeKind::Reversed));
    assert!(!full.kinds.contains(NoticeKind::Modified));
    assert_eq!(
        (full.method, full.delay, full.active),
        (Method::Post, 10 * MINUTE, false)
    );
    assert!(matches!(&full.body, Some((BodyType::Json, body)) if body.0.len() == 5));
}

/// A postback, what is replaced in it, by what, the field named and a piece of the problem.
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    (PLAIN, "id = 4", "id = 0", "id", "is 0"),
    (
        PLAIN,
        "program = 7",
        "program = 8",
        "program",
        "no program 8",
    ),
    (PLAIN, "\"BRAND\"", "\"ALL\"", "audience", "`ALL`"),
    (PLAIN, "\"BRAND\"", "\"PARTNER\"", "partner", "is missing"),
    (
        PLAIN,
        "\"BRAND\"",
        "\"BRAND\"\npartner = 280",
        "partner",
        "hears of all",
    ),
    (PLAIN, "{Oid}", "{oid}", "url", "no macro"),
    (PLAIN, "{Oid}", "{SubId1}", "url", "sub id"),
    (PLAIN, "{Oid}", "{Items}", "url", "JSON list"),
    (
        PLAIN,
        "https://in.",
        "https://{Oid}.",
        "url",
        "more than a host",
    ),
    (
        PLAIN,
        "id = 4",
        "id = 4\nbody = \"{}\"",
        "body",
        "never sent by GET",
    ),
    (
        PLAIN,
        "id = 4",
        "id = 4\ncontent_type = \"TEXT\"",
        "content_type",
        "without a body",
    ),
    (
        PLAIN,
        "id = 4",
        "id = 4\ndelay = \"8d\"",
        "delay",
        "too long",
    ),
    (PLAIN, "id = 4", "id = 4\nkinds = []", "kinds", "is empty"),
    (
        FULL,
        "partner = 280",
        "partner = 281",
        "partner",
        "no partner 281",
    ),
    (
        FULL,
        "event_type = 70",
        "event_type = 79",
        "event_type",
        "no event type 79",
    ),
    (FULL, "\"TRACKED\"", "\"LOCKED\"", "kinds", "`LOCKED`"),
    (FULL, "\"POST\"", "\"PUT\"", "method", "`PUT`"),
    (FULL, "{Items}", "\"{Items}\"", "body", "no JSON"),
    (FULL, "\"JSON\"", "\"XML\"", "content_type", "`XML`"),
    (FULL, "\"10m\"", "\"10\"", "delay", "no unit"),
    (FULL, "\"INACTIVE\"", "\"OFF\"", "state", "`OFF`"),
];

#[test]
fn postbacks_are_checked_field_by_field() {
    for (text, from, to, field, piece) in CASES {
        let faulty = text.replacen(from, to, 1);
        assert_ne!(faulty, *text, "{from}");
        let expected: &[_] = match *to {
            "\"PUT\"" => &[
                ("postback 5: method", "`PUT`"),
                ("postback 5: body", "by GET"),
            ],
            _ => &[(&*format!(": {field}"), *piece)],
        };
        check_more(&faulty, expected);
    }
    check_more(
        &format!("{PLAIN}{PLAIN}"),
        &[("line 47, postback 4: id", "line 42")],
    );
    check_more(
        &format!("{PLAIN}[retired]\npostbacks = [4, 9]\n"),
        &[("line 42, postback 4: id", "retired")],
    );
}
