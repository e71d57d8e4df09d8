//! Whole submissions, good and bad.

use super::*;
use crate::catalog::snapshot::CallTerms;
use crate::conversion::fixture;
use crate::model::click::Network;
use crate::model::id::{AdId, EventNumber, PartnerId};
use crate::model::money::Money;
use crate::model::submission::{Fingerprint, Person, Reference};
use crate::model::time::{DAY, SECOND};

const NOW: Millis = Millis(1_795_000_000_000);
const GOOD: &str = "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CallerId=p";

fn click() -> ClickId {
    ClickId {
        number: EventNumber(1),
        partner: PartnerId(7),
        ad: AdId(1),
        program: ProgramId(1000),
        unrecorded: false,
        key_number: 0,
    }
}

fn run(content_type: ContentType, body: &str) -> Result<Submission, Refused> {
    let catalog = fixture::catalog();
    read(&Received {
        content_type,
        body: body.as_bytes(),
        query: "",
        is_signed: false,
        catalog: &catalog,
        brand: catalog.brand("IRacme").unwrap(),
        now: NOW,
        verify: &|text| (text == "good").then(click),
    })
}

fn form(body: &str) -> Submission {
    run(ContentType::Form, body).unwrap()
}

fn errors(body: &str) -> Vec<String> {
    let refused = run(ContentType::Form, body).unwrap_err();
    refused.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn a_form_becomes_a_submission() {
    let submission = form(&format!(
        "{GOOD}&ClickId=good&CurrencyCode=USD&Amount=12.50&CustomerId=c&Text1=t&zz=1"
    ));
    assert_eq!(submission.program, ProgramId(1000));
    assert_eq!(submission.event_type, EventTypeId(10_001));
    assert_eq!(&*submission.order_id, "o-1");
    assert_eq!(submission.event, EventTime::Now);
    assert_eq!(submission.claim, Claim::Verified(click()));
    assert_eq!(submission.order.amount, Some(Money(12_500_000)));
    let customer = Person::named(ProgramId(1000), "CustomerId", "c").unwrap();
    let caller = Fingerprint::of_caller(ProgramId(1000), "p");
    let references = [Reference::Person(customer), Reference::Caller(caller)];
    assert_eq!(submission.references, references);
    assert_eq!(submission.field("CustomerId"), Some("c"));
    let names: Vec<&str> = submission.fields.iter().map(|(name, _)| &**name).collect();
    assert_eq!(
        names,
        [
            "Amount",
            "CallerId",
            "CampaignId",
            "ClickId",
            "CurrencyCode",
            "CustomerId",
            "EventDate",
            "EventTypeCode",
            "OrderId",
            "Text1",
            "zz"
        ]
    );
}

#[test]
fn the_zone_of_a_date_is_the_programs() {
    let submission = form(
        "CampaignId=1001&ActionTrackerId=10011&EventDate=2026-11-01&oid=1&ClickId=bad&CustomerId=",
    );
    let start = "2026-10-31T23:00:00Z".parse::<jiff::Timestamp>().unwrap();
    assert_eq!(
        submission.event,
        EventTime::At {
            start: Millis(start.as_millisecond()),
            precision: DAY
        }
    );
    assert_eq!(submission.claim, Claim::Forged);
    assert_eq!(submission.order, Order::default());
    assert_eq!(submission.references, []);
}

#[test]
fn without_a_click_id_it_is_stored_without_a_claim() {
    assert_eq!(form(GOOD).claim, Claim::None);
    assert_eq!(form(&format!("{GOOD}&ClickId=")).claim, Claim::None);
}

#[test]
fn inactive_event_types_are_left_to_the_fold() {
    let body = GOOD.replace("SALE", "LEAD");
    assert_eq!(form(&body).event_type, EventTypeId(10_002));
}

#[test]
fn retries_hash_the_same_whatever_their_form() {
    let body = format!("{GOOD}&CurrencyCode=USD&Amount=12.50&IpAddress=192.0.2.1");
    let hash = form(&body).payload;
    let mut pairs: Vec<&str> = body.split('&').collect();
    pairs.reverse();
    assert_eq!(form(&pairs.join("&")).payload, hash);
    assert_eq!(form(&body.replace("192.0.2.1", "192.0.2.2")).payload, hash);
    assert_eq!(form(&format!("{body}&useragent=x")).payload, hash);
    assert_eq!(form(&body.replace("OrderId", "OID")).payload, hash);
    assert_eq!(
        form(&body.replace("EventTypeCode=SALE", "ActionTrackerId=10001")).payload,
        hash
    );
    let json = r#"{"Amount": 12.50, "campaignid": 1000, "EventTypeCode": "SALE",
        "CurrencyCode": "USD", "EventDate": "now", "OrderId": "o-1",
        "CallerId": "p", "Note": null}"#;
    assert_eq!(run(ContentType::Json, json).unwrap().payload, hash);
}

