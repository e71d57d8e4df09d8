//! How answers are printed.

use std::io::Write;

use serde_json::Value;

use super::Failure;

/// Exit code when stored figures and events differ.
const EXIT_DIFFERS: u8 = 65;

/// Texts longer than this have a line of their own in a list.
const WORD_MAX: usize = 40;

/// A string without quotes; anything else as JSON.
#[must_use]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// What an apply brought into force.
///
/// # Errors
/// `out` can't be written.
pub fn catalog(out: &mut dyn Write, answer: &Value) -> Result<(), Failure> {
    writeln!(
        out,
        "catalogue version {}: {} brands, {} programs, {} partners, {} contracts",
        answer["version"],
        answer["brands"],
        answer["programs"],
        answer["partners"],
        answer["contracts"]
    )?;
    Ok(())
}

/// The list of keys.
///
/// # Errors
/// `out` can't be written.
pub fn keys(out: &mut dyn Write, answer: &Value) -> Result<(), Failure> {
    writeln!(
        out,
        "{:<10} {:<16} {:<12} {:<32} {:<26} revoked",
        "id", "account", "of", "scopes", "created"
    )?;
    for key in answer["keys"].as_array().into_iter().flatten() {
        let scopes: Vec<&str> = key["scopes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let may = if key["signs"] == true {
            "signs requests".to_owned()
        } else {
            scopes.join(",")
        };
        let of = match &key["partner"] {
            Value::Null => "brand".to_owned(),
            partner => format!("partner {}", text(partner)),
        };
        let revoked = key["revoked"].as_str().unwrap_or("-");
        writeln!(
            out,
            "{:<10} {:<16} {of:<12} {:<32} {:<26} {revoked}",
            text(&key["id"]),
            text(&key["account"]),
            may,
            text(&key["created"]),
        )?;
    }
    Ok(())
}

/// A JSON value as indented `name: value` lines; what is null is left out.
///
/// # Errors
/// `out` can't be written.
pub fn tree(out: &mut dyn Write, value: &Value) -> Result<(), Failure> {
    branch(out, value, 0)?;
    Ok(())
}

fn branch(out: &mut dyn Write, value: &Value, depth: usize) -> std::io::Result<()> {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter().filter(|(_, field)| !field.is_null()) {
                let name = name.replace('_', " ");
                if is_branch(field) {
                    writeln!(out, "{indent}{name}:")?;
                    branch(out, field, depth + 1)?;
                } else {
                    writeln!(out, "{indent}{name}: {}", leaf(field))?;
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_branch(item) {
                    writeln!(out, "{indent}-")?;
                    branch(out, item, depth + 1)?;
                } else {
                    writeln!(out, "{indent}- {}", leaf(item))?;
                }
            }
        }
        other => writeln!(out, "{indent}{}", leaf(other))?,
    }
    Ok(())
}

fn is_branch(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => items.iter().any(|item| match item {
            Value::String(text) => text.len() > WORD_MAX,
            other => other.is_object() || other.is_array(),
        }),
        _ => false,
    }
}

/// One line. Stored text may hold anything, so control characters are escaped.
fn leaf(value: &Value) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(leaf).collect::<Vec<_>>().join(", "),
        Value::String(text) => text
            .chars()
            .flat_map(|c| {
                let escaped: Box<dyn Iterator<Item = char>> = if c.is_control() {
                    Box::new(c.escape_default())
                } else {
                    Box::new(std::iter::once(c))
                };
                escaped
            })
            .collect(),
        other => other.to_string(),
    }
}

/// What `verify` found, as JSON, and whether everything agrees.
///
/// # Errors
/// `out` can't be written.
pub fn verify(out: &mut dyn Write, answer: &Value) -> Result<u8, Failure> {
    let pretty = serde_json::to_string_pretty(answer)
        .map_err(|error| Failure::new(75, error.to_string()))?;
    writeln!(out, "{pretty}")?;
    Ok(if answer["clean"] == Value::Bool(true) {
        0
    } else {
        EXIT_DIFFERS
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_shown_as_lines() {
        let mut out = Vec::new();
        let answer = json!({
            "landing_page": "https://b.example/\u{1b}[31m",
            "flags": [],
            "why": null,
            "attempts": [{ "code": 1 }],
        });
        tree(&mut out, &answer).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "landing page: https://b.example/\\u{1b}[31m\nflags: none\n\
             attempts:\n  -\n    code: 1\n"
        );
    }
}
