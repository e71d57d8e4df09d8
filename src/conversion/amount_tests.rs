//! Money as it is sent, good and bad.

use proptest::prelude::*;

use super::*;

type Pairs = [(&'static str, &'static str)];

/// The order of these fields, each item with a SKU beside what is sent about it.
fn run(pairs: &[(&str, &str)], currency: &str) -> (Order, Vec<String>) {
    let mut with_sku: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        let sku = format!("ItemSku{}", split_number(name).1);
        if name.starts_with("Item") && !with_sku.iter().any(|(name, _)| *name == sku) {
            with_sku.push((sku, "s".to_owned()));
        }
        if !with_sku.iter().any(|(known, _)| known == name) {
            with_sku.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    bare(with_sku, currency)
}

fn bare(pairs: Vec<(String, String)>, currency: &str) -> (Order, Vec<String>) {
    let mut errors = Vec::new();
    let fields = Fields::collect(pairs, &mut errors);
    let order = order(&fields, currency.parse().unwrap(), &mut errors);
    (order, errors.iter().map(ToString::to_string).collect())
}

const BASES: &[(&Pairs, Option<i64>)] = &[
    (&[], None),
    (&[("OrderShipping", "5.00"), ("OrderTax", "1")], None),
    (&[("Amount", "12.50")], Some(12_500_000)),
    (&[("Amount", "0")], Some(0)),
    (&[("OrderSubTotalPostDiscount", "3")], Some(3_000_000)),
    (
        &[
            ("Amount", "2"),
            ("ItemSubTotal1", "3"),
            ("OrderDiscount", "1"),
        ],
        Some(2_000_000),
    ),
    (&[("Amount", "9"), ("OrderDiscount", "1")], Some(9_000_000)),
    // 12.5 % of 0.20 is 0.025, half way: to the even cent. Then 10 % of 0.18 is 0.018.
    (
        &[
            ("ItemPrice1", "0.10"),
            ("ItemQuantity1", "2"),
            ("ItemDiscountRate1", "12.5"),
            ("OrderDiscountRate", "10"),
        ],
        Some(160_000),
    ),
    (
        &[
            ("ItemSubTotal1", "10"),
            ("ItemSubTotal2", "5"),
            ("ItemDiscountRate2", "100"),
            ("OrderDiscount", "1"),
            ("OrderDiscountRate", "0.5"),
        ],
        Some(8_950_000),
    ),
    (
        &[("Amount", "9"), ("OrderDiscountRate", "10")],
        Some(9_000_000),
    ),
    (
        &[("ItemSubTotal1", "3"), ("ItemSubTotal2", "4.5")],
        Some(7_500_000),
    ),
    (
        &[("ItemPrice1", "2.50"), ("ItemQuantity1", "3")],
        Some(7_500_000),
    ),
    (
        &[
            ("ItemPrice1", "2.50"),
            ("ItemQuantity1", "3"),
            ("ItemDiscount1", "0.50"),
            ("ItemTotalDiscount1", "1"),
            ("ItemSubTotal7", "10"),
            ("OrderDiscount", "2"),
            ("OrderShipping", "99"),
        ],
        Some(13_000_000),
    ),
    (
        &[
            ("ItemSubTotal1", "6"),
            ("ItemQuantity1", "3"),
            ("ItemDiscount1", "1"),
        ],
        Some(3_000_000),
    ),
    (&[("ItemQuantity1", "3"), ("ItemSku1", "x")], None),
];

const BAD: &[(&Pairs, &str)] = &[
    (&[("Amount", "")], "Amount: is not a decimal number"),
    (&[("Amount", "1e400")], "Amount: is not a decimal"),
    (&[("Amount", "-5")], "Amount: is not a decimal"),
    (
        &[("Amount", "12.345")],
        "Amount: has more decimals than the 2 that the currency has",
    ),
    (
        &[("Amount", "10000000.01")],
        "Amount: is above the maximum of 10000000",
    ),
    (&[("ItemPrice1", "1")], "ItemQuantity1: is missing"),
    (
        &[("ItemPrice1", "1"), ("ItemQuantity1", "0")],
        "ItemQuantity1: is no quantity",
    ),
    (
        &[("ItemPrice1", "1"), ("ItemQuantity1", "1.5")],
        "ItemQuantity1: is no quantity",
    ),
    (
        &[
            ("ItemPrice1", "1"),
            ("ItemQuantity1", "1"),
            ("ItemSubTotal1", "1"),
        ],
        "ItemPrice1: is given beside ItemSubTotal1",
    ),
    (&[("ItemTotalDiscount1", "1")], "ItemSubTotal1: is missing"),
    (
        &[("ItemSubTotal1", "1"), ("ItemTotalDiscount1", "1.01")],
        "ItemTotalDiscount1: takes",
    ),
    (
        &[("ItemSubTotal1", "1"), ("OrderDiscount", "1.01")],
        "OrderDiscount: is more than",
    ),
    (&[("OrderDiscount", "1")], "Amount: is missing"),
    (
        &[("ItemSubTotal1", "1"), ("OrderDiscountRate", "10%")],
        "OrderDiscountRate: is no percentage: 0 to 100",
    ),
    (
        &[("ItemSubTotal1", "1"), ("ItemDiscountRate1", "100.1")],
        "ItemDiscountRate1: is more than 100%",
    ),
    (
        &[("ItemSubTotal1", "1"), ("ItemDiscountRate1", "1.00001")],
        "ItemDiscountRate1: has more than 4 decimals",
    ),
    (
        &[
            ("ItemSubTotal1", "1"),
            ("ItemTotalDiscount1", "0.60"),
            ("ItemDiscountRate1", "50"),
        ],
        "ItemTotalDiscount1: takes",
    ),
    (
        &[
            ("ItemSubTotal1", "1"),
            ("OrderDiscount", "0.6"),
            ("OrderDiscountRate", "50"),
        ],
        "OrderDiscount: is more than",
    ),
    (&[("OrderDiscountRate", "10")], "Amount: is missing"),
    (
        &[
            ("Amount", "9"),
            ("ItemSubTotal1", "3"),
            ("OrderDiscount", "1"),
        ],
        "Amount: is 9.00, but the items less their discounts add up to 2.00",
    ),
    (
        &[("OrderSubTotalPostDiscount", "1"), ("ItemSubTotal1", "1")],
        "OrderSubTotalPostDiscount: is given beside",
    ),
    (
        &[("Amount", "1"), ("ItemSubTotal1", "x")],
        "ItemSubTotal1: is not a decimal",
    ),
    (
        &[("ItemPrice1", "10000000"), ("ItemQuantity1", "1000000")],
        "ItemPrice1: times its quantity is above the maximum of 10000000",
    ),
    (
        &[("ItemSubTotal1", "10000000"), ("ItemSubTotal2", "0.01")],
        "body: the sum of the items is above the maximum of 10000000",
    ),
    (
        &[("ItemQuantity1", "0"), ("ItemSku1", "a")],
        "ItemQuantity1: is no quantity",
    ),
];

#[test]
fn the_base_is_what_was_sold_less_discounts() {
    for (pairs, expected) in BASES {
        let (order, errors) = run(pairs, "USD");
        assert_eq!(
            (order.amount.map(|m| m.0), errors),
            (*expected, vec![]),
            "{pairs:?}"
        );
    }
}

#[test]
fn what_is_wrong_names_the_field() {
    for (pairs, expected) in BAD {
        let (_, errors) = run(pairs, "USD");
        assert_eq!(errors.len(), 1, "{pairs:?}: {errors:?}");
        assert!(errors[0].starts_with(expected), "{pairs:?}: {errors:?}");
    }
    assert!(run(&[("Amount", "10.5")], "JPY").1[0].contains("the 0 that the currency has, JPY"));
}

#[test]
fn items_are_numbered_and_a_price_needs_a_sku() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for name in ["ItemPrice", "ItemPrice01", "ItemPrice0", "ItemPrice501"] {
        let (_, errors) = bare(vec![pair(name, "1")], "USD");
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(&format!("{name}: names no item")));
    }
    let (_, errors) = bare(
        vec![pair("ItemSubTotal1", "1"), pair("ItemSku2", "s")],
        "USD",
    );
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("ItemSku1: is missing: an item with a price"));
    assert!(errors[1].starts_with("ItemSubTotal2: is missing"));
}

