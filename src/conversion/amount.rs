//! The money of an order: what was sold, less discounts, without shipping and tax.
//!
//! `Amount`, or `OrderSubTotalPostDiscount`, or the sum of the [`super::items`] less what
//! is taken off the order. `Amount` beside priced items must be that sum; it is never guessed which
//! of two is meant. The order's discount is `OrderDiscount` and `OrderDiscountRate` (per cent) of
//! the items' sum. It is spread over the items by largest remainder in minor units, so that they
//! add up to the amount exactly.

use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, MICROS, Money, Rate};
use crate::model::spread;
use crate::model::submission::{Item, Order};

use super::error::{BODY, FieldError};
use super::fields::{Fields, split_number};
use super::items::{self, Reader, Sent};

/// Fields that carry money of the whole order.
const ORDER_MONEY: &[&str] = &[
    "Amount",
    "OrderSubTotalPostDiscount",
    "OrderDiscount",
    "OrderShipping",
    "OrderTax",
    "OrderMargin",
];

/// Money of the whole order after its discounts.
const SUB_TOTAL: &str = "OrderSubTotalPostDiscount";

/// Whether any money is sent, so that a currency must be named.
#[must_use]
pub fn sends_money(fields: &Fields) -> bool {
    ORDER_MONEY.iter().any(|name| fields.get(name).is_some())
        || fields
            .iter()
            .any(|(name, _)| items::is_money(split_number(name).0))
}

/// The order's money in `currency`. What can't be read goes to `errors`, and the order is of no
/// use then.
#[must_use]
pub fn order(fields: &Fields, currency: Currency, errors: &mut Vec<FieldError>) -> Order {
    let mut reader = Reader { currency, errors };
    let sent = items::sent(fields, reader.errors);
    let amount = reader.money("Amount", fields.get("Amount"));
    let sub_total = reader.money(SUB_TOTAL, fields.get(SUB_TOTAL));
    let discount = reader.money("OrderDiscount", fields.get("OrderDiscount"));
    let rate = reader.rate("OrderDiscountRate", fields.filled("OrderDiscountRate"));
    let is_sent = |name| fields.get(name).is_some();
    if !sent.values().any(Sent::has_money) {
        let is_reduced = is_sent("OrderDiscount") || rate.is_some();
        if is_reduced && !is_sent("Amount") && !is_sent(SUB_TOTAL) {
            reader.error(
                "Amount",
                "is missing: with a discount of the order, send Amount or the items that it is \
                 taken from",
            );
        }
        let unpriced = sent
            .iter()
            .map(|(number, sent)| reader.unpriced(*number, sent));
        let items = unpriced.collect();
        let amount = if is_sent("Amount") { amount } else { sub_total };
        return Order { amount, items };
    }
    if is_sent(SUB_TOTAL) {
        reader.error(
            SUB_TOTAL,
            "is given beside the prices of items; send one of them",
        );
    }
    let read: Vec<Option<Item>> = sent
        .iter()
        .map(|(number, sent)| reader.priced(*number, sent))
        .collect();
    let Some(items) = read.into_iter().collect::<Option<Vec<Item>>>() else {
        return Order::default();
    };
    let order = reduced(&mut reader, items, discount, rate).unwrap_or_default();
    if let (Some(amount), Some(net)) = (amount, order.amount)
        && amount != net
    {
        reader.error(
            "Amount",
            format!(
                "is {amount}, but the items less their discounts add up to {net}: send one of \
                 them, or both alike"
            ),
        );
    }
    order
}

/// The order of these items when its discounts are spread over them.
fn reduced(
    reader: &mut Reader<'_>,
    mut items: Vec<Item>,
    discount: Option<Money>,
    rate: Option<Rate>,
) -> Option<Order> {
    let nets: Vec<i64> = items
        .iter()
        .map(|item| item.net.map_or(0, |net| net.0))
        .collect();
    let sum: i128 = nets.iter().copied().map(i128::from).sum();
    let max = i128::from(AMOUNT_MAX) * i128::from(MICROS);
    let Some(sum) = i64::try_from(sum)
        .ok()
        .filter(|sum| i128::from(*sum) <= max)
    else {
        let message = format!("the sum of the items is above the maximum of {AMOUNT_MAX}");
        reader.error(BODY, message);
        return None;
    };
    let share = rate.map_or(Money::ZERO, |rate| Money(sum).share(rate, reader.currency));
    let discount = discount.unwrap_or_default().0.saturating_add(share.0);
    if discount > sum {
        reader.error("OrderDiscount", "is more than the sum of the items");
        return None;
    }
    let unit = MICROS / 10_i64.pow(reader.currency.decimals());
    for (item, part) in items.iter_mut().zip(spread::over(discount, &nets, unit)) {
        item.net = item.net.map(|net| Money(net.0 - part));
        item.rebate = Money(item.rebate.0 + part);
    }
    Some(Order {
        amount: Some(Money(sum - discount)),
        items,
    })
}

#[cfg(test)]
#[path = "amount_tests.rs"]
mod tests;
