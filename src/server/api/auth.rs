//! Who asks: the `Authorization` header, and tokens in places where they must not be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;

use super::keys::token_id;

/// Longest `Authorization` value that is read, in bytes.
const HEADER_BYTES_MAX: usize = 1024;

/// Names of query parameters that carry secrets in other APIs.
const SECRET_NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "auth_token",
    "authtoken",
    "authorization",
    "password",
    "token",
];

/// User name and password of HTTP Basic, when there is exactly one such header.
#[must_use]
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() || value.len() > HEADER_BYTES_MAX {
        return None;
    }
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Whether a query string carries an auth token: by the token's form, or by a name that other
/// APIs use for one.
#[must_use]
pub fn holds_token(query: &str) -> bool {
    query.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8_lossy();
        let secret_name = SECRET_NAMES
            .iter()
            .any(|secret| secret.eq_ignore_ascii_case(name));
        secret_name || token_id(value.trim()).is_some()
    })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        basic(&headers)
    }

    #[test]
    fn basic_credentials_are_read() {
        let expected = Some(("user".to_owned(), "pass:word".to_owned()));
        let encoded = STANDARD.encode("user:pass:word");
        assert_eq!(read(&[&format!("Basic {encoded}")]), expected);
        assert_eq!(read(&[&format!("bAsIc  {encoded}")]), expected);
    }

    #[test]
    fn anything_else_is_nobody() {
        let good = format!("Basic {}", STANDARD.encode("a:b"));
        let long = format!(
            "Basic {}",
            STANDARD.encode("a:".to_owned() + &"b".repeat(1024))
        );
        let bytes = format!("Basic {}", STANDARD.encode(b"\xff:b"));
        let no_colon = format!("Basic {}", STANDARD.encode("ab"));
        for values in [
            &[][..],
            &[""],
            &["Basic"],
            &["Basic !!!"],
            &["Bearer abc"],
            &[&no_colon],
            &[&bytes],
            &[&long],
            &[&good, &good],
        ] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }

    #[test]
    fn tokens_in_queries_are_seen() {
        let token = format!("ck_0123abcd_{}", "A".repeat(43));
        for query in [
            format!("x={token}"),
            format!("a=1&b=%63k_0123abcd_{}", "A".repeat(43)),
            "AuthToken=secret".to_owned(),
            "token".to_owned(),
        ] {
            assert!(holds_token(&query), "{query}");
        }
        for query in ["", "a=1", "SUBAID=ck_1", "a=ck_0123abcd_short"] {
            assert!(!holds_token(query), "{query}");
        }
    }
}