#[test]
fn items_keep_what_was_sent_about_them() {
    let pairs = [
        ("ItemSku2", "sku"),
        ("ItemCategory2", "category"),
        ("ItemSubCategory2", "below"),
        ("ItemName2", "name"),
        ("ItemBrand2", "brand"),
        ("ItemPromoCode2", "code"),
        ("ItemQuantity2", "3"),
        ("ItemSku10", "other"),
        ("ItemName11", ""),
        ("ItemText12_1", "no item by itself"),
    ];
    let item = Item {
        number: 2,
        units: 3,
        net: None,
        rebate: Money::ZERO,
        sku: "sku".into(),
        category: "category".into(),
        sub_category: "below".into(),
        name: "name".into(),
        brand: "brand".into(),
        promo_code: "code".into(),
    };
    let other = Item {
        number: 10,
        sku: "other".into(),
        ..Item::default()
    };
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    let unpriced = bare(pairs.iter().map(owned).collect(), "USD");
    let items = vec![item.clone(), other.clone()];
    let amount = None;
    assert_eq!(unpriced, (Order { amount, items }, vec![]));
    let more = [
        ("ItemPrice2", "2.00"),
        ("ItemDiscount2", "0.25"),
        ("ItemSubTotal10", "1.00"),
    ];
    let priced = pairs.iter().chain(&more).map(owned).collect();
    let items = vec![
        Item {
            net: Some(Money(5_250_000)),
            rebate: Money(750_000),
            ..item
        },
        Item {
            net: Some(Money(1_000_000)),
            ..other
        },
    ];
    let amount = Some(Money(6_250_000));
    assert_eq!(bare(priced, "USD"), (Order { amount, items }, vec![]));
}

