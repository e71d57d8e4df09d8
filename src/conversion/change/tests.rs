//! Requests to change actions, read and refused.

use super::*;
use crate::catalog::Catalog;
use crate::conversion::{ContentType, fixture};
use crate::model::action::change::{ItemChange, What};
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::money::Money;
use crate::model::submission::Origin;

const BY_ID: &str = "ActionId=1000.10001.5&Reason=ORDER_UPDATE";

/// A catalogue in which the sales of program 1000 have words of their own.
fn catalog() -> Catalog {
    let mut catalog = fixture::catalog();
    let program = catalog.programs.get_mut(&ProgramId(1000)).unwrap();
    let sale = program.event_types.get_mut(&EventTypeId(10_001)).unwrap();
    sale.dispositions = ["TOO_LATE".into()].into();
    sale.customer_status = [("new".into(), "NEW".into())].into();
    catalog
}

fn ask(is_reversal: bool, content_type: ContentType, body: &str) -> Result<Asked, Refused> {
    let catalog = catalog();
    read(&Received {
        content_type,
        body: body.as_bytes(),
        catalog: &catalog,
        brand: catalog.brand("IRacme").unwrap(),
        is_reversal,
        origin: Origin::Api,
        is_signed: false,
        parts_of: &|text| {
            let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
            let mut next = || parts.next().flatten();
            Some((ProgramId(next()?), EventTypeId(next()?), next()?.into()))
        },
    })
}

fn put(body: &str) -> Result<Asked, Refused> {
    ask(false, ContentType::Form, body)
}

fn delete(body: &str) -> Result<Asked, Refused> {
    ask(true, ContentType::Form, body)
}

fn modified(body: &str) -> (Option<Money>, Option<Box<str>>, Vec<ItemChange>) {
    match put(body).unwrap().what {
        What::Modify {
            amount,
            customer_status,
            items,
        } => (amount, customer_status, items),
        What::Reverse => panic!("{body}"),
    }
}

/// The errors of a request, each as `field: message`.
fn errors(asked: Result<Asked, Refused>) -> Vec<String> {
    match asked {
        Err(Refused::Invalid { errors, .. }) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_action_is_named_by_its_id_or_by_event_type_and_order() {
    let asked = put(&format!("{BY_ID}&Amount=5")).unwrap();
    assert_eq!(
        (asked.program, asked.event_type),
        (ProgramId(1000), EventTypeId(10_001))
    );
    assert_eq!((asked.action, asked.order_id), (Some(5), None));
    for selector in [
        "ActionTrackerId=10001",
        "eventtypeid=10001",
        "EventTypeCode=SALE&CampaignId=1000",
    ] {
        let asked = delete(&format!("{selector}&oid=o-1&DispositionCode=OTHER")).unwrap();
        assert_eq!(
            (asked.program, asked.event_type),
            (ProgramId(1000), EventTypeId(10_001))
        );
        assert_eq!(
            (asked.action, asked.order_id.as_deref()),
            (None, Some("o-1"))
        );
    }
    let both = format!("{BY_ID}&ActionTrackerId=10001&OrderId=o-1&CampaignId=1000&Amount=5");
    let asked = put(&both).unwrap();
    assert_eq!(
        (asked.action, asked.order_id.as_deref()),
        (Some(5), Some("o-1"))
    );
    let change = asked.of_order("o-1".into());
    assert_eq!(
        (change.action, &*change.order_id, &*change.reason),
        (Some(5), "o-1", "ORDER_UPDATE")
    );
    assert!(
        change
            .fields
            .iter()
            .any(|(name, value)| (&**name, &**value) == ("Amount", "5"))
    );
}

#[test]
fn what_is_another_accounts_is_not_found() {
    for body in [
        "ActionId=2000.20001.5&DispositionCode=OTHER",
        "ActionId=77.1.5&DispositionCode=OTHER",
        "CampaignId=2000&ActionTrackerId=20001&OrderId=o&DispositionCode=OTHER",
        "CampaignId=77&ActionTrackerId=20001&OrderId=o&DispositionCode=wrong",
    ] {
        assert_eq!(delete(body), Err(Refused::NotFound), "{body}");
    }
}

#[test]
fn a_name_that_can_not_be_resolved_is_told() {
    let given = "&DispositionCode=OTHER";
    for (body, expected) in [
        ("", "ActionId: is missing"),
        ("ActionId=12", "ActionId: is no action id"),
        ("OrderId=o", "ActionTrackerId: is missing"),
        ("ActionTrackerId=10001", "ActionId: is missing"),
        (
            "ActionTrackerId=x&OrderId=o",
            "ActionTrackerId: this account has no such",
        ),
        (
            "ActionTrackerId=20001&OrderId=o",
            "ActionTrackerId: this account has no such",
        ),
        (
            "EventTypeCode=SALE&EventTypeId=10002&OrderId=o",
            "EventTypeId: this account has no such",
        ),
        (
            "EventTypeCode=SALE&OrderId=o",
            "CampaignId: is missing: several programs",
        ),
        (
            "CampaignId=x&ActionTrackerId=10001&OrderId=o",
            "CampaignId: is not a number",
        ),
        (
            "ActionId=1000.10001.5&ActionTrackerId=10002",
            "ActionTrackerId: names another",
        ),
        (
            "ActionId=1000.10001.5&CampaignId=1001",
            "CampaignId: names another",
        ),
    ] {
        let found = errors(delete(&format!("{body}{given}")));
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{body}: {found:?}"
        );
    }
}

#[test]
fn reasons_are_those_of_the_trade_and_of_the_event_type() {
    let reason = |asked: Result<Asked, Refused>| asked.unwrap().reason;
    let by_id = "ActionId=1000.10001.5";
    assert_eq!(
        &*reason(delete(&format!("{by_id}&DispositionCode=item_returned"))),
        "ITEM_RETURNED"
    );
    assert_eq!(
        &*reason(delete(&format!("{by_id}&Reason=too_late"))),
        "TOO_LATE"
    );
    let both = format!("{by_id}&Reason=OTHER&DispositionCode=other&Amount=1");
    assert_eq!(&*reason(put(&both)), "OTHER");
    for (asked, expected) in [
        (
            delete(by_id),
            "DispositionCode: is missing; one of REJECTED, ",
        ),
        (
            put(&format!("{by_id}&Amount=1")),
            "Reason: is missing; one of REJECTED, ",
        ),
        // Codes of modifications alone, and of another event type.
        (
            delete(&format!("{by_id}&DispositionCode=ORDER_UPDATE")),
            "DispositionCode: is `ORDER_UPDATE`",
        ),
        (
            delete("ActionId=1000.10002.5&DispositionCode=TOO_LATE"),
            "DispositionCode: is `TOO_LATE`",
        ),
        (
            put(&format!("{by_id}&Amount=1&Reason=A&DispositionCode=B")),
            "DispositionCode: Reason and",
        ),
    ] {
        let found = errors(asked);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{found:?}"
        );
    }
    let said = errors(put(&format!("{by_id}&Amount=1")));
    assert!(
        said[0].contains("ORDER_UPDATE, PARTNER_NOT_ACTIVE, TOO_LATE is allowed"),
        "{said:?}"
    );
}

