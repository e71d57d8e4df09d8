//! Values that several entities share: their defaults, and dates.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::terms::{LockingDays, LockingDoc};

pub(super) fn active() -> String {
    "ACTIVE".to_owned()
}

pub(super) fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
pub(super) fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
pub(super) fn is_no(value: &bool) -> bool {
    !*value
}

/// Reads a date written as text or as a TOML date.
pub(super) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(DateText)
}

pub(super) fn maybe_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    date(deserializer).map(Some)
}

struct DateText;

impl<'de> Visitor<'de> for DateText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date such as 2026-01-31 or an instant such as 2026-01-31T12:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        toml::value::Datetime::deserialize(de::value::MapAccessDeserializer::new(map))
            .map(|date| date.to_string())
    }
}

impl<'de> Deserialize<'de> for LockingDoc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LockingText)
    }
}

struct LockingText;

impl<'de> Visitor<'de> for LockingText {
    type Value = LockingDoc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"OPEN\" or { months = 1, days = 0 }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LockingDoc, E> {
        Ok(LockingDoc::Word(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LockingDoc, A::Error> {
        LockingDays::deserialize(de::value::MapAccessDeserializer::new(map)).map(LockingDoc::After)
    }
}
