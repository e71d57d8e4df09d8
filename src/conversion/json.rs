//! A JSON body as name and value pairs.
//!
//! The body is one object. Strings lose their quotes, numbers and booleans keep the very text that
//! was sent (so an amount never passes through binary floating point), `null` is as if the field
//! was absent, and nested values keep their text without the white space between tokens. Depth is
//! checked by a scan before the parser runs, and the parser skips nested values without
//! recursion, so depth costs no stack.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest nesting of a body, the outer object included.
pub(super) const DEPTH_MAX: usize = 16;

/// The pairs of one object in the order sent, names not yet checked for repeats.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields, such as {\"CampaignId\": 1000}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Reads the pairs of `text`.
///
/// # Errors
/// A sentence that says what is wrong: not one JSON object, text after it, or too deep.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    if depth(text) > DEPTH_MAX {
        return Err(format!("the JSON is nested deeper than {DEPTH_MAX} levels"));
    }
    let Pairs(raw) =
        serde_json::from_str(text).map_err(|error| format!("not one JSON object: {error}"))?;
    let mut pairs = Vec::with_capacity(raw.len());
    for (name, value) in raw {
        if let Some(value) = value_text(value.get())? {
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

/// The text of one value; nothing for `null`.
fn value_text(raw: &str) -> Result<Option<String>, String> {
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw)
            .map(Some)
            .map_err(|error| format!("not valid JSON: {error}")),
        Some(b'{' | b'[') => Ok(Some(compact(raw))),
        _ if raw == "null" => Ok(None),
        _ => Ok(Some(raw.to_owned())),
    }
}

/// Walks `text` and tells `f` each byte and whether it lies in a string.
fn scan(text: &str, mut f: impl FnMut(char, bool)) {
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        let was_inside = inside;
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
        f(c, was_inside);
    }
}

/// Deepest nesting of objects and arrays, whether or not the text is valid.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    scan(text, |c, inside| match c {
        '{' | '[' if !inside => {
            now += 1;
            deepest = deepest.max(now);
        }
        '}' | ']' if !inside => now = now.saturating_sub(1),
        _ => {}
    });
    deepest
}

/// `text` without white space outside strings.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    scan(text, |c, inside| {
        if inside || !c.is_ascii_whitespace() {
            out.push(c);
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        pairs(text).unwrap()
    }

    #[test]
    fn numbers_keep_the_text_that_was_sent() {
        let pairs =
            read(r#"{"a": 0.10, "b": 1e2, "c": -5, "d": true, "e": 12345678901234567890123}"#);
        let values: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(
            values,
            ["0.10", "1e2", "-5", "true", "12345678901234567890123"]
        );
    }

    #[test]
    fn nulls_are_absent_and_nested_values_are_compacted() {
        let pairs = read(r#"{"a": null, "b": [1, {"x y": " \" z"}], "c": "\u00e9\n"}"#);
        assert_eq!(
            pairs,
            [
                ("b".to_owned(), r#"[1,{"x y":" \" z"}]"#.to_owned()),
                ("c".to_owned(), "é\n".to_owned())
            ]
        );
    }

    #[test]
    fn only_one_whole_object_is_read() {
        for text in [
            "",
            "null",
            "[]",
            "\"x\"",
            "1",
            "{",
            "{\"a\":1",
            "{\"a\":1} x",
            "{}{}",
            "{a:1}",
            "{\"a\":NaN}",
            "{\"a\":01}",
            "{\"a\":1,}",
            "{\"a\":\"\\ud800\"}",
            "\u{feff}{}",
        ] {
            assert!(pairs(text).is_err(), "{text}");
        }
        assert_eq!(read("{}"), []);
    }

    #[test]
    fn depth_is_bounded_without_stack() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\":{}{}}}",
                "[".repeat(levels - 1),
                "]".repeat(levels - 1)
            )
        };
        assert!(pairs(&nested(16)).is_ok());
        assert!(pairs(&nested(17)).unwrap_err().contains("16 levels"));
        assert!(pairs(&"[".repeat(60_000)).is_err());
        assert!(pairs(r#"{"a": "[[[[[[[[[[[[[[[[[[[[[\"[[[["}"#).is_ok());
    }
}
