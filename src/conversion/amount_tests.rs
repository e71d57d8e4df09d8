//! Money as it is sent, good and bad.

use super::*;

type Pairs = [(&'static str, &'static str)];

fn run(pairs: &[(&str, &str)], currency: &str) -> (Option<Money>, Vec<String>) {
    let mut errors = Vec::new();
    let pairs = pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    let fields = Fields::collect(pairs.collect(), &mut errors);
    let money = base(&fields, currency.parse().unwrap(), &mut errors);
    (money, errors.iter().map(ToString::to_string).collect())
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
    (&[("ItemPrice", "1")], "ItemPrice: names no item"),
    (&[("ItemPrice01", "1")], "ItemPrice01: names no item"),
    (&[("ItemPrice0", "1")], "ItemPrice0: names no item"),
    (&[("ItemPrice501", "1")], "ItemPrice501: names no item"),
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
        "body: the sum of the items is above",
    ),
];

#[test]
fn the_base_is_what_was_sold_less_discounts() {
    for (pairs, expected) in BASES {
        let (money, errors) = run(pairs, "USD");
        assert_eq!(
            (money.map(|m| m.0), errors),
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
