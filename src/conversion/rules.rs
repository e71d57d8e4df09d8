//! What a field may hold, and which fields need or exclude each other.
//!
//! The rules are those that impact.com publishes for its Conversions API; where it gives no bound,
//! the bound is ours. [`FORMS`] lists what the value of a field must be, [`check`] adds what must
//! stand beside what. Money is read in [`super::amount`]; a field of no row takes any text.

use std::net::IpAddr;

use crate::catalog::Catalog;
use crate::model::currency::Currency;
use crate::model::id::PartnerId;
use crate::model::money::Money;
use crate::model::refusal::Refusal;

use super::amount::ITEM_NUMBER_MAX;
use super::error::FieldError;
use super::event_date;
use super::fields::{Fields, split_number};

/// Fields of which at least one names what a conversion may be credited by.
pub const ATTRIBUTION_KEYS: &[&str] = &[
    "ClickId",
    "CustomerId",
    "CustomProfileId",
    "CustomClickId",
    "PromoCode",
    "OrderPromoCode",
    "MediaId",
    "MediaPartnerId",
    "UniqueUrl",
    "CallerId",
    "GoogAId",
    "AndroidId",
    "AppleIfa",
    "AppleIfv",
];

/// Those of them that name a device, and tell nothing without the app.
const DEVICE_KEYS: &[&str] = &["GoogAId", "AndroidId", "AppleIfa", "AppleIfv"];

/// Pairs of names for the same thing, of which both may be sent only alike.
const SAME: &[(&str, &str)] = &[("PromoCode", "OrderPromoCode")];

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
}

/// What the values of fields must be, by their names without numbers.
pub const FORMS: &[(&str, Numbers, Form)] = &[
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
    ("Text", Numbers::To(50), Form::Text(64)),
    ("TrackingConsent", Numbers::One, Form::Flag),
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
    between(fields, errors);
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
        Numbers::OfItem(max) => digits
            .split_once('_')
            .is_some_and(|(item, number)| is_in(item, ITEM_NUMBER_MAX) && is_in(number, max)),
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
    };
    (!is_right).then(|| format!("is not {}", form.allowed()))
}

impl Numbers {
    /// The names that a stem has.
    fn names(self, stem: &str) -> String {
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
    fn allowed(self) -> String {
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
        };
        text.to_owned()
    }
}

/// The block of the README that lists the fields with a form, and the codes of refusals.
#[must_use]
pub fn markdown() -> String {
    let fields = FORMS.iter().map(|(stem, numbers, form)| {
        let (names, allowed) = (numbers.names(stem), form.allowed());
        format!("| {names} | {allowed} |")
    });
    let codes = Refusal::ALL
        .iter()
        .map(|(_, _, code, meaning)| format!("| `{code}` | {meaning} |"));
    let keys: Vec<String> = ATTRIBUTION_KEYS
        .iter()
        .map(|key| format!("`{key}`"))
        .collect();
    let fields: Vec<String> = fields.collect();
    let codes: Vec<String> = codes.collect();
    format!(
        "| Field | Allowed |\n|---|---|\n{}\n\nAt least one of {} is needed.\n\n\
         | Code | Why a conversion earns nothing |\n|---|---|\n{}\n",
        fields.join("\n"),
        keys.join(", "),
        codes.join("\n")
    )
}

