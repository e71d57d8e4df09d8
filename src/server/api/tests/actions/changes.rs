//! Actions changed and taken back, from the request to what is shown of it.

use serde_json::json;

use super::whole::{Whole, queued};
use super::world::{ACTIONS, UPDATES};
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::id::{ProgramId, Slot};
use crate::server::api::tests::bench::Bench;

/// How often changes were refused so.
fn refused(bench: &Bench, program: u32, reason: RefusedReason) -> u64 {
    let sealed = bench.log.seal().unwrap();
    let first = bench.log.first_slot().unwrap().unwrap();
    let footers = (first.0..=sealed.0).filter_map(|slot| bench.log.footer(Slot(slot)).unwrap());
    footers
        .flat_map(|footer| footer.ledger)
        .filter(|entry| entry.stream == Stream::Modification)
        .filter(|entry| entry.program == ProgramId(program))
        .filter(|entry| entry.outcome == Outcome::Refused(reason))
        .map(|entry| entry.count)
        .sum()
}

#[test]
fn an_action_shows_what_was_said_and_seen_before_it() {
    let whole = Whole::new();
    let more = "&CustomerId=c-1&PromoCode=TEN&CustomerStatus=NEW&CustomerPostCode=15122\
        &CustomerCity=Santa+Barbara&CustomerRegion=California&CustomerCountry=US\
        &IpAddress=192.0.2.7&Note=n&CallerId=55";
    let shown = whole.convert("o-1", more);
    let id = shown["ActionId"].as_str().unwrap();
    let action = whole.bench.get(&format!("{ACTIONS}/{id}")).json();
    for (name, expected) in [
        ("Id", json!(id)),
        ("ActionTrackerName", json!("SALE")),
        ("EventCode", json!("SALE")),
        ("State", json!("PENDING")),
        ("ReferringDomain", json!("blog.example")),
        ("SharedId", json!("RT-1")),
        ("PromoCode", json!("TEN")),
        ("Oid", json!("o-1")),
        ("CustomerId", json!("c-1")),
        ("CustomerStatus", json!("NEW")),
        ("CustomerPostCode", json!("15122")),
        ("CustomerArea", json!("")),
        ("CustomerCity", json!("Santa Barbara")),
        ("CustomerRegion", json!("California")),
        ("CustomerCountry", json!("US")),
        ("CallerId", json!("55")),
        ("Note", json!("n")),
        ("Uri", json!(format!("{ACTIONS}/{id}"))),
    ] {
        assert_eq!(action[name], expected, "{name}");
    }
    let hash = action["IpAddress"].as_str().unwrap();
    assert!(hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    for name in ["ReferringDate", "EventDate", "CreationDate", "LockingDate"] {
        let date: jiff::Timestamp = action[name].as_str().unwrap().parse().unwrap();
        assert!(date.as_second() > 0, "{name}");
        let offset = action[name].as_str().unwrap().get(19..).unwrap();
        assert!(["-05:00", "-04:00"].contains(&offset), "{name} {offset}");
    }
    let update = whole.bench.get(&format!("{UPDATES}/{id}.1")).json();
    assert_eq!(update["CustomerId"], "c-1");
    assert_eq!(update["SharedId"], "RT-1");
}

#[test]
fn a_modified_action_is_shown_as_it_stands_and_its_reversal_ends_it() {
    let whole = Whole::new();
    let id = whole.convert("o-1", "")["ActionId"].clone();
    let id = id.as_str().unwrap();
    let body = format!("ActionId={id}&Reason=ITEM_RETURNED&Amount=15.50&CustomerStatus=OLD");
    let uri = queued(&whole.ask("PUT", &body));
    let shown = whole.bench.get(&uri).json();
    assert_eq!(
        (&shown["Type"], &shown["Status"]),
        (&"Modification".into(), &"Queued".into())
    );
    // Its repetition gets the first answer, in whatever form.
    assert_eq!(queued(&whole.ask("PUT", &body)), uri);
    whole.fold();
    assert_eq!(queued(&whole.ask("PUT", &body)), uri);
    let shown = whole.bench.get(&uri).json();
    assert_eq!(
        (&shown["Status"], &shown["ActionId"]),
        (&"Complete".into(), &id.into())
    );

    let target = format!("{ACTIONS}/{id}");
    let reply = whole.bench.get(&target);
    for part in [
        r#""State":"PENDING","AdId":3,"ClientCost":1.55,"Payout":1.55,"DeltaPayout":-0.45,"#,
        r#""IntendedPayout":2.00,"Amount":15.50,"DeltaAmount":-4.50,"IntendedAmount":20.00,"#,
        r#""CustomerStatus":"OLD""#,
    ] {
        assert!(reply.body.contains(part), "{part} in {}", reply.body);
    }
    assert_eq!(refused(&whole.bench, 1000, RefusedReason::Retry), 2);
}

#[test]
fn a_reversed_action_earns_nothing_and_is_not_reversed_again() {
    let whole = Whole::new();
    let id = whole.convert("o-1", "")["ActionId"].clone();
    let id = id.as_str().unwrap();
    let body = format!("ActionId={id}&Reason=ITEM_RETURNED&Amount=15.50");
    queued(&whole.ask("PUT", &body));
    whole.fold();
    // A form without a body, as many clients send DELETE.
    let reversal =
        format!("{ACTIONS}?ActionTrackerId=10001&OrderId=o-1&DispositionCode=CONS_FRAUD");
    let reversed = queued(&whole.bench.ask("DELETE", &reversal, "", ""));
    whole.fold();
    assert_eq!(whole.bench.get(&reversed).json()["Type"], "Reversal");
    let again = queued(&whole.ask("DELETE", &format!("ActionId={id}&DispositionCode=OTHER")));
    assert_ne!(again, reversed);
    whole.fold();
    let shown = whole.bench.get(&again).json();
    assert_eq!(
        (&shown["Status"], &shown["ErrorReason"]),
        (&"Complete".into(), &"ACTION_REVERSED".into())
    );

    let action = whole.bench.get(&format!("{ACTIONS}/{id}")).json();
    assert_eq!(
        (&action["State"], &action["Payout"]),
        (&"REVERSED".into(), &json!(0.0))
    );
    let list = whole
        .bench
        .get(&format!("{UPDATES}?CampaignId=1000"))
        .json();
    let updates: Vec<_> = list["ActionUpdates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| {
            json!([
                u["Id"],
                u["State"],
                u["Disposition"],
                u["DeltaPayout"],
                u["DeltaAmount"]
            ])
        })
        .collect();
    assert_eq!(
        updates,
        [
            json!([format!("{id}.3"), "REVERSED", "CONS_FRAUD", -1.55, -15.5]),
            json!([format!("{id}.2"), "PENDING", "ITEM_RETURNED", -0.45, -4.5]),
            json!([format!("{id}.1"), "PENDING", "IR_BLANK", 2.0, 20.0]),
        ]
    );
}

