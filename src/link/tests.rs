//! Links against a slow reading by the `url` crate's form parser, and tables of bad input.

use proptest::prelude::*;

use super::*;
use crate::model::click::{ClickFlags, Parameter};

fn numbers(path: &str) -> Option<(u32, u32, u32)> {
    let mut pairs = Pairs::default();
    let link = parse(path, None, &mut pairs).ok()?;
    Some((link.partner.0, link.ad.0, link.program.0))
}

fn values(query: &str) -> (Vec<(Parameter, String)>, Option<String>, ClickFlags) {
    let mut pairs = Pairs::default();
    let link = parse("/c/1/2/3", Some(query), &mut pairs).unwrap();
    let values = link
        .parameters()
        .map(|(parameter, value)| (parameter, String::from_utf8(value.to_vec()).unwrap()))
        .collect();
    (values, link.deep_link.map(str::to_owned), link.flags)
}

#[test]
fn a_path_is_three_numbers() {
    assert_eq!(numbers("/c/280/12/7"), Some((280, 12, 7)));
    assert_eq!(numbers("/c/0/0/4294967295"), Some((0, 0, u32::MAX)));
    assert_eq!(
        numbers("/c/1/2/3/"),
        Some((1, 2, 3)),
        "one slash may follow"
    );
}

#[test]
fn other_paths_are_refused() {
    for path in [
        "",
        "/",
        "/c",
        "/c/",
        "/c/1",
        "/c/1/2",
        "/c/1/2/",
        "/c/1/2/3/4",
        "/c/1/2/3//",
        "/c/-1/2/3",
        "/c/+1/2/3",
        "/c/01/2/3",
        "/c/1.0/2/3",
        "/c/1e3/2/3",
        "/c/0x1/2/3",
        "/c//2/3",
        "/c/ 1/2/3",
        "/c/12345678901234567890123/2/3",
        "/c/4294967296/2/3",
        "/c/%EF%BC%91/2/3",
        "/c/%31/2/3",
        "/c/1%2F2/3",
        "/c/../c/1/2/3",
        "/c/./1/2/3",
        "//c/1/2/3",
        "/c/%00/2/3",
        "/c/1/2/3%0d%0a",
        "/c/1/2/%ff",
        "/C/1/2/3",
        "/c/1;x=1/2/3",
        "/c/1/2/3;x",
        "/d/1/2/3",
        "c/1/2/3",
    ] {
        assert_eq!(numbers(path), None, "{path}");
    }
}

#[test]
fn names_are_known_in_any_case() {
    for (query, parameter) in [
        ("subId1=x", Parameter::SubId(1)),
        ("SUBID3=x", Parameter::SubId(3)),
        ("sharedid=x", Parameter::SharedId),
        ("sharedId=x", Parameter::SharedId),
        ("PartnerPropertyId=x", Parameter::Property),
        ("prodsku=x", Parameter::ProductSku),
        ("param1=x", Parameter::Param(1)),
        ("Param99=x", Parameter::Param(99)),
    ] {
        assert_eq!(
            values(query),
            (vec![(parameter, "x".to_owned())], None, ClickFlags::NONE)
        );
    }
    for query in [
        "subId0=x",
        "subId4=x",
        "subId01=x",
        "subId11=x",
        "param0=x",
        "param100=x",
        "x",
        "=x",
    ] {
        let expected = vec![(Parameter::Unknown, query.to_owned())];
        assert_eq!(
            values(query),
            (expected, None, ClickFlags::UNKNOWN_PARAMETER),
            "{query}"
        );
    }
}

