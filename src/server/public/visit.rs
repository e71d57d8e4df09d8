//! What a request tells besides its target: the facts that later scoring will need.
//!
//! Hot path. Reads each header once. The shape (names of the headers in order, with the values of
//! `Sec-Fetch-*` and of the purpose headers) goes into a buffer that is reused.

use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, REFERER, TRANSFER_ENCODING, USER_AGENT};

use crate::model::click::ClickFlags;

/// Bytes of a user agent or a referrer that are kept.
pub const HEADER_BYTES_MAX: usize = 512;
/// Bytes of all headers together that are accepted.
pub const HEADERS_BYTES_MAX: usize = 8 << 10;
/// Bytes of a shape that are kept.
const SHAPE_BYTES_MAX: usize = 1_024;
/// Bytes of a header value that a shape keeps.
const SHAPE_VALUE_BYTES_MAX: usize = 32;

/// Why a request's head is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// No `Host`, two, or one that is no host.
    Host,
    /// More header bytes than are accepted.
    TooLarge,
}

/// Facts of one request.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// Name asked for, without its port; empty for an HTTP/1.0 request without `Host`.
    pub host: &'a [u8],
    /// At most [`HEADER_BYTES_MAX`] bytes.
    pub user_agent: &'a [u8],
    /// Origin and path, at most [`HEADER_BYTES_MAX`] bytes.
    pub referrer: (&'a [u8], &'a [u8]),
    /// Prefetch, GPC, cut headers.
    pub flags: ClickFlags,
    /// Whether a body was announced.
    pub has_body: bool,
}

impl<'a> Visit<'a> {
    /// Reads `headers`; leaves their shape in `shape`. `needs_host` says whether HTTP demands one.
    ///
    /// # Errors
    /// A head that HTTP or our bounds refuse.
    pub fn read(
        headers: &'a HeaderMap,
        needs_host: bool,
        shape: &mut Vec<u8>,
    ) -> Result<Self, HeadError> {
        shape.clear();
        let mut visit = Self {
            host: &[],
            user_agent: &[],
            referrer: (&[], &[]),
            flags: ClickFlags::NONE,
            has_body: false,
        };
        let mut hosts = 0;
        let mut bytes = 0;
        for (name, value) in headers {
            let text = name.as_str();
            let value = value.as_bytes();
            bytes += text.len() + value.len() + 4;
            outline(shape, text, value);
            if name == USER_AGENT {
                visit.user_agent = visit.keep(value);
            } else if name == REFERER {
                visit.referrer = visit.split_referrer(value);
            } else if name == HOST {
                hosts += 1;
                visit.host = host_name(value).ok_or(HeadError::Host)?;
            } else if name == TRANSFER_ENCODING || (name == CONTENT_LENGTH && value != b"0") {
                visit.has_body = true;
            } else if is_prefetch(text, value) {
                visit.flags.set(ClickFlags::PREFETCH);
            } else if text == "sec-gpc" && value == b"1" {
                visit.flags.set(ClickFlags::GPC);
            }
        }
        if bytes > HEADERS_BYTES_MAX {
            return Err(HeadError::TooLarge);
        }
        if hosts > 1 || (hosts == 0 && needs_host) {
            return Err(HeadError::Host);
        }
        Ok(visit)
    }

