//! What a request tells besides its target: the facts that later scoring will need.
//!
//! Hot path. Reads each header once. The shape (names of the headers in order, with the values of
//! `Sec-Fetch-*` and of the purpose headers) goes into a buffer that is reused.

use std::borrow::Cow;
use std::ops::Range;

use httparse::Header;

use crate::model::click::ClickFlags;

/// Bytes of a user agent or a referrer that are kept.
pub const HEADER_BYTES_MAX: usize = 512;
/// Bytes of all headers together that are accepted.
pub const HEADERS_BYTES_MAX: usize = 8 << 10;
/// Bytes of a shape that are kept.
const SHAPE_BYTES_MAX: usize = 1_024;
/// Bytes of a header value that a shape keeps.
const SHAPE_VALUE_BYTES_MAX: usize = 32;

const NO_REFERRER: (Cow<'static, [u8]>, Cow<'static, [u8]>) =
    (Cow::Borrowed(&[]), Cow::Borrowed(&[]));

/// Why a request's head is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// No `Host`, two, or one that is no host.
    Host,
    /// `Expect` asks for something else than to continue.
    Expectation,
    /// More header bytes than are accepted.
    TooLarge,
}

/// Facts of one request.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    /// Name asked for, without its port; empty for an HTTP/1.0 request without `Host`.
    pub host: &'a [u8],
    /// At most [`HEADER_BYTES_MAX`] bytes.
    pub user_agent: &'a [u8],
    /// Origin, and origin with path, at most [`HEADER_BYTES_MAX`] bytes each. Copied only to leave
    /// a user name out, which browsers never send.
    pub referrer: (Cow<'a, [u8]>, Cow<'a, [u8]>),
    /// Prefetch, GPC, cut headers.
    pub flags: ClickFlags,
    /// Whether a body was announced.
    pub has_body: bool,
    /// Where the headers lie by which a proxy may have named the client, others between them
    /// included; empty when there are none.
    pub forwarding: Range<usize>,
}

impl<'a> Visit<'a> {
    /// Reads `headers`; leaves their shape in `shape`. `needs_host` says whether HTTP demands one.
    ///
    /// # Errors
    /// A head that HTTP or our bounds refuse.
    pub fn read(
        headers: &[Header<'a>],
        needs_host: bool,
        shape: &mut Vec<u8>,
    ) -> Result<Self, HeadError> {
        let mut outline = Outline::new(shape);
        let mut visit = Self {
            host: &[],
            user_agent: &[],
            referrer: NO_REFERRER,
            flags: ClickFlags::NONE,
            has_body: false,
            forwarding: 0..0,
        };
        let mut hosts = 0;
        let mut bytes = 0;
        for (at, Header { name, value }) in headers.iter().enumerate() {
            bytes += name.len() + value.len() + 4;
            let name = Name::of(name.as_bytes());
            outline.add(name, value);
            match name.meaning {
                Meaning::UserAgent => visit.user_agent = visit.keep(value),
                Meaning::Referrer => visit.referrer = visit.split_referrer(value),
                Meaning::Host => {
                    hosts += 1;
                    visit.host = host_name(value).ok_or(HeadError::Host)?;
                }
                Meaning::Body => visit.has_body |= value != b"0",
                Meaning::Expect if !value.eq_ignore_ascii_case(b"100-continue") => {
                    return Err(HeadError::Expectation);
                }
                Meaning::Forwarded if visit.forwarding.is_empty() => {
                    visit.forwarding = at..at + 1;
                }
                Meaning::Forwarded => visit.forwarding.end = at + 1,
                Meaning::Purpose if is_prefetch(value) => visit.flags.set(ClickFlags::PREFETCH),
                Meaning::Gpc if *value == b"1" => visit.flags.set(ClickFlags::GPC),
                Meaning::Expect
                | Meaning::Purpose
                | Meaning::Gpc
                | Meaning::Fetch
                | Meaning::Other => {}
            }
        }
        outline.lower_names();
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
    fn split_referrer(&mut self, value: &'a [u8]) -> (Cow<'a, [u8]>, Cow<'a, [u8]>) {
        let colon = memchr::memchr(b':', value).unwrap_or(value.len());
        let (scheme, after) = value.split_at_checked(colon + 3).unwrap_or_default();
        if !scheme.ends_with(b"://") {
            return NO_REFERRER;
        }
        let end = memchr::memchr3(b'/', b'?', b'#', after);
        let authority = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let user = memchr::memrchr(b'@', authority).map_or(0, |at| at + 1);
        if authority.len() == user {
            return NO_REFERRER;
        }
        let from_host = after.get(user..).unwrap_or_default();
        let host = authority.get(user..).unwrap_or_default();
        let end = memchr::memchr2(b'?', b'#', from_host).unwrap_or(from_host.len());
        let path = from_host.get(..end).unwrap_or_default();
        if user > 0 {
            let join = |rest: &[u8]| [scheme, rest].concat();
            let (mut origin, mut whole) = (join(host), join(path));
            if whole.len() > HEADER_BYTES_MAX {
                self.flags.set(ClickFlags::CUT_HEADER);
            }
            origin.truncate(HEADER_BYTES_MAX);
            whole.truncate(HEADER_BYTES_MAX);
            return (Cow::Owned(origin), Cow::Owned(whole));
        }
        let origin = value.get(..scheme.len() + host.len()).unwrap_or_default();
        let whole = value.get(..scheme.len() + path.len()).unwrap_or_default();
        (
            Cow::Borrowed(origin.get(..HEADER_BYTES_MAX).unwrap_or(origin)),
            Cow::Borrowed(self.keep(whole)),
        )
    }
}

/// What a header is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Host,
    UserAgent,
    Referrer,
    /// Announces a body, unless it is `0`.
    Body,
    Expect,
    /// Names the client behind a proxy.
    Forwarded,
    /// Says what a request is for.
    Purpose,
    /// `Sec-Fetch-*`.
    Fetch,
    Gpc,
    Other,
}

/// The name of a header, in any case of letters.
#[derive(Clone, Copy)]
struct Name<'a> {
    text: &'a [u8],
    meaning: Meaning,
}

