//! Every macro in every place, with values that try to leave it.

use super::*;
use crate::catalog::snapshot::Kinds;
use proptest::prelude::*;

/// Ends strings, pairs, lines and headers, and is not ASCII.
const NASTY: &str = "a\"b\\c&d=e?f#g/h%20i+j {Oid}\r\n\u{1f}\u{e9}<";
const NASTY_ENCODED: &str = "a%22b%5Cc%26d%3De%3Ff%23g%2Fh%2520i%2Bj%20%7BOid%7D%0D%0A%1F%C3%A9%3C";

fn destination(method: Method, body: Option<(BodyType, Filled)>) -> Destination {
    Destination {
        id: 7,
        program: ProgramId(1_000),
        audience: Audience::Partner(PartnerId(55)),
        event_type: None,
        kinds: Kinds::ALL,
        method,
        url: Filled(Box::new([Piece::Literal("https://r.example/".into())])),
        body,
        delay: 90_000,
        active: true,
    }
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn facts<'a>(zone: &'a TimeZone, items: &'a [NoticeItem<'a>]) -> NoticeFacts<'a> {
    let millis = |text: &str| Millis(text.parse::<Timestamp>().unwrap().as_millisecond());
    NoticeFacts {
        program: ProgramId(1_000),
        program_name: "Program",
        zone,
        event_type: EventTypeId(10),
        event_type_name: "Online sale",
        category: "SALE",
        partner: PartnerId(55),
        partner_name: "Partner & Co",
        referring_type: ReferringType::ClickCookie,
        action: "1000.10.5",
        update: 2,
        status: "PENDING",
        status_detail: "ORDER_UPDATE",
        ad: AdId(77),
        payout: Money(1_250_000),
        delta_payout: Money(-250_000),
        intended_payout: Money(1_500_000),
        amount: Money(25_000_000),
        delta_amount: Money(-5_000_000),
        intended_amount: Money(30_000_000),
        currency: "EUR".parse().unwrap(),
        event_date: millis("2026-03-29T00:59:59.999Z"),
        creation_date: millis("2026-03-29T01:00:00Z"),
        locking_date: Some(millis("2026-12-31T23:00:00Z")),
        referring_date: None,
        order_id: NASTY,
        promo_code: "SAVE10",
        customer_status: "NEW",
        shared_id: "shared",
        sub_ids: ["one", "two", "three"],
        landing_page_url: "https://shop.example/p?a=1&b=2",
        items,
    }
}

/// Each macro with its value before any escaping.
const VALUES: &[(&str, &str)] = &[
    ("CampaignId", "1000"),
    ("CampaignName", "Program"),
    ("ActionTrackerId", "10"),
    ("ActionTrackerName", "Online sale"),
    ("MediaPartnerId", "55"),
    ("MediaPartnerName", "Partner & Co"),
    ("ActionType", "SALE"),
    ("ReferringType", "CLICK_COOKIE"),
    ("ActionId", "1000.10.5"),
    ("Status", "PENDING"),
    ("StatusDetail", "ORDER_UPDATE"),
    ("AdId", "77"),
    ("Payout", "1.25"),
    ("DeltaPayout", "-0.25"),
    ("IntendedPayout", "1.50"),
    ("Amount", "25.00"),
    ("DeltaAmount", "-5.00"),
    ("IntendedAmount", "30.00"),
    ("Currency", "EUR"),
    ("OriginalCurrency", "EUR"),
    ("OriginalAmount", "25.00"),
    // An hour is skipped between these two.
    ("EventDate", "2026-03-29T01:59:59+01:00"),
    ("CreationDate", "2026-03-29T03:00:00+02:00"),
    ("LockingDate", "2027-01-01T00:00:00+01:00"),
    ("ReferringDate", ""),
    ("Oid", NASTY),
    ("PromoCode", "SAVE10"),
    ("CustomerStatus", "NEW"),
    ("SharedId", "shared"),
    ("LandingPageUrl", "https://shop.example/p?a=1&b=2"),
    ("SubId1", "one"),
    ("SubId2", "two"),
    ("SubId3", "three"),
    ("EventId", "E-1000.10.5.2-7"),
];

fn template(open: &str, asked: NoticeMacro, close: &str) -> Filled {
    Filled(Box::new([
        Piece::Literal(open.into()),
        Piece::Macro(asked),
        Piece::Literal(close.into()),
    ]))
}