#[test]
fn what_is_not_there_can_not_be_changed() {
    let whole = Whole::new();
    let id = whole.convert("o-1", "")["ActionId"].clone();
    let id = id.as_str().unwrap();
    let nowhere = whole.bench.get("/nowhere");
    let (number, other) = (id.rsplit_once('.').unwrap().1, "OrderId=o-2");
    let given = "Reason=OTHER&Amount=1";
    for body in [
        format!("{given}&ActionId=1000.10001.1"),
        format!("{given}&ActionId=1000.10002.{number}"),
        format!("{given}&ActionId=1001.10011.{number}"),
        format!("{given}&ActionTrackerId=10001&{other}"),
        format!("{given}&ActionTrackerId=10002&OrderId=o-1"),
    ] {
        let reply = whole.ask("PUT", &body);
        assert_eq!(reply.without_date(), nowhere.without_date(), "{body}");
    }
    for body in [
        format!("{given}&ActionId=2000.20001.{number}"),
        format!("{given}&CampaignId=2000&ActionTrackerId=20001&OrderId=o-1"),
    ] {
        let reply = whole.ask("PUT", &body);
        assert_eq!(reply.without_date(), nowhere.without_date(), "{body}");
    }
    let reply = whole.ask("PUT", &format!("{given}&ActionId={id}&{other}"));
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["errors"][0]["field"], "OrderId");
    let reply = whole.ask("PUT", &format!("ActionId={id}&Reason=OTHER"));
    assert_eq!(reply.json()["errors"][0]["field"], "body");
    let reply = whole.bench.ask("POST", ACTIONS, "", "");
    assert_eq!(reply.status, 405);
    let reply = whole.bench.ask("PUT", ACTIONS, "Content-Length: 0\r\n", "");
    assert_eq!(reply.status, 415);
    let long = "Content-Type: application/json\r\nContent-Length: 70000\r\n";
    assert_eq!(whole.bench.ask("PUT", ACTIONS, long, "").status, 413);
    // All of them are counted, and nothing is stored.
    assert_eq!(whole.bench.stored().len(), 1);
    let bench = &whole.bench;
    for (program, reason, expected) in [
        (1000, RefusedReason::Invalid, 6),
        (1001, RefusedReason::Invalid, 1),
        (0, RefusedReason::Invalid, 2),
        (0, RefusedReason::Method, 1),
        (0, RefusedReason::BadRequest, 1),
        (0, RefusedReason::TooLong, 1),
    ] {
        assert_eq!(
            refused(bench, program, reason),
            expected,
            "{program} {reason:?}"
        );
    }
    let page = bench.recorder.render();
    let line = "clickd_conversion_changes_total{result=\"refused\"} 12";
    assert!(page.lines().any(|found| found == line), "{page}");
}

