//! What one action earns: a fixed amount or a share of the order.

use crate::catalog::document::PayoutDoc;
use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::Price;
use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, Money, MoneyError, Rate};

/// The payout that `doc` names, in the program's currency.
pub(in crate::catalog) fn payout(doc: &PayoutDoc, currency: Currency) -> Result<Price, Complaint> {
    match (&doc.amount, &doc.rate) {
        (Some(amount), None) => self::amount(amount, currency).map(Price::Flat),
        (None, Some(rate)) => self::rate(rate).map(Price::Rate),
        (Some(_), Some(_)) => Err(Complaint::new("has both amount and rate", "one of the two")),
        (None, None) => Err(Complaint::new(
            "has neither amount nor rate",
            "amount = \"5.00\" or rate = \"12.5%\"",
        )),
    }
}

fn amount(text: &str, currency: Currency) -> Result<Money, Complaint> {
    Money::parse(text, currency).map_err(|error| {
        let problem = match error {
            MoneyError::Syntax => format!("amount {} is no decimal number", quoted(text)),
            other => format!("amount {} {other}", quoted(text)),
        };
        let decimals = currency.decimals();
        Complaint::new(
            problem,
            format!("digits with at most {decimals} decimals for {currency}, 0 to {AMOUNT_MAX}"),
        )
    })
}

/// A percentage with at most 4 decimals, such as `12.5%`.
fn rate(text: &str) -> Result<Rate, Complaint> {
    let complaint = |problem: &str| {
        Complaint::new(
            format!("rate {} {problem}", quoted(text)),
            "a percentage from 0% to 100% with at most 4 decimals, such as 12.5%",
        )
    };
    let number = text
        .strip_suffix('%')
        .ok_or_else(|| complaint("has no % sign"))?;
    Rate::percent(number).map_err(|error| complaint(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::EventTypeId;

    fn read(amount: Option<&str>, rate: Option<&str>) -> Result<Price, Complaint> {
        let doc = PayoutDoc {
            event_type: EventTypeId(1),
            amount: amount.map(str::to_owned),
            rate: rate.map(str::to_owned),
        };
        payout(&doc, "USD".parse().unwrap())
    }

    #[test]
    fn payouts_are_exact() {
        assert_eq!(read(Some("5.00"), None), Ok(Price::Flat(Money(5_000_000))));
        for (text, millionths) in [
            ("0%", 0),
            ("12.5%", 125_000),
            ("0.0001%", 1),
            ("7.25000%", 72_500),
            ("100%", 1_000_000),
            ("100.0000%", 1_000_000),
        ] {
            assert_eq!(
                read(None, Some(text)),
                Ok(Price::Rate(Rate(millionths))),
                "{text}"
            );
        }
    }

    #[test]
    fn other_payouts_are_refused_with_the_reason() {
        for (amount, rate, reason) in [
            (None, None, "neither"),
            (Some("1"), Some("1%"), "both"),
            (Some("-1"), None, "no decimal"),
            (Some("NaN"), None, "no decimal"),
            (Some("5,00"), None, "no decimal"),
            (Some("5.001"), None, "more decimals"),
            (Some("10000000.01"), None, "above the maximum"),
            (None, Some("100.0001%"), "more than 100%"),
            (None, Some("101%"), "more than 100%"),
            (None, Some("99999999999%"), "more than 100%"),
            (None, Some("-1%"), "no percentage"),
            (None, Some("NaN%"), "no percentage"),
            (None, Some("1e1%"), "no percentage"),
            (None, Some("1.%"), "no percentage"),
            (None, Some(".5%"), "no percentage"),
            (None, Some("%"), "no percentage"),
            (None, Some("0.125"), "no % sign"),
            (None, Some("1.00001%"), "more than 4 decimals"),
        ] {
            let complaint = read(amount, rate).unwrap_err();
            assert!(
                complaint.problem.contains(reason),
                "{amount:?} {rate:?}: {complaint:?}"
            );
        }
    }
}