    fn keep(&mut self, value: &'a [u8]) -> &'a [u8] {
        match value.get(..HEADER_BYTES_MAX) {
            Some(head) if value.len() > HEADER_BYTES_MAX => {
                self.flags.set(ClickFlags::CUT_HEADER);
                head
            }
            _ => value,
        }
    }

    /// Origin and path of a referrer. Its user, query and fragment may name a person, so they are
    /// dropped here and never stored.
    fn split_referrer(&mut self, value: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let Some(at) = memchr::memmem::find(value, b"://") else {
            return (&[], &[]);
        };
        let (_, after) = value.split_at_checked(at + 3).unwrap_or_default();
        let end = after
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let authority = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        if authority.is_empty() || authority.contains(&b'@') {
            return (&[], &[]);
        }
        let origin = value.get(..at + 3 + authority.len()).unwrap_or_default();
        let rest = after.get(authority.len()..).unwrap_or_default();
        let path = rest
            .split(|byte| matches!(byte, b'?' | b'#'))
            .next()
            .unwrap_or_default();
        let whole = value.get(..origin.len() + path.len()).unwrap_or_default();
        (
            origin.get(..HEADER_BYTES_MAX).unwrap_or(origin),
            self.keep(whole),
        )
    }
}

/// Appends one header to the shape.
fn outline(shape: &mut Vec<u8>, name: &str, value: &[u8]) {
    if shape.len() + name.len() + SHAPE_VALUE_BYTES_MAX + 2 > SHAPE_BYTES_MAX {
        return;
    }
    shape.extend_from_slice(name.as_bytes());
    if name.starts_with("sec-fetch-") || matches!(name, "sec-purpose" | "purpose" | "x-moz") {
        shape.push(b'=');
        shape.extend_from_slice(value.get(..SHAPE_VALUE_BYTES_MAX).unwrap_or(value));
    }
    shape.push(b',');
}

/// Whether a header says that nobody has asked to see the page yet. Chromium's values of
/// `Sec-Purpose` begin with `prefetch`, also for a prerender.
fn is_prefetch(name: &str, value: &[u8]) -> bool {
    let begins = |word: &[u8]| {
        value
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    match name {
        "sec-purpose" | "purpose" | "x-purpose" => {
            begins(b"prefetch") || begins(b"prerender") || begins(b"preview")
        }
        "x-moz" => begins(b"prefetch"),
        _ => false,
    }
}

/// The name in a `Host` value, without its port.
fn host_name(value: &[u8]) -> Option<&[u8]> {
    let (name, port) = match value.iter().rposition(|byte| *byte == b':') {
        Some(at) if value.last() != Some(&b']') => {
            let (name, port) = value.split_at_checked(at)?;
            (name, port.get(1..)?)
        }
        _ => (value, &[][..]),
    };
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_~[]:%".contains(byte);
    let good = !name.is_empty()
        && name.iter().all(in_name)
        && port.len() <= 5
        && port.iter().all(u8::is_ascii_digit);
    good.then_some(name)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn facts_and_shape_are_read_in_header_order() {
        let headers = headers(&[
            ("host", "go.example:8080"),
            ("user-agent", "Mozilla/5.0"),
            ("sec-fetch-mode", "navigate"),
            ("referer", "https://blog.example/a/b?q=me#x"),
            ("sec-gpc", "1"),
        ]);
        let mut shape = Vec::new();
        let visit = Visit::read(&headers, true, &mut shape).unwrap();
        assert_eq!(visit.host, b"go.example");
        assert_eq!(visit.user_agent, b"Mozilla/5.0");
        assert_eq!(
            visit.referrer,
            (
                &b"https://blog.example"[..],
                &b"https://blog.example/a/b"[..]
            )
        );
        assert_eq!(visit.flags, ClickFlags::GPC);
        assert_eq!(
            shape,
            b"host,user-agent,sec-fetch-mode=navigate,referer,sec-gpc,"
        );
        assert!(!visit.has_body);
    }

    #[test]
    fn prefetches_are_noticed_however_they_say_it() {
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
            ("x-purpose", "preview"),
        ] {
            let headers = headers(&[("host", "a"), (name, value)]);
            let visit = Visit::read(&headers, true, &mut Vec::new()).unwrap();
            assert_eq!(visit.flags, ClickFlags::PREFETCH, "{name}: {value}");
        }
    }

    #[test]
    fn a_host_must_be_there_once_and_be_one() {
        let read = |pairs: &[(&str, &str)], needs: bool| {
            Visit::read(&headers(pairs), needs, &mut Vec::new()).map(|visit| visit.host.to_vec())
        };
        assert_eq!(read(&[], true), Err(HeadError::Host));
        assert_eq!(read(&[], false), Ok(Vec::new()));
        assert_eq!(
            read(&[("host", "a"), ("host", "a")], true),
            Err(HeadError::Host)
        );
        for bad in ["", "a:b", "a:123456", "a b", "a/b", ":80", "a@b", "a,b"] {
            assert_eq!(read(&[("host", bad)], true), Err(HeadError::Host), "{bad}");
        }
        for (host, name) in [
            ("a", "a"),
            ("A.b:80", "A.b"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
        ] {
            assert_eq!(read(&[("host", host)], true), Ok(name.as_bytes().to_vec()));
        }
    }

    #[test]
    fn long_and_odd_headers_are_cut_or_left_out() {
        let long = "x".repeat(600);
        let pairs = headers(&[("host", "a"), ("user-agent", &long)]);
        let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
        assert_eq!(
            (visit.user_agent.len(), visit.flags),
            (512, ClickFlags::CUT_HEADER)
        );
        for referrer in [
            "",
            "x",
            "android-app:",
            "https://me:secret@blog.example/",
            "https:///x",
        ] {
            let pairs = headers(&[("host", "a"), ("referer", referrer)]);
            let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
            assert_eq!(visit.referrer, (&[][..], &[][..]), "{referrer}");
        }
        let pairs = headers(&[("host", "a"), ("x", &"x".repeat(9_000))]);
        assert!(matches!(
            Visit::read(&pairs, true, &mut Vec::new()),
            Err(HeadError::TooLarge)
        ));
        let many: Vec<_> = (0..200).map(|n| format!("x-{n}")).collect();
        let pairs = headers(
            &many
                .iter()
                .map(|name| (name.as_str(), ""))
                .collect::<Vec<_>>(),
        );
        let mut shape = Vec::new();
        assert!(Visit::read(&pairs, false, &mut shape).is_ok());
        assert!(shape.len() <= SHAPE_BYTES_MAX);
    }

    #[test]
    fn a_body_is_noticed() {
        for (name, value, has_body) in [
            ("content-length", "0", false),
            ("content-length", "5", true),
            ("transfer-encoding", "chunked", true),
        ] {
            let pairs = headers(&[("host", "a"), (name, value)]);
            assert_eq!(
                Visit::read(&pairs, true, &mut Vec::new()).unwrap().has_body,
                has_body
            );
        }
    }
}
