//! Texts with units: durations and byte sizes.

use std::time::Duration;

/// Units of durations, in milliseconds.
const TIMES: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// Units of sizes, in bytes.
const SIZES: &[(&str, u64)] = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("B", 1),
];

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuantityError {
    #[error("has no unit")]
    Unit,
    #[error("is no whole number with a unit")]
    Number,
    #[error("is too large")]
    Overflow,
}

/// A duration such as `50ms`.
pub(super) fn duration(text: &str) -> Result<Duration, QuantityError> {
    quantity(text, TIMES).map(Duration::from_millis)
}

/// A size in bytes such as `384MiB`.
pub(super) fn size(text: &str) -> Result<u64, QuantityError> {
    quantity(text, SIZES)
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Result<u64, QuantityError> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, suffix) = text.split_at_checked(end).ok_or(QuantityError::Number)?;
    if digits.is_empty() {
        return Err(QuantityError::Number);
    }
    if suffix.is_empty() {
        return Err(QuantityError::Unit);
    }
    let unit = units.iter().find(|(name, _)| *name == suffix);
    let (_, unit) = unit.ok_or(QuantityError::Number)?;
    let count: u64 = digits.parse().map_err(|_| QuantityError::Overflow)?;
    count.checked_mul(*unit).ok_or(QuantityError::Overflow)
}

/// A duration in its largest whole unit.
pub(super) fn duration_text(duration: Duration) -> String {
    text(
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        TIMES,
    )
}

/// A size in its largest whole unit.
pub(super) fn size_text(bytes: u64) -> String {
    text(bytes, SIZES)
}

fn text(value: u64, units: &[(&str, u64)]) -> String {
    let fits = units
        .iter()
        .filter(|(_, unit)| value > 0 && value.is_multiple_of(*unit));
    match fits.max_by_key(|(_, unit)| *unit) {
        Some((name, unit)) => format!("{}{name}", value / unit),
        None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_back_as_they_are_shown() {
        for (written, millis) in [
            ("50ms", 50),
            ("10s", 10_000),
            ("75s", 75_000),
            ("2d", 172_800_000),
        ] {
            assert_eq!(
                duration(written),
                Ok(Duration::from_millis(millis)),
                "{written}"
            );
            assert_eq!(duration_text(Duration::from_millis(millis)), written);
        }
        for (written, bytes) in [
            ("1B", 1),
            ("64KiB", 65_536),
            ("384MiB", 384 << 20),
            ("2GiB", 2 << 30),
        ] {
            assert_eq!(size(written), Ok(bytes), "{written}");
            assert_eq!(size_text(bytes), written);
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, error) in [
            ("", QuantityError::Number),
            ("10", QuantityError::Unit),
            ("s", QuantityError::Number),
            ("-10s", QuantityError::Number),
            ("+10s", QuantityError::Number),
            ("1.5s", QuantityError::Number),
            ("10 s", QuantityError::Number),
            ("10S", QuantityError::Number),
            ("10sec", QuantityError::Number),
            ("10é", QuantityError::Number),
            ("99999999999999999999s", QuantityError::Overflow),
            ("18446744073709551615s", QuantityError::Overflow),
        ] {
            assert_eq!(duration(text), Err(error), "{text}");
        }
        for (text, error) in [
            ("384", QuantityError::Unit),
            ("384MB", QuantityError::Number),
            ("384mib", QuantityError::Number),
            ("0x10B", QuantityError::Number),
            ("17179869184GiB", QuantityError::Overflow),
        ] {
            assert_eq!(size(text), Err(error), "{text}");
        }
    }
}
