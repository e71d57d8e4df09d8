//! The items of an order: what each was sold for, before anything is taken off the whole order.
//!
//! An item is `ItemSubTotal{n}`, or `ItemPrice{n}` times `ItemQuantity{n}`; less `ItemDiscount{n}`
//! for each unit, `ItemTotalDiscount{n}` for the line, and `ItemDiscountRate{n}` of the line. Rates
//! are per cent; what they take off is rounded half to even to the currency's minor unit. Either
//! every item has a price and a SKU, or none has a price.

use std::collections::BTreeMap;

use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, Money, Rate};
use crate::model::submission::Item;
use crate::model::submission::order::{ITEM_NUMBER_MAX, UNITS_MAX};

use super::error::FieldError;
use super::fields::{Fields, split_number};

/// What was sent about one item.
#[derive(Default)]
pub(super) struct Sent<'a> {
    sub_total: Option<&'a str>,
    price: Option<&'a str>,
    quantity: Option<&'a str>,
    discount: Option<&'a str>,
    total_discount: Option<&'a str>,
    rate: Option<&'a str>,
    sku: Option<&'a str>,
    category: Option<&'a str>,
    sub_category: Option<&'a str>,
    name: Option<&'a str>,
    brand: Option<&'a str>,
    promo_code: Option<&'a str>,
}

impl<'a> Sent<'a> {
    fn slot(&mut self, stem: &str) -> Option<&mut Option<&'a str>> {
        match stem {
            "ItemSubTotal" => Some(&mut self.sub_total),
            "ItemPrice" => Some(&mut self.price),
            "ItemQuantity" => Some(&mut self.quantity),
            "ItemDiscount" => Some(&mut self.discount),
            "ItemTotalDiscount" => Some(&mut self.total_discount),
            "ItemDiscountRate" => Some(&mut self.rate),
            "ItemSku" => Some(&mut self.sku),
            "ItemCategory" => Some(&mut self.category),
            "ItemSubCategory" => Some(&mut self.sub_category),
            "ItemName" => Some(&mut self.name),
            "ItemBrand" => Some(&mut self.brand),
            "ItemPromoCode" => Some(&mut self.promo_code),
            _ => None,
        }
    }

    /// Whether it says anything about money.
    pub(super) fn has_money(&self) -> bool {
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

/// Whether a field without its number is money of an item, that may be there but empty.
pub(super) fn is_money(stem: &str) -> bool {
    matches!(
        stem,
        "ItemSubTotal" | "ItemPrice" | "ItemDiscount" | "ItemTotalDiscount"
    )
}

/// What was sent about each item, by its number. Empty fields were not sent, but for money, where
/// an empty amount is an error.
pub(super) fn sent<'a>(
    fields: &'a Fields,
    errors: &mut Vec<FieldError>,
) -> BTreeMap<u16, Sent<'a>> {
    let mut items: BTreeMap<u16, Sent<'a>> = BTreeMap::new();
    for (name, value) in fields.iter() {
        let (stem, digits) = split_number(name);
        if Sent::default().slot(stem).is_none() || (value.is_empty() && !is_money(stem)) {
            continue;
        }
        let number = digits
            .parse()
            .ok()
            .filter(|number: &u16| (1..=ITEM_NUMBER_MAX).contains(number))
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
    items
}

/// Reads money of one currency and keeps what was wrong.
pub(super) struct Reader<'e> {
    pub(super) currency: Currency,
    pub(super) errors: &'e mut Vec<FieldError>,
}