#[test]
fn odd_values_are_kept_cut_or_left_out_and_flagged() {
    let one = |query: &str| {
        let (values, _, flags) = values(query);
        (values.into_iter().next().map(|pair| pair.1), flags)
    };
    let some = |text: &str| Some(text.to_owned());
    for (query, value, flags) in [
        ("subId1=a+b%20c", some("a b c"), ClickFlags::NONE),
        ("subId1=%", some("%"), ClickFlags::NONE),
        ("subId1=%2&", some("%2"), ClickFlags::NONE),
        ("subId1=%zz", some("%zz"), ClickFlags::NONE),
        ("subId1=%C3%A9", some("é"), ClickFlags::NONE),
        ("subId1==cmd|x", some("=cmd|x"), ClickFlags::NONE),
        ("subId1=%3Cscript%3E", some("<script>"), ClickFlags::NONE),
        ("subId1=' OR 1=1", some("' OR 1=1"), ClickFlags::NONE),
        ("subId1=a;subId2=b", some("a;subId2=b"), ClickFlags::NONE),
        ("subId1", some(""), ClickFlags::NONE),
        (
            "subId1=a&subId1=b",
            some("a"),
            ClickFlags::REPEATED_PARAMETER,
        ),
        ("subId1=a%00b", None, ClickFlags::DROPPED_VALUE),
        ("subId1=a%0d%0ab", None, ClickFlags::DROPPED_VALUE),
        ("subId1=%E2%80%AEgnp", None, ClickFlags::DROPPED_VALUE),
        ("subId1=%C3%28", None, ClickFlags::DROPPED_VALUE),
        ("subId1=%ED%A0%80", None, ClickFlags::DROPPED_VALUE),
        ("&&&&subId1=a&&", some("a"), ClickFlags::NONE),
    ] {
        assert_eq!(one(query), (value, flags), "{query}");
    }
    let long = |text: &str| one(&format!("subId1={text}"));
    assert_eq!(
        long(&"a".repeat(255)),
        (some(&"a".repeat(255)), ClickFlags::NONE)
    );
    assert_eq!(
        long(&"a".repeat(256)),
        (some(&"a".repeat(255)), ClickFlags::CUT_VALUE)
    );
    assert_eq!(
        long(&"%C3%A9".repeat(128)),
        (some(&"é".repeat(127)), ClickFlags::CUT_VALUE)
    );
    assert_eq!(
        long(&"%61".repeat(256)),
        (some(&"a".repeat(255)), ClickFlags::CUT_VALUE)
    );
}

#[test]
fn the_deep_link_is_taken_when_it_comes_once() {
    let deep = |query: &str| {
        let (_, deep_link, flags) = values(query);
        (deep_link, flags)
    };
    assert_eq!(
        deep("u=https%3A%2F%2Fb.example"),
        (Some("https%3A%2F%2Fb.example".into()), ClickFlags::NONE)
    );
    assert_eq!(deep("U=x"), (Some("x".into()), ClickFlags::NONE));
    assert_eq!(deep("u=x&u=y"), (None, ClickFlags::REPEATED_PARAMETER));
    assert_eq!(deep("u="), (None, ClickFlags::EMPTY_DEEP_LINK));
    assert_eq!(deep("u"), (None, ClickFlags::EMPTY_DEEP_LINK));
    assert_eq!(deep(""), (None, ClickFlags::NONE));
}

#[test]
fn no_more_than_64_parameters_are_read() {
    let query = vec!["x="; 70].join("&");
    let (values, _, flags) = values(&query);
    assert_eq!(values.len(), 64);
    assert_eq!(
        flags,
        ClickFlags::TOO_MANY_PARAMETERS.with(ClickFlags::UNKNOWN_PARAMETER)
    );
}

proptest! {
    /// The slow oracle: the `url` crate's form parser, then first value of each name wins.
    #[test]
    fn values_agree_with_the_form_parser(
        parts in proptest::collection::vec(
            ("subId[1-3]|sharedid|prodsku", "[a-z0-9%+ =]{0,12}"),
            0..6,
        ),
    ) {
        let pairs = parts.iter().map(|(name, value)| format!("{name}={value}"));
        let query: Vec<String> = pairs.collect();
        let query = query.join("&");
        let mut expected: Vec<(String, String)> = Vec::new();
        let mut unclean = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let name = name.to_ascii_lowercase();
            if value.contains(|c: char| c.is_control() || c == '\u{fffd}') {
                unclean.push(name);
            } else if !expected.iter().any(|pair| pair.0 == name) {
                expected.push((name, value.into_owned()));
            }
        }
        let name = |parameter| match parameter {
            Parameter::SubId(n) => format!("subid{n}"),
            Parameter::SharedId => "sharedid".to_owned(),
            _ => "prodsku".to_owned(),
        };
        let (values, _, _) = values(&query);
        let found: Vec<_> = values.into_iter().map(|(at, value)| (name(at), value)).collect();
        if unclean.is_empty() {
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn any_target_is_survived(path in "/c/[ -~]{0,20}|[ -~]{0,20}", query in "[ -~]{0,200}") {
        let mut pairs = Pairs::default();
        if let Ok(link) = parse(&path, Some(&query), &mut pairs) {
            prop_assert!(link.parameters().all(|(_, value)| value.len() <= query::VALUE_BYTES_MAX));
        }
    }

    #[test]
    fn encoded_values_decode_to_themselves(value: Vec<u8>) {
        let mut encoded = Vec::new();
        percent::encode(&value, &mut encoded);
        prop_assert!(encoded.is_ascii());
        let mut decoded = Vec::new();
        percent::decode(&encoded, &mut decoded);
        prop_assert_eq!(decoded, value);
    }
}