#[test]
fn every_macro_has_its_value_in_every_place() {
    let zone = berlin();
    let facts = facts(&zone, &[]);
    for (asked, name) in NoticeMacro::ALL {
        let Some((_, expected)) = VALUES.iter().find(|(of, _)| of == name) else {
            assert_eq!(*name, "Items");
            continue;
        };
        let mut to = destination(Method::Get, None);
        to.url = template("https://r.example/?v=", *asked, "&z=1");
        let url = render(&to, &facts).url;
        let url = url::Url::parse(&url).unwrap();
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs.len(), 2, "{name}: {url}");
        assert_eq!((&*pairs[0].0, &*pairs[0].1), ("v", *expected), "{name}");

        let body = (BodyType::Json, template("{\"v\":\"", *asked, "\",\"z\":1}"));
        let request = render(&destination(Method::Post, Some(body)), &facts);
        assert_eq!(request.content_type.as_deref(), Some("application/json"));
        let json: serde_json::Value = serde_json::from_str(&request.body.unwrap()).unwrap();
        assert_eq!(json, serde_json::json!({ "v": expected, "z": 1 }), "{name}");

        let body = (BodyType::Form, template("v=", *asked, "&z=1"));
        let request = render(&destination(Method::Post, Some(body)), &facts);
        let body = request.body.unwrap();
        let pairs: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
        assert_eq!(pairs.len(), 2, "{name}: {body}");
        assert_eq!(&*pairs[0].1, *expected, "{name}");

        let body = (BodyType::Text, template("v: ", *asked, ";"));
        let request = render(&destination(Method::Post, Some(body)), &facts);
        assert_eq!(&*request.body.unwrap(), format!("v: {expected};"));
        if asked.is_number() {
            assert!(
                serde_json::from_str::<serde_json::Number>(expected).is_ok(),
                "{name}"
            );
        }
    }
}

#[test]
fn escapes_are_exactly_these() {
    let zone = berlin();
    let facts = facts(&zone, &[]);
    let mut to = destination(Method::Get, Some((BodyType::Json, Filled::default())));
    to.url = template("https://r.example/{Oid}?oid=", NoticeMacro::Oid, "");
    let request = render(&to, &facts);
    let expected = format!("https://r.example/{{Oid}}?oid={NASTY_ENCODED}");
    assert_eq!(
        &*request.url, expected,
        "a literal stays, a value is not filled again"
    );
    assert_eq!(
        (request.body, request.content_type),
        (None, None),
        "a GET has no body"
    );
    assert_eq!(request.method, ledger::Method::Get);
}

#[test]
fn items_are_a_list_in_json_and_nothing_elsewhere() {
    let zone = berlin();
    let items = [
        NoticeItem {
            sku: "A\"1",
            quantity: 2,
            amount: Money(19_270_000),
        },
        NoticeItem {
            sku: "B",
            quantity: 1,
            amount: Money(500_000),
        },
    ];
    let facts = facts(&zone, &items);
    let list = template("{\"i\":", NoticeMacro::Items, "}");
    let request = render(
        &destination(Method::Post, Some((BodyType::Json, list.clone()))),
        &facts,
    );
    let expected = r#"{"i":[{"sku":"A\"1","qty":2,"amt":19.27},{"sku":"B","qty":1,"amt":0.50}]}"#;
    assert_eq!(request.body.as_deref(), Some(expected));
    let text = render(
        &destination(Method::Post, Some((BodyType::Text, list))),
        &facts,
    );
    assert_eq!(text.body.as_deref(), Some("{\"i\":}"));
}

#[test]
fn decimals_are_those_of_the_currency() {
    let zone = berlin();
    let mut facts = facts(&zone, &[]);
    let mut to = destination(Method::Get, None);
    to.url = template("", NoticeMacro::Amount, "");
    for (currency, expected) in [("EUR", "25.00"), ("JPY", "25"), ("KWD", "25.000")] {
        facts.currency = currency.parse().unwrap();
        assert_eq!(&*render(&to, &facts).url, expected);
    }
}

#[test]
fn a_brand_never_sees_a_partners_own_values() {
    let zone = berlin();
    let facts = facts(&zone, &[]);
    let mut to = destination(Method::Get, None);
    to.audience = Audience::Brand;
    for asked in [
        NoticeMacro::SubId1,
        NoticeMacro::SubId2,
        NoticeMacro::SubId3,
    ] {
        to.url = template("[", asked, "]");
        assert_eq!(&*render(&to, &facts).url, "[]");
    }
    to.url = template("[", NoticeMacro::SharedId, "]");
    assert_eq!(&*render(&to, &facts).url, "[shared]");
}

#[test]
fn an_event_is_due_after_the_delay_of_its_destination() {
    let zone = berlin();
    let facts = facts(&zone, &[]);
    let to = destination(Method::Get, None);
    let event = event(&to, &facts, NoticeKind::Reversed, Millis(1_000));
    assert_eq!(&*event.event, "E-1000.10.5.2-7");
    assert_eq!(event.action(), "E-1000.10.5");
    assert_eq!(
        (event.kind, event.next_at),
        (Kind::Reversed, Millis(91_000))
    );
    assert_eq!((event.tries, event.first_at), (0, None));
}

proptest! {
    #[test]
    fn no_text_leaves_its_place(text: String) {
        let zone = berlin();
        let mut facts = facts(&zone, &[]);
        facts.order_id = &text;
        let mut to = destination(
            Method::Post,
            Some((BodyType::Json, template("{\"v\":\"", NoticeMacro::Oid, "\"}"))),
        );
        to.url = template("https://r.example/", NoticeMacro::Oid, "/end?q=1");
        let request = render(&to, &facts);
        let json: serde_json::Value = serde_json::from_str(&request.body.unwrap()).unwrap();
        prop_assert_eq!(&json["v"], &text);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%/:?=".contains(&byte);
        prop_assert!(request.url.bytes().all(plain));
        prop_assert!(request.url.starts_with("https://r.example/"));
        prop_assert_eq!(request.url.matches('/').count(), 4);
    }
}
