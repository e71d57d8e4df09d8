//! Values as the published shapes write them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::money::decimal_text;

/// What a segment of a path holds as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An amount, or a change of one, in millionths: a JSON number with at least the decimals of its
/// currency, which never was a floating-point number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) micros: i64,
    /// Those of its currency.
    pub(super) decimals: u32,
}

impl Amount {
    /// Its decimal text.
    pub(super) fn text(self) -> String {
        decimal_text(i128::from(self.micros), self.decimals)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.text()).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// `text` as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::currency::Currency;

    #[test]
    fn amounts_are_exact_numbers() {
        for (micros, code, expected) in [
            (0, "USD", "0.00"),
            (880_000, "USD", "0.88"),
            (-16_290_000, "EUR", "-16.29"),
            (12_345_678, "USD", "12.345678"),
            (500_000_000, "JPY", "500"),
            (1_234_000, "KWD", "1.234"),
            (i64::MAX, "USD", "9223372036854.775807"),
        ] {
            let currency: Currency = code.parse().unwrap();
            let decimals = currency.decimals();
            let amount = Amount { micros, decimals };
            assert_eq!(serde_json::to_string(&amount).unwrap(), expected);
        }
    }

    #[test]
    fn a_segment_holds_no_delimiter() {
        assert_eq!(segment("a-1.b_~"), "a-1.b_~");
        assert_eq!(segment("a/b ?%é"), "a%2Fb%20%3F%25%C3%A9");
    }
}