#[test]
fn a_discount_of_the_order_is_spread_to_the_minor_unit() {
    type Case<'a> = (&'a str, &'a str, [&'a str; 3], [i64; 3]);
    let cases: &[Case<'_>] = &[
        // A cent over: to the first of equal remainders.
        (
            "USD",
            "1.00",
            ["3", "3", "3"],
            [2_660_000, 2_670_000, 2_670_000],
        ),
        (
            "JPY",
            "10",
            ["100", "200", "1"],
            [97_000_000, 193_000_000, 1_000_000],
        ),
        ("KWD", "0.100", ["1", "1", "1"], [966_000, 967_000, 967_000]),
        ("USD", "0.01", ["0", "0.01", "5"], [0, 10_000, 4_990_000]),
        ("USD", "9", ["3", "3", "3"], [0, 0, 0]),
    ];
    for (currency, discount, sub_totals, nets) in cases {
        let pairs = [
            ("ItemSubTotal1", sub_totals[0]),
            ("ItemSubTotal2", sub_totals[1]),
            ("ItemSubTotal3", sub_totals[2]),
            ("OrderDiscount", discount),
        ];
        let (order, errors) = run(&pairs, currency);
        assert_eq!(errors, [""; 0], "{pairs:?}");
        let found: Vec<i64> = order.items.iter().map(|item| item.net.unwrap().0).collect();
        assert_eq!(found, nets, "{pairs:?}");
    }
}

proptest! {
    #[test]
    fn the_items_add_up_to_the_order(
        lines in prop::collection::vec((0_i64..100_000, 1_u32..20, 0_u32..=1_000_000), 1..12),
        discount in 0_u32..=1_000_000,
        currency in prop::sample::select(vec!["USD", "JPY", "KWD"]),
        reversed: bool,
    ) {
        let decimals = currency.parse::<Currency>().unwrap().decimals();
        let text = |minor: i64| {
            let micros = i128::from(minor) * 1_000_000 / 10_i128.pow(decimals);
            crate::model::money::decimal_text(micros, decimals)
        };
        let rate = |millionths: u32| format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
        let mut pairs = vec![("OrderDiscountRate".to_owned(), rate(discount))];
        let mut gross = 0;
        for (number, (price, units, off)) in (1..).zip(&lines) {
            gross += i128::from(*price) * i128::from(*units);
            pairs.push((format!("ItemSku{number}"), "s".to_owned()));
            pairs.push((format!("ItemPrice{number}"), text(*price)));
            pairs.push((format!("ItemQuantity{number}"), units.to_string()));
            pairs.push((format!("ItemDiscountRate{number}"), rate(*off)));
        }
        let order = bare(pairs.clone(), currency);
        if reversed {
            pairs.reverse();
            prop_assert_eq!(&bare(pairs, currency), &order);
        }
        let (order, errors) = order;
        prop_assert_eq!(errors, vec![""; 0]);
        let nets = order.items.iter().map(|item| i128::from(item.net.unwrap().0));
        let rebates = order.items.iter().map(|item| i128::from(item.rebate.0));
        prop_assert_eq!(nets.clone().sum::<i128>(), i128::from(order.amount.unwrap().0));
        prop_assert!(nets.clone().all(|net| net >= 0));
        let unit = 1_000_000 / 10_i128.pow(decimals);
        prop_assert!(nets.clone().chain(rebates.clone()).all(|part| part % unit == 0));
        prop_assert_eq!(nets.sum::<i128>() + rebates.sum::<i128>(), gross * unit);
    }
}