#[test]
fn other_payloads_hash_differently() {
    let base = format!("{GOOD}&CurrencyCode=USD&Amount=12.50&ClickId=good");
    let mut hashes = vec![form(&base).payload];
    for (from, to) in [
        ("12.50", "12.51"),
        ("o-1", "O-1"),
        ("SALE", "LEAD"),
        ("ClickId=good", "ClickId=bad"),
        ("NOW", "2026-11-01"),
        ("NOW", "2026-11-02"),
    ] {
        hashes.push(form(&base.replace(from, to)).payload);
    }
    hashes.push(form(&format!("{base}&x=1")).payload);
    hashes.push(form(&format!("{base}&x1=")).payload);
    for (i, hash) in hashes.iter().enumerate() {
        assert!(!hashes[i + 1..].contains(hash), "{i}");
    }
}

#[test]
fn every_error_is_reported_at_once() {
    let long = "x".repeat(65);
    let found = errors(&format!(
        "CampaignId=1000&EventDate=2026-02-30&OrderId={long}&CurrencyCode=EUR&Amount=1.234&\
         CustomerId={}&Note={}&EventTypeId=5&note=1",
        "c".repeat(256),
        "n".repeat(1025),
    ));
    for start in [
        "EventDate: is not a date",
        "OrderId: has 65 bytes: 1 to 64 bytes",
        "CurrencyCode: is EUR: USD is this program's currency and the only one allowed",
        "Amount: has more decimals than the 2",
        "CustomerId: has 256 bytes; at most 255",
        "Note: has 1025 bytes; at most 1024",
        "EventTypeId: program 1000 has no such event type",
    ] {
        assert!(
            found.iter().any(|e| e.starts_with(start)),
            "{start} in {found:#?}"
        );
    }
    assert_eq!(found.len(), 7, "{found:#?}");
    let refused = run(ContentType::Form, "CampaignId=1000").unwrap_err();
    assert_eq!(refused.program, Some(ProgramId(1000)));
}

#[test]
fn an_empty_body_misses_each_required_field() {
    for (content_type, body) in [(ContentType::Form, ""), (ContentType::Json, "{}")] {
        let refused = run(content_type, body).unwrap_err();
        let fields: Vec<&str> = refused.errors.iter().map(|e| &*e.field).collect();
        assert_eq!(
            fields,
            [
                "CampaignId",
                "EventTypeId",
                "OrderId",
                "EventDate",
                "ClickId"
            ]
        );
    }
}

/// What is replaced in a good body, by what, and how the error begins.
const BAD: &[(&str, &str, &str)] = &[
    ("CampaignId=1000", "", "CampaignId: is missing"),
    (
        "CampaignId=1000",
        "CampaignId=x",
        "CampaignId: is not a number",
    ),
    (
        "CampaignId=1000",
        "CampaignId=1e3",
        "CampaignId: is not a number",
    ),
    (
        "CampaignId=1000",
        "CampaignId=4294967296",
        "CampaignId: is not a number",
    ),
    (
        "CampaignId=1000",
        "CampaignId=9",
        "CampaignId: this account has no program 9",
    ),
    (
        "CampaignId=1000",
        "CampaignId=2000",
        "CampaignId: this account has no program 2000",
    ),
    ("SALE", "sale", "EventTypeCode: program 1000 has no such"),
    (
        "EventTypeCode=SALE",
        "EventTypeId=20001",
        "EventTypeId: program 1000 has no such",
    ),
    (
        "EventTypeCode=SALE",
        "EventTypeId=x",
        "EventTypeId: is not a number",
    ),
    (
        "EventTypeCode=SALE",
        "",
        "EventTypeId: is missing: send one of ActionTrackerId",
    ),
    (
        "SALE",
        "SALE&EventTypeId=10002",
        "EventTypeCode: names another event type",
    ),
    ("EventDate=NOW", "EventDate=", "EventDate: is missing"),
    (
        "EventDate=NOW",
        "EventDate=2100-01-01",
        "EventDate: is more than 5 minutes ahead",
    ),
    ("o-1", "", "OrderId: is empty"),
    ("o-1", "%20%20", "OrderId: is only white space"),
    ("o-1", "a%00b", "OrderId: has a control character"),
    ("o-1", "a&oid=b", "OrderId: "),
    (
        "o-1",
        "o-1&CurrencyCode=eur",
        "CurrencyCode: `eur` is no currency code: USD",
    ),
    (
        "o-1",
        "o-1&CurrencyCode=XXX",
        "CurrencyCode: `XXX` is no currency code",
    ),
    (
        "o-1",
        "o-1&Amount=1",
        "CurrencyCode: is missing beside money: USD",
    ),
    (
        "o-1",
        "o-1&OrderTax=1",
        "CurrencyCode: is missing beside money: USD",
    ),
    (
        "o-1",
        "o-1&CurrencyCode=USD&Amount=",
        "Amount: is not a decimal number",
    ),
    (
        "o-1",
        "o-1&CurrencyCode=USD&Amount=12,50",
        "Amount: is not a decimal number",
    ),
    (
        "o-1",
        "o-1&CurrencyCode=USD&Amount=NaN",
        "Amount: is not a decimal number",
    ),
    (
        "o-1",
        "o-1&CurrencyCode=USD&Amount=99999999999999999999",
        "Amount: is above",
    ),
];

