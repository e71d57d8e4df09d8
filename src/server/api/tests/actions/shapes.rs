//! The published shapes: every field, in its order.

use serde_json::{Value, json};

use super::world::{ACTIONS, UPDATES, World};
use crate::derived::ActionItem;
use crate::model::money::Money;

/// The fields of `Action` in impact.com's brand API, version 14.
const ACTION: &str = "Id CampaignId CampaignName ActionTrackerId ActionTrackerName EventCode \
    MediaPartnerId MediaPartnerName State AdId ClientCost Payout DeltaPayout IntendedPayout Amount \
    DeltaAmount IntendedAmount Currency ReferringDate EventDate CreationDate LockingDate \
    ClearedDate ReferringType ReferringDomain PromoCode Oid CustomerId CustomerStatus \
    CustomerPostCode CustomerArea CustomerCity CustomerRegion CustomerCountry IpAddress SharedId \
    CallerId Note Uri";
/// The fields of `ActionItem`.
const ITEM: &str = "Sku ItemName Category Quantity SaleAmount SaleAmountCurrency Payout \
    PayoutCurrency Rebate RebateCurrency AdjustmentDate AdjustmentReason Uri";
/// The fields of `ActionUpdate`.
const UPDATE: &str = "Id ActionId CampaignId ActionTrackerId EventTypeId EventTypeName EventCode \
    MediaPartnerId State StateDetail StateDetailDescription AdId Disposition DeltaPayout \
    DeltaAmount Currency Category Sku Quantity CatalogName CatalogCategory CatalogDescription \
    CatalogManufacturer CatalogOriginalFormatCategory CatalogSubCategory PayoutLevel \
    DefaultPayoutRate ContractId UpdateDate LockingDate ClearingDate ActionDate Oid CustomerId \
    CustomerStatus SharedId ActionUri Uri";
/// The attributes of a page.
const PAGE: &str = "@page @numpages @pagesize @total @start @end @uri @firstpageuri \
    @previouspageuri @nextpageuri @lastpageuri";

fn names(object: &Value) -> String {
    let names: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.join(" ")
}

#[test]
fn every_published_field_is_there_in_its_order() {
    let world = World::new();
    let id = world.make(&[world.action("o", 1)])[0];
    let list = world.get(&format!("{ACTIONS}?CampaignId=1000")).json();
    assert_eq!(names(&list), format!("{PAGE} @asof Actions"));
    let action = world.get(&format!("{ACTIONS}/{id}")).json();
    assert_eq!(names(&action), ACTION);
    assert_eq!(list["Actions"], json!([action]));
    let updates = world.get(&format!("{UPDATES}?CampaignId=1000")).json();
    assert_eq!(names(&updates), format!("{PAGE} @asof ActionUpdates"));
    let update = world.get(&format!("{UPDATES}/{id}.1")).json();
    assert_eq!(names(&update), UPDATE);
    assert_eq!(updates["ActionUpdates"], json!([update]));
    let items = world.get(&format!("{ACTIONS}/{id}/Items")).json();
    assert_eq!(names(&items), format!("{PAGE} ActionItems"));
    assert_eq!(names(&items["ActionItems"][0]), ITEM);
    for name in ["@page", "@pagesize", "@total", "@start", "@end"] {
        assert!(list[name].is_string() && items[name].is_string(), "{name}");
    }
}

#[test]
fn what_nobody_said_is_empty_and_money_is_exact() {
    let world = World::new();
    let mut made = world.action("o/1", 1);
    made.locking = None;
    let id = world.make(&[made])[0];
    let reply = world.get(&format!("{ACTIONS}/{id}"));
    for part in [
        r#""ClientCost":1.234,"Payout":1.234,"DeltaPayout":1.234,"IntendedPayout":1.234,"#,
        r#""Amount":12.34,"DeltaAmount":12.34,"IntendedAmount":12.34,"Currency":"USD","#,
        r#""CampaignId":1000,"CampaignName":"Acme US","ActionTrackerId":10001,"#,
        r#""MediaPartnerId":7,"MediaPartnerName":"Blog \"Seven\"","State":"PENDING","AdId":3,"#,
        r#""ReferringDate":"","EventDate":"#,
        r#""LockingDate":"","ClearedDate":"","ReferringType":"PROMOCODE","#,
        r#""IpAddress":"","SharedId":"","CallerId":"","Note":"","#,
    ] {
        assert!(reply.body.contains(part), "{part} in {}", reply.body);
    }
    let update = world.get(&format!("{UPDATES}/{id}.1")).json();
    assert_eq!(update["Disposition"], "IR_BLANK");
    assert_eq!(update["ActionUri"], format!("{ACTIONS}/{id}"));
    assert_eq!(update["Uri"], format!("{UPDATES}/{id}.1"));
    let item = &world.get(&format!("{ACTIONS}/{id}/Items")).json()["ActionItems"][0];
    assert_eq!(item["Uri"], format!("{ACTIONS}/{id}/Items/"));
    assert_eq!(
        (&item["Sku"], &item["Quantity"], &item["SaleAmount"]),
        (&"".into(), &"1".into(), &"12.34".into())
    );
    let own = world.get(item["Uri"].as_str().unwrap()).json();
    assert_eq!(own, *item);
}

#[test]
fn lines_are_shown_as_they_stand() {
    let world = World::new();
    let mut made = world.action("o", 1);
    made.items = vec![
        ActionItem {
            number: 1,
            units: 2,
            net: Money(9_270_000),
            cost: Money(927_000),
            rebate: Money(1_000_000),
            sku: "a/b".into(),
            category: "Sports".into(),
            name: "Balls".into(),
            adjusted: Some((world.now, "ITEM_RETURNED".into())),
            ..ActionItem::default()
        },
        ActionItem {
            number: 2,
            units: 1,
            net: Money(3_070_000),
            sku: "c".into(),
            ..ActionItem::default()
        },
    ];
    let id = world.make(&[made])[0];
    let items = world.get(&format!("{ACTIONS}/{id}/Items")).json();
    assert_eq!(items["@total"], "2");
    let uri = format!("{ACTIONS}/{id}/Items/a%2Fb");
    let first = world.get(&uri).json();
    assert_eq!(first, items["ActionItems"][0]);
    let date = first["AdjustmentDate"].as_str().unwrap();
    let at: jiff::Timestamp = date.parse().unwrap();
    assert_eq!(at.as_millisecond(), world.now.0);
    assert_eq!(
        first,
        json!({
            "Sku": "a/b", "ItemName": "Balls", "Category": "Sports", "Quantity": "2",
            "SaleAmount": "9.27", "SaleAmountCurrency": "USD", "Payout": 0.927,
            "PayoutCurrency": "USD", "Rebate": 1.0, "RebateCurrency": "USD",
            "AdjustmentDate": date, "AdjustmentReason": "ITEM_RETURNED", "Uri": uri,
        })
    );
    let second = world.get(&format!("{ACTIONS}/{id}/Items/c")).json();
    assert_eq!(second["SaleAmount"], "3.07");
    assert_eq!(second["AdjustmentDate"], "");
}