impl<'a> Name<'a> {
    fn of(text: &'a [u8]) -> Self {
        let is = |name: &[u8]| text.eq_ignore_ascii_case(name);
        let begins = |stem: &[u8]| {
            text.get(..stem.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(stem))
        };
        let meaning = match text.len() {
            4 if is(b"host") => Meaning::Host,
            5 if is(b"x-moz") => Meaning::Purpose,
            6 if is(b"expect") => Meaning::Expect,
            7 if is(b"referer") => Meaning::Referrer,
            7 if is(b"sec-gpc") => Meaning::Gpc,
            7 if is(b"purpose") => Meaning::Purpose,
            9 if is(b"forwarded") => Meaning::Forwarded,
            9 if is(b"x-purpose") => Meaning::Purpose,
            10 if is(b"user-agent") => Meaning::UserAgent,
            11 if is(b"sec-purpose") => Meaning::Purpose,
            14 if is(b"content-length") => Meaning::Body,
            15 if is(b"x-forwarded-for") => Meaning::Forwarded,
            17 if is(b"transfer-encoding") => Meaning::Body,
            11.. if begins(b"sec-fetch-") => Meaning::Fetch,
            _ => Meaning::Other,
        };
        Self { text, meaning }
    }
}

/// The shape of a head while its headers are read.
struct Outline<'s> {
    shape: &'s mut Vec<u8>,
    /// Where names begin that are not in lower case yet; many are turned in one step.
    names: usize,
}

impl<'s> Outline<'s> {
    fn new(shape: &'s mut Vec<u8>) -> Self {
        shape.clear();
        Self { shape, names: 0 }
    }

    /// Adds one header.
    fn add(&mut self, name: Name<'_>, value: &[u8]) {
        if self.shape.len() + name.text.len() + SHAPE_VALUE_BYTES_MAX + 2 > SHAPE_BYTES_MAX {
            return;
        }
        self.shape.extend_from_slice(name.text);
        if matches!(name.meaning, Meaning::Fetch | Meaning::Purpose) {
            self.shape.push(b'=');
            self.lower_names();
            let value = value.get(..SHAPE_VALUE_BYTES_MAX).unwrap_or(value);
            self.shape.extend_from_slice(value);
            self.names = self.shape.len();
        }
        self.shape.push(b',');
    }

    fn lower_names(&mut self) {
        let names = self.shape.get_mut(self.names..);
        names.unwrap_or_default().make_ascii_lowercase();
    }
}