#[test]
fn each_bad_field_is_named() {
    for (from, to, start) in BAD {
        let body = GOOD.replace(from, to);
        let found = errors(&body);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(found[0].starts_with(start), "{body}: {found:?}");
    }
}

#[test]
fn equal_selectors_agree_and_order_ids_are_bytes() {
    let body = GOOD.replace("SALE", "SALE&EventTypeId=10001&actiontrackerid=10001");
    assert_eq!(form(&body).event_type, EventTypeId(10_001));
    let id = "é".repeat(32);
    assert_eq!(&*form(&GOOD.replace("o-1", &id)).order_id, id);
    assert!(errors(&GOOD.replace("o-1", &format!("{id}x")))[0].starts_with("OrderId: has 65"));
}

#[test]
fn numbers_with_exponents_are_no_amounts_in_json_either() {
    let body = |amount: &str| {
        format!(
            r#"{{"CampaignId":1000,"EventTypeId":10001,"EventDate":"NOW","OrderId":5,
                "CallerId":7,
                "CurrencyCode":"USD","Amount":{amount}}}"#
        )
    };
    let amount = |text| run(ContentType::Json, &body(text)).map(|s| s.order.amount);
    assert_eq!(amount("0.1"), Ok(Some(Money(100_000))));
    assert_eq!(amount("\"0.1\""), Ok(Some(Money(100_000))));
    assert_eq!(amount("null"), Ok(None));
    for text in ["1e2", "1e400", "-5", "0.001", "true", "[1]", "\"\""] {
        let refused = amount(text).unwrap_err();
        assert_eq!(refused.errors.len(), 1, "{text}");
        assert_eq!(refused.errors[0].field, "Amount", "{text}");
    }
}

#[test]
fn of_an_address_only_its_network_is_kept() {
    for (address, kept) in [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
    ] {
        let submission = form(&format!("{GOOD}&IpAddress={address}"));
        let field = ("IpAddress".into(), kept.into());
        assert!(
            submission.fields.contains(&field),
            "{:?}",
            submission.fields
        );
    }
}

#[test]
fn a_test_is_marked_in_the_body_or_in_the_query() {
    let catalog = fixture::catalog();
    let ask = |query, body: &str| {
        read(&Received {
            content_type: ContentType::Form,
            body: body.as_bytes(),
            query,
            is_signed: false,
            catalog: &catalog,
            brand: catalog.brand("IRacme").unwrap(),
            now: NOW,
            verify: &|_| None,
        })
    };
    let real = form(GOOD);
    let test = form(&format!("{GOOD}&impacttest=1"));
    assert_eq!((real.is_test, test.is_test), (false, true));
    assert_ne!(real.payload, test.payload);
    assert_eq!(test.field("impacttest"), Some("1"));
    for (query, sent, is_test) in [
        ("", "ImpactTest=TRUE", true),
        ("impacttest=1", "", true),
        ("x=1&IMPACTTEST=true", "", true),
        ("impacttest=1", "impacttest=1", true),
        ("", "impacttest=0", false),
        ("impacttest=false", "", false),
        ("impacttest=", "", false),
        ("impacttests=1", "", false),
    ] {
        let found = ask(query, &format!("{GOOD}&{sent}")).unwrap();
        assert_eq!(found.is_test, is_test, "{query} {sent}");
        let alike = if is_test { &test } else { &real };
        assert_eq!(found.payload, alike.payload, "{query} {sent}");
    }
    for (query, sent) in [
        ("impacttest=1", "impacttest=0"),
        ("impacttest=2", ""),
        ("", "impacttest=yes"),
    ] {
        let refused = ask(query, &format!("{GOOD}&{sent}")).unwrap_err();
        assert_eq!(refused.errors.len(), 1, "{query} {sent}");
        assert_eq!(refused.errors[0].field, "impacttest", "{query} {sent}");
    }
}

