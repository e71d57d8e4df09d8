//! Money as whole millionths of a currency's major unit, never as a floating-point number.
//!
//! The currency is known from the program, so an amount carries none. A rate's product is taken
//! in 128 bits and rounded half to even to the currency's minor unit, once per order.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::currency::Currency;

/// Millionths in one major unit.
pub const MICROS: i64 = 1_000_000;

/// The largest amount one conversion may carry, in major units.
pub const AMOUNT_MAX: i64 = 10_000_000;

/// An amount in millionths of the major unit (1.50 USD is 1,500,000).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(pub i64);

/// A share in millionths (12.5 % is 125,000); at most 1,000,000.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Rate(pub u32);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with at most one point.
    #[error("not a decimal number such as 12.50 (digits, at most one point, no sign or exponent)")]
    Syntax,
    /// More decimals than the currency's minor unit.
    #[error("has more decimals than the {allowed} that the currency has")]
    Decimals {
        /// Decimals the currency has.
        allowed: u32,
    },
    /// Above [`AMOUNT_MAX`].
    #[error("is above the maximum of {AMOUNT_MAX}")]
    TooLarge,
}

/// Why a text is no percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not digits with at most one point.
    #[error("is no percentage")]
    Syntax,
    /// Finer than a millionth.
    #[error("has more than 4 decimals")]
    Decimals,
    /// Above 100.
    #[error("is more than 100%")]
    TooLarge,
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl Rate {
    /// Reads a percentage without its sign: digits with at most 4 decimals, 0 to 100.
    ///
    /// # Errors
    /// Anything else.
    pub fn percent(text: &str) -> Result<Self, RateError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !is_digits(whole) || !is_digits(fraction) {
            return Err(RateError::Syntax);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 4 {
            return Err(RateError::Decimals);
        }
        let millionths = format!("{whole}{fraction:0<4}").parse::<u32>();
        match millionths {
            Ok(millionths) if millionths <= 1_000_000 => Ok(Self(millionths)),
            _ => Err(RateError::TooLarge),
        }
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads a non-negative decimal amount of `currency`.
    ///
    /// # Errors
    /// Anything but digits with at most one point, too many decimals, or too large a value.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::with_decimals(text, currency.decimals())
    }

    /// Reads a non-negative decimal price that is added up before it is rounded, to the millionth.
    ///
    /// # Errors
    /// As [`Money::parse`].
    pub fn unrounded(text: &str) -> Result<Self, MoneyError> {
        Self::with_decimals(text, 6)
    }

    fn with_decimals(text: &str, allowed: u32) -> Result<Self, MoneyError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if text.len() > 40 || !is_digits(whole) || !is_digits(fraction) {
            return Err(MoneyError::Syntax);
        }
        let value: Decimal = text.parse().map_err(|_| MoneyError::TooLarge)?;
        if value.normalize().scale() > allowed {
            return Err(MoneyError::Decimals { allowed });
        }
        if value > Decimal::from(AMOUNT_MAX) {
            return Err(MoneyError::TooLarge);
        }
        let micros = value
            .checked_mul(Decimal::from(MICROS))
            .ok_or(MoneyError::TooLarge)?;
        i64::try_from(micros)
            .map(Self)
            .map_err(|_| MoneyError::TooLarge)
    }

    /// The minor unit of `currency`, in millionths.
    #[must_use]
    pub fn unit(currency: Currency) -> i64 {
        MICROS / 10_i64.pow(currency.decimals())
    }

    /// `rate` of this amount, rounded half to even to the minor unit of `currency`.
    #[must_use]
    pub fn share(self, rate: Rate, currency: Currency) -> Self {
        self.ratio(rate.0, 1_000_000, currency)
    }

    /// What `pieces` of `of` pieces of this amount cost, rounded half to even to the minor unit of
    /// `currency`; nothing when there is no piece.
    #[must_use]
    pub fn ratio(self, pieces: u32, of: u32, currency: Currency) -> Self {
        let unit = i128::from(Self::unit(currency));
        let scaled = i128::from(self.0) * i128::from(pieces);
        let divisor = unit * i128::from(of);
        if divisor == 0 {
            return Self::ZERO;
        }
        let (quotient, rest) = (scaled.div_euclid(divisor), scaled.rem_euclid(divisor));
        let up = match (rest * 2).cmp(&divisor) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => quotient % 2 != 0,
            std::cmp::Ordering::Greater => true,
        };
        let rounded = (quotient + i128::from(up)) * unit;
        Self(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}

/// Shows `micros` as a decimal with at least `decimals` places, more only where they are not 0.
#[must_use]
pub fn decimal_text(micros: i128, decimals: u32) -> String {
    DecimalText::new(micros, decimals).as_str().to_owned()
}

/// The text of a decimal, on the stack: a page of a report has tens of thousands.
#[derive(Clone, Copy, Debug)]
pub struct DecimalText {
    /// The text is at the end.
    bytes: [u8; Self::LEN],
    from: usize,
}