/// Checks what must and what can't stand beside what.
fn between(fields: &Fields, errors: &mut Vec<FieldError>) {
    let is_sent = |name: &str| fields.filled(name).is_some();
    let mut error = |field: &'static str, message: String| {
        errors.push(FieldError::new(field, message));
    };
    if !ATTRIBUTION_KEYS.iter().any(|name| is_sent(name)) {
        let names = ATTRIBUTION_KEYS.join(", ");
        error(
            "ClickId",
            format!("is missing: send at least one of {names}"),
        );
    }
    let mut keys = ATTRIBUTION_KEYS.iter().filter(|name| is_sent(name));
    let is_device = keys.all(|name| DEVICE_KEYS.contains(name));
    let device = DEVICE_KEYS.iter().find(|name| is_sent(name));
    if let Some(device) = device.filter(|_| is_device)
        && !["PropertyId", "AppPackage"]
            .iter()
            .any(|name| is_sent(name))
    {
        error(
            "PropertyId",
            format!("is missing: beside {device} alone, send PropertyId or AppPackage"),
        );
    }
    if is_sent("MediaId") && is_sent("MediaPartnerId") {
        error(
            "MediaPartnerId",
            "is given beside MediaId; send one of them".to_owned(),
        );
    }
    for (first, second) in SAME {
        let (one, other) = (fields.filled(first), fields.filled(second));
        if one.is_some() && other.is_some() && one != other {
            error(second, format!("differs from {first}; send one of them"));
        }
    }
    if !is_sent("MediaId") && !is_sent("MediaPartnerId") {
        for name in ["SubId1", "SubId2", "SubId3", "SharedId"] {
            if is_sent(name) {
                error(
                    name,
                    "is only taken with MediaId: a click brings its own".to_owned(),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::fixture;

    fn errors(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut errors = Vec::new();
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let fields = Fields::collect(pairs.iter().map(owned).collect(), &mut errors);
        let catalog = fixture::catalog();
        check(&fields, &catalog, "USD".parse().ok(), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    /// Errors of a field beside a customer.
    fn alone(name: &str, value: &str) -> Vec<String> {
        if name == "CustomerId" {
            return errors(&[(name, value)]);
        }
        errors(&[("CustomerId", "c"), (name, value)])
    }

    /// A field of each form: values that are allowed and ones that are not.
    const VALUES: &[(&str, &[&str], &[&str])] = &[
        (
            "CustomerEmail",
            &[
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
            ],
            &[
                "a@b.example",
                "da39",
                "zz39a3ee5e6b4b0d3255bfef95601890afd80709",
            ],
        ),
        (
            "Numeric1",
            &["0", "-3", "12.50"],
            &["1e3", "-", ".5", "1.", "x", "--1"],
        ),
        ("ItemNumeric500_10", &["7"], &["seven"]),
        ("Money3", &["0", "12.50"], &["-1", "1.234", "x"]),
        ("ItemMoney1_3", &["3"], &["3.001"]),
        (
            "Date10",
            &["2099-01-31", "2026-01-31T15:04:05+01:00"],
            &["NOW", "31.1.2026"],
        ),
        ("ItemDate2_1", &["2026-01-31"], &["2026-02-30"]),
        ("GiftPurchase", &["true", "FALSE"], &["1", "yes"]),
        ("TrackingConsent", &["false"], &["no"]),
        ("CountryCode", &["US", "de"], &["USA", "1", "U"]),
        (
            "IpAddress",
            &["192.0.2.1", "2001:db8::1"],
            &["192.0.2", "host"],
        ),
        ("MediaId", &["7"], &["9", "seven", "+7", "4294967303"]),
    ];

    #[test]
    fn values_have_the_form_of_their_field() {
        for (name, good, bad) in VALUES {
            for value in good.iter().chain(&[""]) {
                assert_eq!(alone(name, value), [""; 0], "{name}={value}");
            }
            for value in *bad {
                let found = alone(name, value);
                assert_eq!(found.len(), 1, "{name}={value}: {found:?}");
                assert!(found[0].starts_with(&format!("{name}: is no")), "{found:?}");
            }
        }
    }

    #[test]
    fn texts_have_their_longest_length_and_names_their_numbers() {
        for (stem, numbers, form) in FORMS {
            let name = match numbers {
                Numbers::One => (*stem).to_owned(),
                Numbers::To(max) => format!("{stem}{max}"),
                Numbers::OfItem(max) => format!("{stem}{ITEM_NUMBER_MAX}_{max}"),
            };
            if let Form::Text(max) = form {
                let beside = [("MediaId", "7")];
                let run = |length: usize| {
                    let text = "x".repeat(length);
                    errors(&[beside[0], (&name, &text)])
                };
                assert_eq!(run(*max), [""; 0], "{name}");
                let said = format!("{name}: has {} bytes; at most {max} are", max + 1);
                assert!(run(max + 1)[0].starts_with(&said), "{name}");
            }
            let wrong = match numbers {
                Numbers::One => vec![format!("{stem}1")],
                Numbers::To(max) => ["", "0", "01"]
                    .map(|number| format!("{stem}{number}"))
                    .into_iter()
                    .chain([format!("{stem}{}", max + 1)])
                    .collect(),
                Numbers::OfItem(max) => ["", "1", "0_1", "501_1", "1_0", "1_01", "1_1_1"]
                    .map(|number| format!("{stem}{number}"))
                    .into_iter()
                    .chain([format!("{stem}1_{}", max + 1)])
                    .collect(),
            };
            for name in wrong {
                let found = errors(&[("ClickId", "c"), (&name, "1")]);
                let said = format!("{name}: is no field: `{stem}");
                assert!(
                    found.iter().any(|error| error.starts_with(&said)),
                    "{name}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn every_attribution_key_will_do_and_none_will_not() {
        for key in ATTRIBUTION_KEYS {
            let value = if key.starts_with("Media") { "7" } else { "v" };
            let found = errors(&[(key, value), ("AppPackage", "com.example")]);
            assert_eq!(found, [""; 0], "{key}");
        }
        for pairs in [&[][..], &[("ClickId", "")], &[("ItemPromoCode1", "x")]] {
            let found = errors(pairs);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("ClickId: is missing: send at least one of"));
            assert!(found[0].contains("PromoCode") && found[0].ends_with("AppleIfv"));
        }
    }

    #[test]
    fn fields_need_and_exclude_each_other() {
        type Case = (
            &'static [(&'static str, &'static str)],
            Option<&'static str>,
        );
        let cases: &[Case] = &[
            (
                &[("GoogAId", "g")],
                Some("PropertyId: is missing: beside GoogAId"),
            ),
            (&[("GoogAId", "g"), ("PropertyId", "1")], None),
            (&[("GoogAId", "g"), ("AppPackage", "a")], None),
            (&[("GoogAId", "g"), ("ClickId", "c")], None),
            (
                &[("MediaId", "7"), ("MediaPartnerId", "7")],
                Some("MediaPartnerId: is given beside"),
            ),
            (&[("MediaPartnerId", "8")], None),
            (&[("PromoCode", "a"), ("OrderPromoCode", "a")], None),
            (
                &[("PromoCode", "a"), ("OrderPromoCode", "b")],
                Some("OrderPromoCode: differs"),
            ),
            (
                &[("MediaId", "7"), ("SubId1", "s"), ("SharedId", "s")],
                None,
            ),
            (&[("MediaPartnerId", "7"), ("SubId3", "s")], None),
            (
                &[("ClickId", "c"), ("SubId2", "s")],
                Some("SubId2: is only taken"),
            ),
            (
                &[("ClickId", "c"), ("SharedId", "s")],
                Some("SharedId: is only"),
            ),
        ];
        for (pairs, said) in cases {
            let found = errors(pairs);
            assert_eq!(found.len(), usize::from(said.is_some()), "{found:?}");
            if let Some(said) = said {
                assert!(found[0].starts_with(said), "{found:?}");
            }
        }
    }
}
