//! The base of a rate payout: what was sold, less discounts, without shipping and tax.
//!
//! The first of these that is sent counts: `Amount`; `OrderSubTotalPostDiscount`; the sum of the
//! items less `OrderDiscount`. An item is `ItemSubTotal{n}`, or `ItemPrice{n}` times
//! `ItemQuantity{n}`; less `ItemDiscount{n}` for each unit and `ItemTotalDiscount{n}` for the
//! line. Discount rates are not turned into money: with them, send the amount itself.

use std::collections::BTreeMap;

use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, MICROS, Money, MoneyError};

use super::error::FieldError;
use super::fields::{Fields, split_number};

/// Fields that carry money of the whole order.
const ORDER_MONEY: &[&str] = &[
    "Amount",
    "OrderSubTotalPostDiscount",
    "OrderDiscount",
    "OrderShipping",
    "OrderTax",
    "OrderMargin",
];

/// Items are numbered from 1 to this.
const ITEM_NUMBER_MAX: u32 = 500;
/// Most units of one item.
const QUANTITY_MAX: u32 = 1_000_000;

/// What was sent about one item.
#[derive(Default)]
struct Item<'a> {
    sub_total: Option<&'a str>,
    price: Option<&'a str>,
    quantity: Option<&'a str>,
    discount: Option<&'a str>,
    total_discount: Option<&'a str>,
    rate: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn slot(&mut self, stem: &str) -> Option<&mut Option<&'a str>> {
        match stem {
            "ItemSubTotal" => Some(&mut self.sub_total),
            "ItemPrice" => Some(&mut self.price),
            "ItemQuantity" => Some(&mut self.quantity),
            "ItemDiscount" => Some(&mut self.discount),
            "ItemTotalDiscount" => Some(&mut self.total_discount),
            "ItemDiscountRate" => Some(&mut self.rate),
            _ => None,
        }
    }

    /// Whether it says anything about money.
    fn has_money(&self) -> bool {
        [
            self.sub_total,
            self.price,
            self.discount,
            self.total_discount,
        ]
        .iter()
        .any(Option::is_some)
    }
}

/// Whether any money is sent, so that a currency must be named.
#[must_use]
pub fn sends_money(fields: &Fields) -> bool {
    ORDER_MONEY.iter().any(|name| fields.get(name).is_some())
        || fields.iter().any(|(name, _)| {
            let (stem, _) = split_number(name);
            matches!(
                stem,
                "ItemSubTotal" | "ItemPrice" | "ItemDiscount" | "ItemTotalDiscount"
            )
        })
}

/// The base in `currency`; nothing when no money is sent or when it can't be read.
#[must_use]
pub fn base(fields: &Fields, currency: Currency, errors: &mut Vec<FieldError>) -> Option<Money> {
    let mut reader = Reader { currency, errors };
    let items = items(fields, reader.errors);
    let discount = reader.money("OrderDiscount", fields.get("OrderDiscount"));
    let sent = ["Amount", "OrderSubTotalPostDiscount"]
        .into_iter()
        .find_map(|name| fields.get(name).map(|text| (name, text)));
    let direct = sent.is_some();
    let mut sum = Some(0_i128);
    for (number, item) in &items {
        let line = reader.line(*number, item, direct);
        sum = sum.zip(line).map(|(sum, line)| sum + line);
    }
    if let Some((name, text)) = sent {
        return reader.money(name, Some(text));
    }
    if items.is_empty() {
        if fields.get("OrderDiscount").is_some() {
            reader.error(
                "Amount",
                "is missing: with OrderDiscount, send Amount or the items that it is taken from",
            );
        }
        return None;
    }
    if fields.filled("OrderDiscountRate").is_some() {
        reader.error("OrderDiscountRate", RATE_NEEDS_AMOUNT);
    }
    let base = sum? - i128::from(discount.map_or(0, |money| money.0));
    if base < 0 {
        reader.error("OrderDiscount", "is more than the sum of the items");
        return None;
    }
    if base > i128::from(AMOUNT_MAX) * i128::from(MICROS) {
        reader.error(
            "body",
            format!("the sum of the items is above the maximum of {AMOUNT_MAX}"),
        );
        return None;
    }
    i64::try_from(base).ok().map(Money)
}

const RATE_NEEDS_AMOUNT: &str = "is not turned into money: send Amount, or the discount as an \
    amount of money";

/// The items by number.
fn items<'a>(fields: &'a Fields, errors: &mut Vec<FieldError>) -> BTreeMap<u32, Item<'a>> {
    let mut items: BTreeMap<u32, Item<'a>> = BTreeMap::new();
    for (name, value) in fields.iter() {
        let (stem, digits) = split_number(name);
        if Item::default().slot(stem).is_none() {
            continue;
        }
        let number = digits
            .parse()
            .ok()
            .filter(|number: &u32| (1..=ITEM_NUMBER_MAX).contains(number))
            .filter(|number| number.to_string() == digits);
        match number {
            Some(number) => {
                if let Some(slot) = items.entry(number).or_default().slot(stem) {
                    *slot = Some(value);
                }
            }
            None => errors.push(FieldError::new(
                name.to_owned(),
                format!("names no item: items are numbered 1 to {ITEM_NUMBER_MAX}, as in {stem}1"),
            )),
        }
    }
    let priced = items.values().any(Item::has_money);
    if priced { items } else { BTreeMap::new() }
}

