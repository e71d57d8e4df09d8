//! Names, codes and words out of a list.

use crate::catalog::problem::{Complaint, quoted};

/// States of a program, as impact.com lists them; only the first serves.
pub const PROGRAM_STATES: &[&str] = &[
    "ACTIVE",
    "AWAITING_REVIEW",
    "CANCELLED",
    "CLOSED",
    "DEACTIVATED",
    "DELINQUENT",
    "REJECTED",
    "SETUP",
    "SETUP_COMPLETE",
];

/// States of a partner and of an event type.
pub const STATES: &[&str] = &["ACTIVE", "INACTIVE"];

/// Types of an ad, as impact.com lists them.
pub const AD_TYPES: &[&str] = &[
    "BANNER",
    "TEXT_LINK",
    "COUPON",
    "EMAIL",
    "FLASH",
    "TEXT",
    "LONG_SPONSORED_TEXT",
    "XML_SYNDICATION",
    "CONTENT",
    "VIDEO",
    "ONLINE_TRACKING_LINK",
    "MEDIA_SOURCE_TRACKING",
];

/// Categories of an event type.
pub const CATEGORIES: &[&str] = &["SALE", "LEAD", "INSTALL", "CLICK"];

/// Lengths of the unique-click window, as impact.com lists them.
pub const UNIQUE_WINDOWS: &[&str] = &["1m", "5m", "15m", "30m", "1h", "6h", "12h", "24h"];

/// What becomes of clicks that bear signs of fraud: they count and earn, they earn, or neither.
pub const RISKS: &[&str] = &["RELAXED", "MODERATE", "STRICT"];

/// What the unique-click window counts from: the last click, or the last unique click.
pub const UNIQUE_TYPES: &[&str] = &["ROLLING", "FIXED"];

/// The longest name in bytes.
pub(in crate::catalog) const NAME_MAX: usize = 255;

/// A word out of a closed list.
pub(in crate::catalog) fn word(
    text: &str,
    list: &'static [&'static str],
) -> Result<&'static str, Complaint> {
    let found = list.iter().find(|word| **word == text).copied();
    found.ok_or_else(|| {
        Complaint::new(
            format!("{} is not in the list", quoted(text)),
            format!("one of {}", list.join(", ")),
        )
    })
}

/// A name for people: 1 to 255 bytes, no control characters, no blanks around it.
pub(in crate::catalog) fn name(text: &str) -> Result<Box<str>, Complaint> {
    let fine = !text.is_empty()
        && text.len() <= NAME_MAX
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if fine {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!("{} is no name", quoted(text)),
        format!("1 to {NAME_MAX} bytes without control characters or blanks around them"),
    ))
}

/// A value that customers' data is compared with: 1 to `max` bytes, no control characters, no
/// blanks around it.
pub(in crate::catalog) fn value(text: &str, max: usize) -> Result<Box<str>, Complaint> {
    let fine = (1..=max).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if fine {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!(
            "{} is empty, too long, or holds what it must not",
            quoted(text)
        ),
        format!("1 to {max} bytes without control characters or blanks around them"),
    ))
}

/// A reason of a reversal or modification.
pub(in crate::catalog) fn disposition(text: &str) -> Result<Box<str>, Complaint> {
    let safe = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(safe) {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!("{} is no disposition code", quoted(text)),
        "1 to 64 of A-Z 0-9 _",
    ))
}

/// An account SID: the user name of the API and a path segment of its addresses.
pub(in crate::catalog) fn sid(text: &str) -> Result<Box<str>, Complaint> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(safe) {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!("{} is no account SID", quoted(text)),
        "1 to 64 of A-Z a-z 0-9 _ -",
    ))
}

/// An event type's code.
pub(in crate::catalog) fn code(text: &str) -> Result<Box<str>, Complaint> {
    if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!("{} is no event type code", quoted(text)),
        "1 to 64 printable ASCII characters without blanks",
    ))
}

/// A query parameter name that needs no escaping anywhere.
pub(in crate::catalog) fn query_name(text: &str) -> Result<Box<str>, Complaint> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if (1..=64).contains(&text.len()) && text.bytes().all(safe) {
        return Ok(text.into());
    }
    Err(Complaint::new(
        format!("{} is no safe query parameter name", quoted(text)),
        "1 to 64 of A-Z a-z 0-9 _ - .",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(rule: impl Fn(&str) -> Result<T, Complaint>, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(rule(text).is_ok(), "{text:?} should pass");
        }
        for text in bad {
            assert!(rule(text).is_err(), "{text:?} should be refused");
        }
    }

    #[test]
    fn names_and_codes_have_bounds() {
        let long = "x".repeat(256);
        check(
            name,
            &["Shoes", "Ünï 日本", "a b"],
            &["", " a", "a ", "a\tb", "a\0", &long],
        );
        check(
            sid,
            &["IRabc123", "a_b-c"],
            &["", "a b", "a:b", "a/b", "ä", &long],
        );
        check(
            |text| value(text, 255),
            &["Shoes & more", "日本"],
            &["", " a", "a ", "a\tb", "a\0", &long],
        );
        check(
            disposition,
            &["ITEM_RETURNED", "X1"],
            &["", "item", "A B", "A-B", "Ä", &long],
        );
        check(code, &["SALE", "a.b/c"], &["", "a b", "ä", &long]);
        check(
            query_name,
            &["im_ref", "clickid", "a.b-c"],
            &["", "a b", "a=b", "a&b", "a%20", "ä", "a#", &long],
        );
    }

    #[test]
    fn words_are_taken_literally() {
        check(
            |text| word(text, PROGRAM_STATES),
            &["ACTIVE", "SETUP_COMPLETE"],
            &["", "active", "ACTIVE ", "PAUSED"],
        );
    }
}
