//! From the bytes of a request body to name and value pairs.
//!
//! Two forms are read: `application/x-www-form-urlencoded` and `application/json`, both UTF-8. The
//! caller has bounded the body's size before.

use percent_encoding::percent_decode_str;

use super::error::FieldError;
use super::json;

/// A content type that submissions may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// `application/x-www-form-urlencoded`
    Form,
    /// `application/json`
    Json,
}

impl ContentType {
    /// Reads a `Content-Type` header; nothing for any other media type or another charset than
    /// UTF-8.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let (media, parameters) = header.split_once(';').unwrap_or((header, ""));
        let other_charset = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("charset")
                && !value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
        let is = |name: &str| media.trim().eq_ignore_ascii_case(name);
        if other_charset {
            None
        } else if is("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if is("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// The pairs of `body` in the order sent, decoded, names not yet checked.
///
/// # Errors
/// The body is not UTF-8, starts with a byte order mark, or does not follow its content type.
pub fn pairs(content_type: ContentType, body: &[u8]) -> Result<Vec<(String, String)>, FieldError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        FieldError::body(format!(
            "is not UTF-8 at byte {}; send UTF-8 text",
            error.valid_up_to()
        ))
    })?;
    if text.starts_with('\u{feff}') {
        return Err(FieldError::body(
            "starts with a byte order mark; send UTF-8 without one",
        ));
    }
    match content_type {
        ContentType::Json => json::pairs(text).map_err(FieldError::body),
        ContentType::Form => form(text),
    }
}

fn form(text: &str) -> Result<Vec<(String, String)>, FieldError> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)
                .ok_or_else(|| FieldError::body("holds a field name that is not UTF-8"))?;
            let value = decode(value).ok_or_else(|| {
                FieldError::new(name.clone(), "is not UTF-8 after percent-decoding")
            })?;
            Ok((name, value))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_closed() {
        for (header, expected) in [
            ("application/json", Some(ContentType::Json)),
            ("Application/JSON; charset=UTF-8", Some(ContentType::Json)),
            ("application/x-www-form-urlencoded", Some(ContentType::Form)),
            (
                "application/json;charset=\"utf-8\"",
                Some(ContentType::Json),
            ),
            ("application/json; charset=utf-16", None),
            ("text/plain", None),
            ("application/xml", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            assert_eq!(ContentType::parse(header), expected, "{header}");
        }
    }

    #[test]
    fn forms_are_decoded_once() {
        let pairs = pairs(ContentType::Form, b"a=1&b=x+y%2B%C3%A9&&c&d=%25").unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(pairs, [("a", "1"), ("b", "x y+é"), ("c", ""), ("d", "%")]);
    }

    #[test]
    fn other_encodings_are_refused_with_their_place() {
        for (content_type, body, word) in [
            (
                ContentType::Json,
                b"{\"a\":\"\xff\"}".as_slice(),
                "at byte 6",
            ),
            (ContentType::Json, b"\xef\xbb\xbf{}", "byte order mark"),
            (ContentType::Json, b"\xff\xfe{\0}\0", "at byte 0"),
            (ContentType::Json, b"{\0}\0", "not one JSON object"),
            (ContentType::Form, b"a=%ff", "not UTF-8"),
            (ContentType::Form, b"%ff=a", "name"),
        ] {
            let error = pairs(content_type, body).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }
}