#[test]
fn an_amount_alone_is_that_of_the_action_and_beside_a_sku_that_of_the_item() {
    let with = |fields: &str| modified(&format!("{BY_ID}&{fields}"));
    assert_eq!(with("Amount=0"), (Some(Money(0)), None, vec![]));
    assert_eq!(
        with("Amount=12.34&CurrencyCode=USD").0,
        Some(Money(12_340_000))
    );
    assert_eq!(
        with("CustomerStatus=New"),
        (None, Some("NEW".into()), vec![])
    );
    let item = |sku: &str| ItemChange {
        sku: sku.into(),
        ..ItemChange::default()
    };
    let (amount, _, items) = with("Sku=a&Amount=5&Quantity=2&Category=c&Sku3=b&Quantity3=0");
    assert_eq!(amount, None);
    assert_eq!(
        items,
        [
            ItemChange {
                category: Some("c".into()),
                units: Some(2),
                amount: Some(Money(5_000_000)),
                ..item("a")
            },
            ItemChange {
                units: Some(0),
                ..item("b")
            },
        ]
    );
    for (text, micros) in [("-5.00", -5_000_000), ("%2B0.01", 10_000), ("3", 3_000_000)] {
        let (_, _, items) = with(&format!("sku1=a&itemsubtotaldelta1={text}"));
        assert_eq!(
            items,
            [ItemChange {
                delta: Some(micros),
                ..item("a")
            }]
        );
    }
    let (_, _, items) = with("Sku=a&Category=c&Quantity=1&Sku2=a&Category2=d&Quantity2=1");
    assert_eq!(items.len(), 2);
}

