//! The base of a rate payout: what was sold, less discounts, without shipping and tax.
//!
//! `Amount`, or `OrderSubTotalPostDiscount`, or the sum of the items less what is taken off the
//! order. `Amount` beside priced items must be that sum; it is never guessed which of two is
//! meant. An item is `ItemSubTotal{n}`, or `ItemPrice{n}` times `ItemQuantity{n}`; less
//! `ItemDiscount{n}` for each unit, `ItemTotalDiscount{n}` for the line, and `ItemDiscountRate{n}`
//! of the line. The order's discount is `OrderDiscount` and `OrderDiscountRate` of the items' sum.
//! Rates are per cent; what they take off is rounded half to even to the currency's minor unit.

use std::collections::BTreeMap;

use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, MICROS, Money, MoneyError, Rate};

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
pub const ITEM_NUMBER_MAX: u32 = 500;
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
    let amount = reader.money("Amount", fields.get("Amount"));
    let sub_total = reader.money(SUB_TOTAL, fields.get(SUB_TOTAL));
    let discount = reader.money("OrderDiscount", fields.get("OrderDiscount"));
    let rate = reader.rate("OrderDiscountRate", fields.filled("OrderDiscountRate"));
    let is_sent = |name| fields.get(name).is_some();
    if items.is_empty() {
        let is_reduced = is_sent("OrderDiscount") || rate.is_some();
        if is_reduced && !is_sent("Amount") && !is_sent(SUB_TOTAL) {
            reader.error(
                "Amount",
                "is missing: with a discount of the order, send Amount or the items that it is \
                 taken from",
            );
        }
        return if is_sent("Amount") { amount } else { sub_total };
    }
    if is_sent(SUB_TOTAL) {
        reader.error(
            SUB_TOTAL,
            "is given beside the prices of items; send one of them",
        );
    }
    let sum = reader.sum(&items)?;
    let net = reader.less(sum, discount, rate)?;
    if !is_sent("Amount") {
        return Some(net);
    }
    let amount = amount?;
    if amount != net {
        reader.error(
            "Amount",
            format!(
                "is {amount}, but the items less their discounts add up to {net}: send one of \
                 them, or both alike"
            ),
        );
        return None;
    }
    Some(amount)
}

/// Money of the whole order after its discounts.
const SUB_TOTAL: &str = "OrderSubTotalPostDiscount";

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

    fn rate(&mut self, field: &str, text: Option<&str>) -> Option<Rate> {
        match Rate::percent(text?) {
            Ok(rate) => Some(rate),
            Err(error) => {
                self.error(
                    field,
                    format!("{error}: 0 to 100 with at most 4 decimals are allowed, as in 12.5"),
                );
                None
            }
        }
    }

    /// What all items add up to; nothing when any of them can't be read.
    fn sum(&mut self, items: &BTreeMap<u32, Item<'_>>) -> Option<Money> {
        let mut sum = Some(0_i128);
        for (number, item) in items {
            let line = self.line(*number, item);
            sum = sum.zip(line).map(|(sum, line)| sum + line);
        }
        let sum = sum?;
        if sum > i128::from(AMOUNT_MAX) * i128::from(MICROS) {
            self.error(
                "body",
                format!("the sum of the items is above the maximum of {AMOUNT_MAX}"),
            );
            return None;
        }
        i64::try_from(sum).ok().map(Money)
    }

    /// What is left of `sum` when the discounts of the order are taken off.
    fn less(&mut self, sum: Money, discount: Option<Money>, rate: Option<Rate>) -> Option<Money> {
        let share = rate.map_or(Money::ZERO, |rate| sum.share(rate, self.currency));
        let net = sum.0 - discount.unwrap_or_default().0 - share.0;
        if net < 0 {
            self.error("OrderDiscount", "is more than the sum of the items");
            return None;
        }
        Some(Money(net))
    }

    /// What one item adds to the sum, in millionths.
    fn line(&mut self, number: u32, item: &Item<'_>) -> Option<i128> {
        let named = |stem: &str| format!("{stem}{number}");
        let errors_before = self.errors.len();
        let quantity = self.quantity(&named("ItemQuantity"), item.quantity);
        let sub_total = self.money(&named("ItemSubTotal"), item.sub_total);
        let price = self.money(&named("ItemPrice"), item.price);
        let discount = self.money(&named("ItemDiscount"), item.discount);
        let line_discount = self.money(&named("ItemTotalDiscount"), item.total_discount);
        let rate = item.rate.filter(|rate| !rate.is_empty());
        let rate = self.rate(&named("ItemDiscountRate"), rate);
        self.goes_together(number, item);
        if self.errors.len() > errors_before {
            return None;
        }
        let micros = |money: Option<Money>| i128::from(money.map_or(0, |money| money.0));
        let units = i128::from(quantity.unwrap_or(1));
        let gross = micros(sub_total) + micros(price) * units;
        // A line that does not fit is above what the sum may be, whatever is taken off.
        let share = rate.zip(i64::try_from(gross).ok()).map(|(rate, gross)| {
            let gross = Money(gross);
            gross.share(rate, self.currency)
        });
        let net = gross - micros(discount) * units - micros(line_discount) - micros(share);
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

    /// Which fields of an item need or exclude each other.
    fn goes_together(&mut self, number: u32, item: &Item<'_>) {
        let named = |stem: &str| format!("{stem}{number}");
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
#[path = "amount_tests.rs"]
mod tests;
