//! The price of a sale by a payout.

use crate::catalog::snapshot::{Payout, Price};
use crate::model::currency::Currency;
use crate::model::money::Money;

/// What is priced.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Sale {
    /// The sale amount; none when no money was sent.
    pub(in crate::fold) amount: Option<Money>,
    /// The currency of the program.
    pub(in crate::fold) currency: Currency,
}

/// What `sale` costs by `payout`: rates are rounded half to even once, on the order.
pub(in crate::fold) fn price(sale: &Sale, payout: &Payout) -> Money {
    match payout.price {
        Price::Flat(amount) => amount,
        Price::Rate(rate) => sale
            .amount
            .map_or(Money::ZERO, |amount| amount.share(rate, sale.currency)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::money::Rate;

    #[test]
    fn a_rate_is_rounded_once_and_a_rate_of_no_amount_costs_nothing() {
        let sale = |amount| Sale {
            amount,
            currency: "USD".parse().unwrap(),
        };
        let rate = Payout::from(Price::Rate(Rate(125_000)));
        let of = |amount| price(&sale(amount), &rate);
        assert_eq!(of(Some(Money(10_000_000))), Money(1_250_000));
        // 12.5 % of 0.20 is 0.025, half to even.
        assert_eq!(of(Some(Money(200_000))), Money(20_000));
        assert_eq!(of(None), Money::ZERO);
        let flat = Payout::from(Price::Flat(Money(1_500_000)));
        assert_eq!(price(&sale(None), &flat), Money(1_500_000));
    }
}
