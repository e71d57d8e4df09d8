//! What the value of each field must be.

use std::net::IpAddr;

use crate::catalog::Catalog;
use crate::model::currency::Currency;
use crate::model::id::PartnerId;
use crate::model::money::Money;
use crate::model::submission::order::ITEM_NUMBER_MAX;

use super::relation;
use crate::conversion::error::FieldError;
use crate::conversion::fields::{Fields, split_number};
use crate::conversion::{event_date, references};

/// The field that marks a conversion as a test; it may also stand in the query.
pub const TEST: &str = "impacttest";

/// How many fields of a name there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// One, without a number.
    One,
    /// Numbered from 1 to this.
    To(u32),
    /// For each item, numbered from 1 to this, as in `ItemText2_7`.
    OfItem(u32),
}

/// What the value of a field must be; an empty one counts as not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A text of at most so many bytes.
    Text(usize),
    /// SHA-1 or SHA-256 in hexadecimal digits: no address is ever kept.
    Hash,
    /// A decimal number, perhaps below 0.
    Decimal,
    /// An amount of the program's currency.
    Amount,
    /// A date as `EventDate` has, in the past or the future.
    Date,
    /// `true` or `false`.
    Flag,
    /// Two letters.
    Country,
    /// An IPv4 or IPv6 address.
    Address,
    /// The number of a partner in the catalogue.
    Partner,
    /// Whole seconds.
    Seconds,
    /// Yes as `1` or `true`, no as `0` or `false`.
    Switch,
    /// The address of a page.
    Page,
}

/// What the values of fields must be, by their names without numbers.
pub const FORMS: &[(&str, Numbers, Form)] = &[
    ("CallDuration", Numbers::One, Form::Seconds),
    ("CallStatus", Numbers::One, Form::Text(64)),
    ("CallerId", Numbers::One, Form::Text(64)),
    ("CountryCode", Numbers::One, Form::Country),
    ("CustomProfileId", Numbers::One, Form::Text(70)),
    ("CustomerEmail", Numbers::One, Form::Hash),
    ("CustomerId", Numbers::One, Form::Text(255)),
    ("Date", Numbers::To(10), Form::Date),
    ("GiftPurchase", Numbers::One, Form::Flag),
    ("IpAddress", Numbers::One, Form::Address),
    ("ItemDate", Numbers::OfItem(10), Form::Date),
    ("ItemMoney", Numbers::OfItem(3), Form::Amount),
    ("ItemNumeric", Numbers::OfItem(10), Form::Decimal),
    ("ItemText", Numbers::OfItem(50), Form::Text(64)),
    ("MediaId", Numbers::One, Form::Partner),
    ("MediaPartnerId", Numbers::One, Form::Partner),
    ("Money", Numbers::To(3), Form::Amount),
    ("Note", Numbers::One, Form::Text(255)),
    ("Numeric", Numbers::To(10), Form::Decimal),
    ("SharedId", Numbers::One, Form::Text(255)),
    ("SubId", Numbers::To(3), Form::Text(255)),
    ("TalkDuration", Numbers::One, Form::Seconds),
    ("Text", Numbers::To(50), Form::Text(64)),
    ("TrackingConsent", Numbers::One, Form::Flag),
    ("UniqueUrl", Numbers::One, Form::Page),
    (TEST, Numbers::One, Form::Switch),
];

/// Checks every field that has a row and every rule between fields.
pub fn check(
    fields: &Fields,
    catalog: &Catalog,
    currency: Option<Currency>,
    errors: &mut Vec<FieldError>,
) {
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let (stem, digits) = split_number(name);
        let row = FORMS.iter().find(|(listed, ..)| *listed == stem);
        let Some((_, numbers, form)) = row else {
            continue;
        };
        let wrong = misnumbered(stem, digits, *numbers)
            .or_else(|| misformed(value, *form, catalog, currency));
        errors.extend(wrong.map(|message| FieldError::new(name.to_owned(), message)));
    }
    relation::check(fields, errors);
}