impl Reader<'_> {
    pub(super) fn error(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field.into(), message));
    }

    pub(super) fn money(&mut self, field: &str, text: Option<&str>) -> Option<Money> {
        match Money::parse(text?, self.currency) {
            Ok(money) => Some(money),
            Err(error) => {
                let error = FieldError::of_money(field.to_owned(), &error, self.currency);
                self.errors.push(error);
                None
            }
        }
    }

    pub(super) fn rate(&mut self, field: &str, text: Option<&str>) -> Option<Rate> {
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

    /// An item without money.
    pub(super) fn unpriced(&mut self, number: u16, sent: &Sent<'_>) -> Item {
        let quantity = self.quantity(&format!("ItemQuantity{number}"), sent.quantity);
        let text = |text: Option<&str>| text.unwrap_or_default().into();
        Item {
            number,
            units: quantity.unwrap_or(1),
            net: None,
            rebate: Money::ZERO,
            sku: text(sent.sku),
            category: text(sent.category),
            sub_category: text(sent.sub_category),
            name: text(sent.name),
            brand: text(sent.brand),
            promo_code: text(sent.promo_code),
        }
    }

    /// An item with its net and what its own discounts take off; nothing when any of it can't be
    /// read.
    pub(super) fn priced(&mut self, number: u16, sent: &Sent<'_>) -> Option<Item> {
        let named = |stem: &str| format!("{stem}{number}");
        let errors_before = self.errors.len();
        let item = self.unpriced(number, sent);
        let sub_total = self.money(&named("ItemSubTotal"), sent.sub_total);
        let price = self.money(&named("ItemPrice"), sent.price);
        let discount = self.money(&named("ItemDiscount"), sent.discount);
        let line_discount = self.money(&named("ItemTotalDiscount"), sent.total_discount);
        let rate = self.rate(&named("ItemDiscountRate"), sent.rate);
        self.goes_together(number, sent);
        if self.errors.len() > errors_before {
            return None;
        }
        let micros = |money: Option<Money>| i128::from(money.map_or(0, |money| money.0));
        let units = i128::from(item.units);
        let gross = micros(sub_total) + micros(price) * units;
        // A line that does not fit is above what the sum may be, whatever is taken off.
        let Ok(fitting) = i64::try_from(gross).map(Money) else {
            let message = format!("times its quantity is above the maximum of {AMOUNT_MAX}");
            self.error(named("ItemPrice"), message);
            return None;
        };
        let share = rate.map(|rate| fitting.share(rate, self.currency));
        let rebate = micros(discount) * units + micros(line_discount) + micros(share);
        if rebate > gross {
            let field = if sent.discount.is_some() {
                "ItemDiscount"
            } else {
                "ItemTotalDiscount"
            };
            self.error(named(field), "takes off more than the item costs");
            return None;
        }
        // At most the gross, which fits.
        let fit = |micros: i128| Money(i64::try_from(micros).unwrap_or(i64::MAX));
        Some(Item {
            net: Some(fit(gross - rebate)),
            rebate: fit(rebate),
            ..item
        })
    }

    /// Which fields of an item need or exclude each other.
    fn goes_together(&mut self, number: u16, sent: &Sent<'_>) {
        let named = |stem: &str| format!("{stem}{number}");
        if sent.sub_total.is_some() && sent.price.is_some() {
            self.error(
                named("ItemPrice"),
                format!("is given beside ItemSubTotal{number}; send one of them"),
            );
        }
        if sent.sub_total.is_none() && sent.price.is_none() {
            self.error(
                named("ItemSubTotal"),
                format!(
                    "is missing: send ItemSubTotal{number}, or ItemPrice{number} with \
                     ItemQuantity{number}"
                ),
            );
        }
        if (sent.price.is_some() || sent.discount.is_some()) && sent.quantity.is_none() {
            self.error(
                named("ItemQuantity"),
                "is missing: a price or a discount is for one unit",
            );
        }
        if sent.sku.is_none() {
            self.error(
                named("ItemSku"),
                "is missing: an item with a price needs it",
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
            .filter(|units| (1..=UNITS_MAX).contains(units));
        if read.is_none() {
            self.error(
                field,
                format!("is no quantity: a whole number from 1 to {UNITS_MAX} is allowed"),
            );
        }
        read
    }
}
