//! What one action earns: a fixed amount or a share of the order; and the most that is paid.

use super::word::{PERIODS, SCOPES, choice, choice_or};
use crate::catalog::document::LimitDoc;
use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{Limit, LimitOf, Price};
use crate::model::currency::Currency;
use crate::model::money::{AMOUNT_MAX, Money, MoneyError, Rate};

/// A price in the program's currency.
pub(in crate::catalog) fn price(
    amount: Option<&str>,
    rate: Option<&str>,
    currency: Currency,
) -> Result<Price, Complaint> {
    match (amount, rate) {
        (Some(amount), None) => self::amount(amount, currency).map(Price::Flat),
        (None, Some(rate)) => self::rate(rate).map(Price::Rate),
        (Some(_), Some(_)) => Err(Complaint::new("has both amount and rate", "one of the two")),
        (None, None) => Err(Complaint::new(
            "has neither amount nor rate",
            "amount = \"5.00\" or rate = \"12.5%\"",
        )),
    }
}

/// The price of a click, which is added up to the millionth.
pub(in crate::catalog) fn click_price(
    amount: Option<&str>,
    rate: Option<&str>,
) -> Result<Price, Complaint> {
    let Some(text) = amount.filter(|_| rate.is_none()) else {
        let allowed = "amount = \"0.05\"; a click has no amount to take a rate of";
        return Err(Complaint::new(
            "has no amount, or a rate, for clicks",
            allowed,
        ));
    };
    let amount = Money::unrounded(text).map_err(|error| not_an_amount(text, error, "a click", 6));
    amount.map(Price::Flat)
}

/// A limit in the program's currency.
pub(in crate::catalog) fn limit(doc: &LimitDoc, currency: Currency) -> Result<Limit, Complaint> {
    let of = match (doc.of.as_str(), &doc.amount, doc.count) {
        ("PAYOUT", Some(amount), None) => LimitOf::Payout(self::amount(amount, currency)?),
        ("ACTIONS", None, Some(count)) => LimitOf::Actions(count),
        (of, _, _) => {
            return Err(Complaint::new(
                format!("of {} with what is beside it is no limit", quoted(of)),
                "of = \"PAYOUT\" with amount and without count, or of = \"ACTIONS\" with count and \
                 without amount",
            ));
        }
    };
    if matches!(of, LimitOf::Payout(Money::ZERO) | LimitOf::Actions(0)) {
        return Err(Complaint::new(
            "limits to nothing",
            "an amount or count above 0",
        ));
    }
    Ok(Limit {
        of,
        scope: choice_or(doc.scope.as_deref(), SCOPES)
            .map_err(|complaint| complaint.of("scope"))?,
        period: choice(&doc.period, PERIODS).map_err(|complaint| complaint.of("period"))?,
    })
}

fn amount(text: &str, currency: Currency) -> Result<Money, Complaint> {
    Money::parse(text, currency)
        .map_err(|error| not_an_amount(text, error, currency.code(), currency.decimals()))
}

fn not_an_amount(text: &str, error: MoneyError, of: &str, decimals: u32) -> Complaint {
    let problem = match error {
        MoneyError::Syntax => format!("amount {} is no decimal number", quoted(text)),
        other => format!("amount {} {other}", quoted(text)),
    };
    Complaint::new(
        problem,
        format!("digits with at most {decimals} decimals for {of}, 0 to {AMOUNT_MAX}"),
    )
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
    use crate::catalog::snapshot::{Period, Scope};

    fn read(amount: Option<&str>, rate: Option<&str>) -> Result<Price, Complaint> {
        price(amount, rate, "USD".parse().unwrap())
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
    fn clicks_have_flat_prices_to_the_millionth() {
        let price = |amount, rate| click_price(amount, rate);
        assert_eq!(price(Some("0.0125"), None), Ok(Price::Flat(Money(12_500))));
        assert_eq!(price(Some("0.000001"), None), Ok(Price::Flat(Money(1))));
        for (amount, rate, reason) in [
            (None, None, "no amount"),
            (None, Some("5%"), "a rate"),
            (Some("1"), Some("5%"), "a rate"),
            (Some("0.0000001"), None, "more decimals"),
            (Some("-1"), None, "no decimal"),
            (Some("10000000.01"), None, "above the maximum"),
        ] {
            let complaint = price(amount, rate).unwrap_err();
            assert!(complaint.problem.contains(reason), "{complaint:?}");
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

    fn limited(
        of: &str,
        amount: Option<&str>,
        count: Option<u32>,
        (scope, period): (Option<&str>, &str),
    ) -> Result<Limit, Complaint> {
        let doc = LimitDoc {
            of: of.to_owned(),
            amount: amount.map(str::to_owned),
            count,
            scope: scope.map(str::to_owned),
            period: period.to_owned(),
        };
        limit(&doc, "USD".parse().unwrap())
    }

    #[test]
    fn a_limit_is_a_sum_or_a_number() {
        let sum = Limit {
            of: LimitOf::Payout(Money(500_000_000)),
            scope: Scope::All,
            period: Period::Month,
        };
        assert_eq!(
            limited("PAYOUT", Some("500"), None, (None, "MONTH")),
            Ok(sum)
        );
        let number = Limit {
            of: LimitOf::Actions(3),
            scope: Scope::Customer,
            period: Period::Contract,
        };
        let place = (Some("CUSTOMER"), "CONTRACT");
        assert_eq!(limited("ACTIONS", None, Some(3), place), Ok(number));
        for (of, amount, count, scope, period, reason) in [
            ("PAYOUT", None, Some(3), None, "DAY", "no limit"),
            ("PAYOUT", None, None, None, "DAY", "no limit"),
            ("PAYOUT", Some("1"), Some(3), None, "DAY", "no limit"),
            ("ACTIONS", Some("1"), None, None, "DAY", "no limit"),
            ("actions", None, Some(3), None, "DAY", "no limit"),
            ("PAYOUT", Some("0.001"), None, None, "DAY", "more decimals"),
            ("PAYOUT", Some("0.00"), None, None, "DAY", "to nothing"),
            ("ACTIONS", None, Some(0), None, "DAY", "to nothing"),
            (
                "ACTIONS",
                None,
                Some(1),
                Some("ITEM"),
                "DAY",
                "scope `ITEM`",
            ),
            ("ACTIONS", None, Some(1), None, "YEAR", "period `YEAR`"),
        ] {
            let complaint = limited(of, amount, count, (scope, period)).unwrap_err();
            assert!(
                complaint.problem.contains(reason),
                "{of} {reason}: {complaint:?}"
            );
        }
    }
}