/// Reads money of one currency and keeps what was wrong.
struct Reader<'e> {
    currency: Currency,
    errors: &'e mut Vec<FieldError>,
}

impl Reader<'_> {
    fn error(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field.into(), message));
    }

    fn money(&mut self, field: &str, text: Option<&str>) -> Option<Money> {
        match Money::parse(text?, self.currency) {
            Ok(money) => Some(money),
            Err(error) => {
                let message = match error {
                    MoneyError::Syntax => format!("is {error}"),
                    MoneyError::Decimals { .. } => format!("{error}, {}", self.currency),
                    MoneyError::TooLarge => error.to_string(),
                };
                self.error(field, message);
                None
            }
        }
    }

    /// What one item adds to the sum, in millionths. With the amount sent directly only the form
    /// of the item's fields is checked.
    fn line(&mut self, number: u32, item: &Item<'_>, direct: bool) -> Option<i128> {
        let named = |stem: &str| format!("{stem}{number}");
        let errors_before = self.errors.len();
        let quantity = self.quantity(&named("ItemQuantity"), item.quantity);
        let sub_total = self.money(&named("ItemSubTotal"), item.sub_total);
        let price = self.money(&named("ItemPrice"), item.price);
        let discount = self.money(&named("ItemDiscount"), item.discount);
        let line_discount = self.money(&named("ItemTotalDiscount"), item.total_discount);
        if direct {
            return Some(0);
        }
        if item.sub_total.is_some() && item.price.is_some() {
            self.error(
                named("ItemPrice"),
                format!("is given beside ItemSubTotal{number}; send one of them"),
            );
        }
        if item.sub_total.is_none() && item.price.is_none() {
            self.error(
                named("ItemSubTotal"),
                format!(
                    "is missing: send ItemSubTotal{number}, or ItemPrice{number} with \
                     ItemQuantity{number}"
                ),
            );
        }
        if (item.price.is_some() || item.discount.is_some()) && item.quantity.is_none() {
            self.error(
                named("ItemQuantity"),
                "is missing: a price or a discount is for one unit",
            );
        }
        if item.rate.is_some_and(|rate| !rate.is_empty()) {
            self.error(named("ItemDiscountRate"), RATE_NEEDS_AMOUNT);
        }
        if self.errors.len() > errors_before {
            return None;
        }
        let micros = |money: Option<Money>| i128::from(money.map_or(0, |money| money.0));
        let units = i128::from(quantity.unwrap_or(1));
        let gross = micros(sub_total) + micros(price) * units;
        let net = gross - micros(discount) * units - micros(line_discount);
        if net < 0 {
            let field = if item.discount.is_some() {
                "ItemDiscount"
            } else {
                "ItemTotalDiscount"
            };
            self.error(named(field), "takes off more than the item costs");
            return None;
        }
        Some(net)
    }

    fn quantity(&mut self, field: &str, text: Option<&str>) -> Option<u32> {
        let text = text?;
        let read = text
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
            .filter(|units| (1..=QUANTITY_MAX).contains(units));
        if read.is_none() {
            self.error(
                field,
                format!("is no quantity: a whole number from 1 to {QUANTITY_MAX} is allowed"),
            );
        }
        read
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn the_base_is_what_was_sold_less_discounts() {
        let cases: &[(&Pairs, Option<i64>)] = &[
            (&[], None),
            (&[("OrderShipping", "5.00"), ("OrderTax", "1")], None),
            (&[("Amount", "12.50")], Some(12_500_000)),
            (&[("Amount", "0")], Some(0)),
            (&[("OrderSubTotalPostDiscount", "3")], Some(3_000_000)),
            (
                &[
                    ("Amount", "9"),
                    ("ItemSubTotal1", "3"),
                    ("OrderDiscount", "1"),
                ],
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
        for (pairs, expected) in cases {
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
        let cases: &[(&Pairs, &str)] = &[
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
                &[("ItemSubTotal1", "1"), ("OrderDiscountRate", "10")],
                "OrderDiscountRate: is not",
            ),
            (
                &[("ItemSubTotal1", "1"), ("ItemDiscountRate1", "1")],
                "ItemDiscountRate1: is not",
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
        for (pairs, expected) in cases {
            let (_, errors) = run(pairs, "USD");
            assert_eq!(errors.len(), 1, "{pairs:?}: {errors:?}");
            assert!(errors[0].starts_with(expected), "{pairs:?}: {errors:?}");
        }
        assert!(
            run(&[("Amount", "10.5")], "JPY").1[0].contains("the 0 that the currency has, JPY")
        );
    }
}