#[test]
fn an_event_type_asks_for_its_own() {
    let mut catalog = fixture::catalog();
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    let terms = program.event_types.get_mut(&EventTypeId(10_001)).unwrap();
    terms.customer_status = [("first".into(), "NEW".into())].into();
    terms.dispositions = ["OWN_REASON".into()].into();
    terms.call = Some(CallTerms {
        min_talk_seconds: 60,
        duplicate_window: 0,
        hours: None,
        pays: true,
    });
    let ask = |sent: &str| {
        let body = format!(
            "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CustomerId=c{sent}"
        );
        read(&Received {
            content_type: ContentType::Form,
            body: body.as_bytes(),
            query: "",
            is_signed: false,
            catalog: &catalog,
            brand: catalog.brand("IRacme").unwrap(),
            now: NOW,
            verify: &|_| None,
        })
    };
    let call = "&CallerId=1&PhoneNumber=2";
    let good = ask(&format!(
        "{call}&CustomerStatus=First&DispositionCode=OWN_REASON"
    ));
    assert_eq!(good.unwrap().customer_status.as_deref(), Some("NEW"));
    assert!(ask(&format!("{call}&DispositionCode=ITEM_RETURNED")).is_ok());
    for (sent, expected) in [
        ("&CallerId=1", "PhoneNumber: is missing: conversions of"),
        ("&PhoneNumber=2", "CallerId: is missing: conversions of"),
        (
            "&CallerId=1&PhoneNumber=2&CustomerStatus=NEW",
            "CustomerStatus: is none of this event type: allowed are first",
        ),
        (
            "&CallerId=1&PhoneNumber=2&DispositionCode=ELSE",
            "DispositionCode: is no code of this event type: allowed are REJECTED, ",
        ),
    ] {
        let refused = ask(sent).unwrap_err();
        assert_eq!(refused.errors.len(), 1, "{sent}: {refused:?}");
        let said = refused.errors[0].to_string();
        assert!(said.starts_with(expected), "{said}");
    }
    // Another event type asks for nothing.
    let other = form(&format!(
        "{}&CustomerStatus=any",
        GOOD.replace("SALE", "LEAD")
    ));
    assert_eq!(other.customer_status.as_deref(), Some("any"));
}

#[test]
fn of_an_address_and_a_status_the_fold_is_told() {
    let submission = form(&format!(
        "{GOOD}&IpAddress=192.0.2.7&CustomerStatus=NEW&TalkDuration=9&ItemSku2=s"
    ));
    assert_eq!(submission.network, Some(Network::V4([192, 0, 2])));
    assert_eq!(submission.customer_status.as_deref(), Some("NEW"));
    assert_eq!(submission.call.unwrap().talk_seconds, Some(9));
    assert_eq!(submission.order.items.len(), 1);
    assert!(!format!("{submission:?}").contains("192.0.2.7"));
    assert!(!submission.is_signed);
}

#[test]
fn the_rules_of_fields_are_checked() {
    let found = errors(&format!("{GOOD}&CustomerEmail=a@b.example&SubId1=s"));
    assert_eq!(found.len(), 2, "{found:?}");
    let found = errors(&GOOD.replace("&CallerId=p", ""));
    assert!(found[0].starts_with("ClickId: is missing"), "{found:?}");
}

#[test]
fn the_edge_of_the_future_is_five_minutes() {
    let at = |ahead: i64| GOOD.replace("NOW", &NOW.plus(ahead).to_string());
    assert!(run(ContentType::Form, &at(300 * SECOND)).is_ok());
    assert!(run(ContentType::Form, &at(300 * SECOND + 1)).is_err());
}
