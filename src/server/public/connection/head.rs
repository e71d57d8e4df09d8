//! The head of a plain request for a link, read where it lies.
//!
//! Hot path. Plain is what browsers send when a link is followed: GET or HEAD of `/c/…` over
//! HTTP/1.1, without a body and without anything that changes how the connection goes on. It is
//! read by `httparse`, the parser that hyper uses, and nothing of it is copied. Whatever is not
//! plain is left to hyper with all its rules, so that no rule of HTTP has to be known twice.

use std::mem::MaybeUninit;

use httparse::{Header, Request, Status};

/// Headers of a plain request; one with more is left to hyper.
pub const HEADERS_MAX: usize = 64;
/// Bytes of a target that are accepted.
pub const TARGET_BYTES_MAX: usize = 4 << 10;

/// Room for the headers of one request.
pub(crate) type Room<'a> = [MaybeUninit<Header<'a>>; HEADERS_MAX];

/// What the bytes of a connection begin with.
#[derive(Debug)]
pub(crate) enum Head<'r, 'a> {
    /// The beginning of a head.
    Partial,
    /// A plain request.
    Plain(Plain<'r, 'a>),
    /// Anything else.
    Other,
}

/// A plain request.
#[derive(Debug)]
pub(crate) struct Plain<'r, 'a> {
    /// By HEAD, else by GET.
    pub(crate) head: bool,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) headers: &'r [Header<'a>],
    /// Whether the client asks for the connection to end.
    pub(crate) close: bool,
    /// Bytes of the head.
    pub(crate) len: usize,
}

/// Reads what `bytes` begin with; `room` is a buffer to be reused.
pub(crate) fn read<'r, 'a>(bytes: &'a [u8], room: &'r mut Room<'a>) -> Head<'r, 'a> {
    let mut request = Request::new(&mut []);
    let len = match request.parse_with_uninit_headers(bytes, room) {
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Head::Partial,
        Err(_) => return Head::Other,
    };
    let head = match request.method {
        Some("GET") => false,
        Some("HEAD") => true,
        _ => return Head::Other,
    };
    let target = request.path.unwrap_or_default();
    let is_link = target.starts_with("/c/") && target.len() <= TARGET_BYTES_MAX;
    // Without an early end, many bytes are looked at in one step.
    let all_plain = target.bytes().fold(true, |all, byte| all & is_plain(byte));
    if request.version != Some(1) || !is_link || !all_plain {
        return Head::Other;
    }
    let mut close = false;
    for header in request.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        match header.name.len() {
            6 if is("expect") => return Head::Other,
            7 if is("upgrade") => return Head::Other,
            10 if is("connection") => {
                if header.value.eq_ignore_ascii_case(b"close") {
                    close = true;
                } else if !header.value.eq_ignore_ascii_case(b"keep-alive") {
                    return Head::Other;
                }
            }
            14 if is("content-length") => return Head::Other,
            17 if is("transfer-encoding") => return Head::Other,
            _ => {}
        }
    }
    Head::Plain(Plain {
        head,
        target,
        headers: request.headers,
        close,
        len,
    })
}

/// Whether a byte of a target means the same to everybody (RFC 3986, 2 and 3.4).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "GET /c/1/2/3?subId1=a%20b HTTP/1.1\r\nHost: go.example\r\n\
                          User-Agent: Mozilla/5.0\r\nConnection: keep-alive\r\n\r\n";

    /// What `bytes` begin with, in words.
    fn kind(bytes: &[u8]) -> String {
        match read(bytes, &mut [const { MaybeUninit::uninit() }; HEADERS_MAX]) {
            Head::Partial => "partial".to_owned(),
            Head::Other => "other".to_owned(),
            Head::Plain(plain) => format!(
                "{} {} {} {} {}",
                if plain.head { "HEAD" } else { "GET" },
                plain.target,
                plain.headers.len(),
                if plain.close { "close" } else { "keep" },
                bytes.len() - plain.len
            ),
        }
    }

    #[test]
    fn a_browser_following_a_link_is_plain() {
        assert_eq!(
            kind(CHROME.as_bytes()),
            "GET /c/1/2/3?subId1=a%20b 3 keep 0"
        );
        assert_eq!(
            kind(b"HEAD /c/x HTTP/1.1\r\nConnection: Close\r\n\r\nGET"),
            "HEAD /c/x 1 close 3"
        );
        for end in 0..CHROME.len() {
            assert_eq!(kind(&CHROME.as_bytes()[..end]), "partial", "{end}");
        }
    }

    #[test]
    fn whatever_needs_a_rule_of_http_is_not_plain() {
        let long = format!("/c/{}", "x".repeat(TARGET_BYTES_MAX));
        for line in [
            "POST /c/1/2/3 HTTP/1.1",
            "GET /c/1/2/3 HTTP/1.0",
            "GET http://go.example/c/1/2/3 HTTP/1.1",
            "GET /robots.txt HTTP/1.1",
            "GET /c/1/2/3?a=\u{e9} HTTP/1.1",
            "GET /c/1/2/3?a=b#c HTTP/1.1",
            "GET /c/1/2/3?a={b} HTTP/1.1",
            "GET /c/1/2/3?a=\\b HTTP/1.1",
            &format!("GET {long} HTTP/1.1"),
            "GET /c/1/2/3 HTTP/1.1\r\nContent-Length: 0",
            "GET /c/1/2/3 HTTP/1.1\r\ntransfer-encoding: chunked",
            "GET /c/1/2/3 HTTP/1.1\r\nEXPECT: 100-continue",
            "GET /c/1/2/3 HTTP/1.1\r\nUpgrade: h2c",
            "GET /c/1/2/3 HTTP/1.1\r\nConnection: keep-alive, Upgrade",
            "GET /c/1/2/3 HTTP/1.1\r\nHost : a",
            "GET /c/1/2/3 HTTP/1.1\r\nX: a\r\n b",
            "PRI * HTTP/2.0",
        ] {
            assert_eq!(
                kind(format!("{line}\r\n\r\n").as_bytes()),
                "other",
                "{line}"
            );
        }
        let many = "X: y\r\n".repeat(HEADERS_MAX + 1);
        assert_eq!(
            kind(format!("GET /c/1 HTTP/1.1\r\n{many}\r\n").as_bytes()),
            "other"
        );
    }
}