#[test]
fn every_wrong_field_of_a_modification_is_told() {
    for (fields, expected) in [
        ("", "body: says nothing to change"),
        ("Amount=", "body: says nothing to change"),
        ("Note=x", "body: says nothing to change"),
        ("Amount=-1", "Amount: is "),
        ("Amount=1.234", "Amount: "),
        ("Amount=10000001", "Amount: "),
        (
            "Amount=1&CurrencyCode=EUR",
            "CurrencyCode: is `EUR`: USD is",
        ),
        (
            "CustomerStatus=old",
            "CustomerStatus: is `old`; new are allowed",
        ),
        ("Quantity=1", "Sku: is missing"),
        ("Sku2=a&Quantity2=1&Amount=5", "Sku: is missing"),
        ("Amount2=5", "Sku2: is missing"),
        ("Amount1=5", "Sku: is missing"),
        (
            "Sku=a",
            "Sku: says nothing to change: send Quantity, Amount",
        ),
        (
            "Sku2=a&Category2=b",
            "Sku2: says nothing to change: send Quantity2, Amount2",
        ),
        (
            "Sku=a&Amount=1&ItemSubTotalDelta=1",
            "ItemSubTotalDelta: is given beside Amount",
        ),
        ("Sku=a&Quantity=-1", "Quantity: is no quantity"),
        ("Sku=a&Quantity=1000001", "Quantity: is no quantity"),
        ("Sku=a&ItemSubTotalDelta=--1", "ItemSubTotalDelta: is "),
        ("Sku=a&ItemSubTotalDelta=0.001", "ItemSubTotalDelta: "),
        ("Sku=a&Quantity=1&Sku1=b", "Sku1: is the same field as Sku"),
        ("Sku=a&Quantity=1&SKU=b", "Sku: is given more than once"),
        (
            "Sku=a&Quantity=1&Sku2=a&Quantity2=1",
            "Sku2: is named by an earlier item",
        ),
        (
            "Sku=a&Quantity=1&Category=c&Sku2=a&Quantity2=1",
            "Sku2: is named by an earlier item",
        ),
        ("Sku0=a&Quantity0=1&Amount=1", "Quantity0: names no item"),
        ("Sku501=a&Quantity=1&Sku=a", "Sku501: names no item"),
        (
            "Amount=1&ItemQuantity1=2",
            "ItemQuantity1: is no field of a modification",
        ),
        (
            "Amount=1&itemPrice1=2",
            "ItemPrice1: is no field of a modification",
        ),
    ] {
        let found = errors(put(&format!("{BY_ID}&{fields}")));
        assert!(found[0].starts_with(expected), "{fields}: {found:?}");
    }
    let long = "c".repeat(256);
    let found = errors(put(&format!("{BY_ID}&Sku=a&Quantity=1&Category={long}")));
    assert!(found[0].starts_with("Category: has 256 bytes"), "{found:?}");
    let all = errors(put("Amount=x&Quantity2=x&CustomerStatus=y"));
    assert!(all.len() >= 4, "{all:?}");
}

#[test]
fn a_reversal_takes_the_whole_action() {
    assert_eq!(
        delete("ActionId=1000.10001.5&DispositionCode=OTHER&Note=x&Amount=")
            .unwrap()
            .what,
        What::Reverse
    );
    for field in ["Amount=1", "Sku=a", "Quantity3=1", "CustomerStatus=new"] {
        let found = errors(delete(&format!(
            "ActionId=1000.10001.5&DispositionCode=OTHER&{field}"
        )));
        assert!(
            found.len() == 1 && found[0].contains("is no field of a reversal"),
            "{found:?}"
        );
    }
}

#[test]
fn the_same_request_hashes_alike_and_every_other_does_not() {
    let hash = |asked: Result<Asked, Refused>| asked.unwrap().payload;
    let by_id = "ActionId=1000.10001.5";
    let first = hash(put(&format!("{by_id}&Reason=OTHER&Amount=5&Note=n")));
    let same = format!("note=n&AMOUNT=5&dispositioncode=other&{by_id}&ActionTrackerId=10001");
    assert_eq!(hash(put(&same)), first);
    let json = r#"{"ActionId": "1000.10001.5", "Amount": 5, "Note": "n", "Reason": "OTHER"}"#;
    assert_eq!(hash(ask(false, ContentType::Json, json)), first);
    let order = "ActionTrackerId=10001&OrderId=5";
    let mut all = vec![first];
    for asked in [
        put(&format!("{by_id}&Reason=OTHER&Amount=6&Note=n")),
        put(&format!("{by_id}&Reason=OTHER&Amount=5&Note=m")),
        put(&format!("{by_id}&Reason=OTHER&Amount=5")),
        put(&format!("{by_id}&Reason=REJECTED&Amount=5&Note=n")),
        put(&format!("{order}&Reason=OTHER&Amount=5&Note=n")),
        put("ActionId=1000.10001.6&Reason=OTHER&Amount=5&Note=n"),
        put("ActionId=1000.10002.5&Reason=OTHER&Amount=5&Note=n"),
        delete(&format!("{by_id}&Reason=OTHER&Note=n")),
    ] {
        let hash = hash(asked);
        assert!(!all.contains(&hash), "{}", all.len());
        all.push(hash);
    }
}