/// What is wrong with the number of a field's name.
fn misnumbered(stem: &str, digits: &str, numbers: Numbers) -> Option<String> {
    let is_in = |text: &str, max: u32| {
        let number = text.parse().ok();
        let number = number.filter(|number: &u32| (1..=max).contains(number));
        number.is_some_and(|number| number.to_string() == text)
    };
    let is_right = match numbers {
        Numbers::One => digits.is_empty(),
        Numbers::To(max) => is_in(digits, max),
        Numbers::OfItem(max) => digits.split_once('_').is_some_and(|(item, number)| {
            is_in(item, u32::from(ITEM_NUMBER_MAX)) && is_in(number, max)
        }),
    };
    (!is_right).then(|| format!("is no field: {} is allowed", numbers.names(stem)))
}

/// What is wrong with a value.
fn misformed(
    value: &str,
    form: Form,
    catalog: &Catalog,
    currency: Option<Currency>,
) -> Option<String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_right = match form {
        Form::Text(max) if value.len() > max => {
            return Some(format!(
                "has {} bytes; at most {max} are allowed",
                value.len()
            ));
        }
        Form::Text(_) => true,
        Form::Hash => {
            matches!(value.len(), 40 | 64) && value.bytes().all(|b| b.is_ascii_hexdigit())
        }
        Form::Decimal => {
            let number = value.strip_prefix('-').unwrap_or(value);
            let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
            value.len() <= 40 && digits(whole) && digits(fraction)
        }
        // Without a known program there is no currency, and that is an error already.
        Form::Amount => currency.is_none_or(|currency| Money::parse(value, currency).is_ok()),
        Form::Date => event_date::is_date(value),
        Form::Flag => ["true", "false"]
            .iter()
            .any(|flag| value.eq_ignore_ascii_case(flag)),
        Form::Country => value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()),
        Form::Address => value.parse::<IpAddr>().is_ok(),
        Form::Partner => {
            let id = digits(value).then(|| value.parse().ok()).flatten();
            id.is_some_and(|id| catalog.partner(PartnerId(id)).is_some())
        }
        Form::Seconds => digits(value) && value.parse::<u32>().is_ok(),
        Form::Switch => is_switched_on(value).is_some(),
        Form::Page => references::page(value).is_some(),
    };
    (!is_right).then(|| format!("is not {}", form.allowed()))
}

/// What a [`Form::Switch`] says; nothing when it is none.
#[must_use]
pub fn is_switched_on(value: &str) -> Option<bool> {
    let is = |name: &str| value.eq_ignore_ascii_case(name);
    match value {
        "1" => Some(true),
        "0" => Some(false),
        _ if is("true") => Some(true),
        _ if is("false") => Some(false),
        _ => None,
    }
}

impl Numbers {
    /// The names that a stem has.
    pub(super) fn names(self, stem: &str) -> String {
        match self {
            Self::One => format!("`{stem}`"),
            Self::To(max) => format!("`{stem}1` to `{stem}{max}`"),
            Self::OfItem(max) => {
                format!("`{stem}1_1` to `{stem}1_{max}` and so on to item {ITEM_NUMBER_MAX}")
            }
        }
    }
}

impl Form {
    /// What is allowed.
    pub(super) fn allowed(self) -> String {
        let text = match self {
            Self::Text(max) => return format!("a text of at most {max} bytes"),
            Self::Hash => "the SHA-1 or SHA-256 of an address, in hexadecimal digits",
            Self::Decimal => "a decimal number such as 12, -3 or 0.25",
            Self::Amount => "an amount of the program's currency such as 12.50",
            Self::Date => "an ISO 8601 date such as 2026-01-31 or 2026-01-31T15:04:05Z",
            Self::Flag => "`true` or `false`",
            Self::Country => "a country of two letters such as US",
            Self::Address => "an IP address such as 192.0.2.1 or 2001:db8::1",
            Self::Partner => "the number of a partner in the catalogue",
            Self::Seconds => "a whole number of seconds such as 90",
            Self::Switch => "`1` or `true`, or `0` or `false`",
            Self::Page => "the address of a page such as https://www.example.com/page",
        };
        text.to_owned()
    }
}
