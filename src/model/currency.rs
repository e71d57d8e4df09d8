//! Currencies by their ISO 4217 alphabetic code, with the number of decimals each one has.
//!
//! The table holds the active currencies of ISO 4217; funds, metals and test codes are left out
//! on purpose, so `XXX` and `XAU` are refused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An active ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is no active ISO 4217 code in upper case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 4217 currency code such as USD (three upper-case letters)")]
pub struct CurrencyError(pub String);

/// Currencies without decimals (ISO 4217 minor unit 0).
const NO_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

/// Currencies with three decimals.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Currencies with two decimals.
const TWO_DECIMALS: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB \
    BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD \
    FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT \
    LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK \
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP \
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW \
    ZWG";

impl Currency {
    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// The three letters as stored.
    #[must_use]
    pub fn bytes(self) -> [u8; 3] {
        self.0
    }

    /// How many decimals the minor unit has: 0, 2 or 3.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        // Asked for each amount of a report.
        let holds = |table: &str| {
            let mut codes = table.as_bytes().chunks(4);
            codes.any(|code| code.starts_with(&self.0))
        };
        if holds(NO_DECIMALS) {
            0
        } else if holds(THREE_DECIMALS) {
            3
        } else {
            2
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || CurrencyError(text.chars().take(16).collect());
        let code = <[u8; 3]>::try_from(text.as_bytes()).map_err(|_| error())?;
        let known = [NO_DECIMALS, TWO_DECIMALS, THREE_DECIMALS]
            .iter()
            .any(|table| table.split(' ').any(|listed| listed == text));
        if known { Ok(Self(code)) } else { Err(error()) }
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_iso_4217() {
        for (code, decimals) in [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("VND", 0)] {
            assert_eq!(
                code.parse::<Currency>().map(|c| c.decimals()),
                Ok(decimals),
                "{code}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for code in ["", "usd", "XXX", "XAU", "US", "USDT", "U D", "€", " "] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }
}