/// Whether the value of a header of purpose says that nobody has asked to see the page yet.
/// Chromium's values of `Sec-Purpose` begin with `prefetch`, also for a prerender.
fn is_prefetch(value: &[u8]) -> bool {
    [&b"prefetch"[..], b"prerender", b"preview"]
        .iter()
        .any(|word| {
            value
                .get(..word.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(word))
        })
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
    let in_name = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-' | b'_' | b'~' | b'[' | b']' | b':' | b'%')
    };
    let good = !name.is_empty()
        && name.iter().all(in_name)
        && port.len() <= 5
        && port.iter().all(u8::is_ascii_digit);
    good.then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers<'a, V: AsRef<[u8]> + ?Sized>(pairs: &[(&'a str, &'a V)]) -> Vec<Header<'a>> {
        let header = |pair: &(&'a str, &'a V)| Header {
            name: pair.0,
            value: pair.1.as_ref(),
        };
        pairs.iter().map(header).collect()
    }

    #[test]
    fn facts_and_shape_are_read_in_header_order() {
        let headers = headers(&[
            ("Host", "go.example:8080"),
            ("user-agent", "Mozilla/5.0"),
            ("Sec-Fetch-Mode", "navigate"),
            ("referer", "https://blog.example/a/b?q=me#x"),
            ("SEC-GPC", "1"),
        ]);
        let mut shape = Vec::new();
        let visit = Visit::read(&headers, true, &mut shape).unwrap();
        assert_eq!(visit.host, b"go.example");
        assert_eq!(visit.user_agent, b"Mozilla/5.0");
        assert_eq!(
            (&*visit.referrer.0, &*visit.referrer.1),
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
        let pairs = headers(&[("host", "a"), ("user-agent", long.as_str())]);
        let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
        assert_eq!(
            (visit.user_agent.len(), visit.flags),
            (512, ClickFlags::CUT_HEADER)
        );
        for referrer in ["", "x", "android-app:", "https://me:secret@/", "https:///x"] {
            let pairs = headers(&[("host", "a"), ("referer", referrer)]);
            let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
            assert_eq!(visit.referrer, NO_REFERRER, "{referrer}");
        }
        let pairs = headers(&[
            ("host", "a"),
            ("referer", "https://me:secret@b.example/a?x"),
        ]);
        let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
        assert_eq!(
            (&*visit.referrer.0, &*visit.referrer.1),
            (&b"https://b.example"[..], &b"https://b.example/a"[..])
        );
        let large = "x".repeat(9_000);
        let pairs = headers(&[("host", "a"), ("x", large.as_str())]);
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

    #[test]
    fn an_expectation_must_be_to_continue() {
        for (value, fine) in [
            ("100-continue", true),
            ("100-Continue", true),
            ("x", false),
            ("", false),
        ] {
            let pairs = headers(&[("host", "a"), ("expect", value)]);
            let read = Visit::read(&pairs, true, &mut Vec::new()).map(|_| ());
            let expected = if fine {
                Ok(())
            } else {
                Err(HeadError::Expectation)
            };
            assert_eq!(read, expected, "{value:?}");
        }
    }

    fn any_name() -> impl Strategy<Value = String> {
        "host|user-agent|referer|sec-purpose|purpose|x-moz|sec-gpc|expect|content-length|\
         transfer-encoding|sec-fetch-[a-z]{1,8}|[a-z][a-z0-9-]{0,20}"
    }

    proptest! {
        #[test]
        fn any_headers_are_survived_within_bounds(
            pairs in proptest::collection::vec(
                (any_name(), proptest::collection::vec(0x20_u8..=0xff, 0..700)),
                0..12,
            ),
            needs_host: bool,
        ) {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_slice()))
                .collect();
            let mut shape = Vec::new();
            if let Ok(visit) = Visit::read(&headers(&pairs), needs_host, &mut shape) {
                prop_assert!(visit.user_agent.len() <= HEADER_BYTES_MAX);
                prop_assert!(visit.referrer.1.len() <= HEADER_BYTES_MAX);
                prop_assert!(visit.referrer.1.starts_with(&visit.referrer.0));
                prop_assert!(!needs_host || !visit.host.is_empty());
            }
            prop_assert!(shape.len() <= SHAPE_BYTES_MAX);
        }

        #[test]
        fn no_user_query_or_fragment_of_a_referrer_is_kept(
            user in "[a-z:]{1,8}",
            host in "[a-z]{1,8}",
            path in "(/[a-z@]{0,5}){0,3}",
            end in "[?#][ -~]{0,9}",
        ) {
            let value = format!("https://{user}@{host}{path}{end}");
            let pairs = headers(&[("host", "a"), ("referer", value.as_str())]);
            let visit = Visit::read(&pairs, true, &mut Vec::new()).unwrap();
            prop_assert_eq!(visit.referrer.0.to_vec(), format!("https://{host}").into_bytes());
            let whole = format!("https://{host}{path}");
            prop_assert_eq!(visit.referrer.1.to_vec(), whole.into_bytes());
        }
    }
}