#[test]
fn an_order_can_be_changed_before_it_is_an_action() {
    let whole = Whole::new();
    let body = format!(
        "CampaignId=1000&EventTypeCode=SALE&EventDate=NOW&OrderId=o-1&CurrencyCode=USD\
         &Amount=20.00&ClickId={}",
        whole.click()
    );
    queued(&whole.bench.form(&body));
    let json = r#"{"ActionTrackerId": 10001, "OrderId": "o-1", "Reason": "OTHER", "Amount": 1.5}"#;
    let headers = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\n",
        json.len()
    );
    let uri = queued(&whole.bench.ask("PUT", ACTIONS, &headers, json));
    whole.fold();
    let shown = whole.bench.get(&uri).json();
    let target = format!("{ACTIONS}/{}", shown["ActionId"].as_str().unwrap());
    let action = whole.bench.get(&target);
    assert!(
        action
            .body
            .contains(r#""Amount":1.50,"DeltaAmount":-18.50,"#),
        "{action:?}"
    );
}

#[test]
fn an_unknown_action_may_be_one_that_the_fold_has_not_come_to() {
    let whole = Whole::new();
    let id = whole.convert("o-1", "")["ActionId"].clone();
    let body = format!("ActionId={}&DispositionCode=OTHER", id.as_str().unwrap());
    // Another server, whose figures end where the log began.
    let world = super::world::World::new();
    let ask = |world: &super::world::World| {
        let headers = format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        world.bench.ask("DELETE", ACTIONS, &headers, &body)
    };
    assert_eq!(ask(&world).status, 404);
    for _ in 0..61 {
        world.bench.log.seal().unwrap();
    }
    let reply = ask(&world);
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.head.contains("retry-after"), "{reply:?}");
    assert_eq!(refused(&world.bench, 1000, RefusedReason::Unavailable), 1);
}

#[test]
fn an_item_is_changed_by_its_sku_and_shown_with_the_reason() {
    let whole = Whole::new();
    let more = "&ItemSku1=a&ItemSubTotal1=12.00&ItemQuantity1=2&ItemCategory1=c\
        &ItemSku2=b&ItemSubTotal2=8.00&ItemQuantity2=1";
    let id = whole.convert("o-1", more)["ActionId"].clone();
    let id = id.as_str().unwrap();
    let fields = "Reason=ITEM_RETURNED&Sku=a&Category=c&Quantity=1&Sku2=b&ItemSubTotalDelta2=-0.50";
    queued(&whole.ask("PUT", &format!("ActionId={id}&{fields}")));
    let none = format!("ActionId={id}&Reason=OTHER&Sku=x&Quantity=1");
    let none = queued(&whole.ask("PUT", &none));
    whole.fold();
    assert_eq!(
        whole.bench.get(&none).json()["ErrorReason"],
        "ITEM_NOT_FOUND"
    );
    let items = whole.bench.get(&format!("{ACTIONS}/{id}/Items")).json();
    let shown: Vec<_> = items["ActionItems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| {
            json!([
                i["Sku"],
                i["Quantity"],
                i["SaleAmount"],
                i["AdjustmentReason"]
            ])
        })
        .collect();
    assert_eq!(
        shown,
        [
            json!(["a", "1", "6.00", "ITEM_RETURNED"]),
            json!(["b", "1", "7.50", "ITEM_RETURNED"]),
        ]
    );
    let action = whole.bench.get(&format!("{ACTIONS}/{id}"));
    for part in [
        r#""Payout":1.35,"DeltaPayout":-0.65,"#,
        r#""Amount":13.50,"DeltaAmount":-6.50,"#,
    ] {
        assert!(action.body.contains(part), "{part} in {}", action.body);
    }
}