impl DecimalText {
    /// A sign, a point and the digits of the largest number.
    const LEN: usize = 41;

    /// `micros` as [`decimal_text`] shows it.
    #[must_use]
    pub fn new(micros: i128, decimals: u32) -> Self {
        let mut text = Self {
            bytes: [b'0'; Self::LEN],
            from: Self::LEN,
        };
        let value = micros.unsigned_abs();
        // Most amounts are short, and short numbers are divided several times as fast.
        let (whole, mut rest) = if let Ok(value) = u64::try_from(value) {
            (u128::from(value / 1_000_000), value % 1_000_000)
        } else {
            let rest = u64::try_from(value % 1_000_000).unwrap_or(0);
            (value / 1_000_000, rest)
        };
        let mut places = 6;
        while places > decimals && rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        if places > 0 {
            for _ in 0..places {
                text.digit(rest % 10);
                rest /= 10;
            }
            text.push(b'.');
        }
        text.whole(whole);
        if micros < 0 {
            text.push(b'-');
        }
        text
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(self.from..).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    fn whole(&mut self, mut number: u128) {
        while number > u64::MAX.into() {
            self.digit(u64::try_from(number % 10).unwrap_or(0));
            number /= 10;
        }
        let mut number = u64::try_from(number).unwrap_or(u64::MAX);
        loop {
            self.digit(number % 10);
            number /= 10;
            if number == 0 {
                break;
            }
        }
    }

    fn digit(&mut self, digit: u64) {
        self.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }

    /// Puts a byte before the text.
    fn push(&mut self, byte: u8) {
        self.from = self.from.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.from) {
            *place = byte;
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DecimalText::new(self.0.into(), 2).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_exactly() {
        let usd = currency("USD");
        for (text, micros) in [
            ("0", 0),
            ("1", 1_000_000),
            ("12.50", 12_500_000),
            ("0.1", 100_000),
        ] {
            assert_eq!(Money::parse(text, usd), Ok(Money(micros)), "{text}");
        }
        assert_eq!(Money::parse("12.500", usd), Ok(Money(12_500_000)));
        assert_eq!(Money::parse("0.125", currency("KWD")), Ok(Money(125_000)));
    }

    #[test]
    fn bad_amounts_say_why() {
        let usd = currency("USD");
        for text in [
            "", ".", "1.", ".5", "-5", "+5", "1e2", "NaN", "12,50", " 1", "1.2.3", "٣",
        ] {
            assert_eq!(Money::parse(text, usd), Err(MoneyError::Syntax), "{text}");
        }
        assert_eq!(
            Money::parse("12.345", usd),
            Err(MoneyError::Decimals { allowed: 2 })
        );
        let yen = currency("JPY");
        assert_eq!(
            Money::parse("10.5", yen),
            Err(MoneyError::Decimals { allowed: 0 })
        );
        assert_eq!(Money::parse("10000000.01", usd), Err(MoneyError::TooLarge));
        let long = "9".repeat(39);
        assert_eq!(Money::parse(&long, usd), Err(MoneyError::TooLarge));
    }

    #[test]
    fn a_share_is_rounded_half_to_even_at_the_minor_unit() {
        let usd = currency("USD");
        for (micros, rate, expected) in [
            (100_000_000, 125_000, 12_500_000), // 12.5 % of 100.00 is 12.50
            (500_000, 10_000, 0),               // 1 % of 0.50 is 0.005, to even 0.00
            (1_500_000, 10_000, 20_000),        // 1 % of 1.50 is 0.015, to even 0.02
            (510_000, 10_000, 10_000),          // 1 % of 0.51 is 0.0051, up
            (10_000_000_000_000, 1_000_000, 10_000_000_000_000),
        ] {
            assert_eq!(
                Money(micros).share(Rate(rate), usd),
                Money(expected),
                "{micros} {rate}"
            );
        }
        let yen = currency("JPY");
        assert_eq!(
            Money(150_000_000).share(Rate(10_000), yen),
            Money(2_000_000)
        );
    }

    #[test]
    fn texts_show_the_minor_unit_and_no_more_zeros() {
        for (micros, decimals, text) in [
            (0, 2, "0.00"),
            (1_500_000, 2, "1.50"),
            (-1_500_000, 2, "-1.50"),
            (1_234_567, 2, "1.234567"),
            (2_000_000, 0, "2"),
            (1_000, 3, "0.001"),
            (-1, 0, "-0.000001"),
            (
                18_446_744_073_709_551_616_500_000,
                1,
                "18446744073709551616.5",
            ),
            (i128::MAX, 6, "170141183460469231731687303715884.105727"),
            (i128::MIN, 0, "-170141183460469231731687303715884.105728"),
        ] {
            assert_eq!(decimal_text(micros, decimals), text);
        }
    }
}
