//! Which deep links are followed.
//!
//! Hot path. One parser decides and only what it serialised is ever emitted: the `url` crate, which
//! follows WHATWG's rules as browsers do. Checked in the order of OWASP's advice on unvalidated
//! redirects: an allow-list of hosts, never a deny-list. Because parsing allocates, the answers
//! are kept: a link seen before costs one hash probe.

use ahash::AHashMap;
use url::{Host, Url};

use crate::catalog::snapshot::{DeepLinks, HostRule, Landing, Program};
use crate::link::percent;
use crate::model::id::CatalogVersion;

/// Longest deep link, decoded once, in bytes.
pub const BYTES_MAX: usize = 2_048;
/// Answers kept in one of the two generations.
pub const GENERATION_MAX: usize = 4_096;

/// Answers to deep links of one catalogue version.
#[derive(Debug, Default)]
pub struct DeepLinkCache {
    version: CatalogVersion,
    young: AHashMap<Box<[u8]>, Option<Landing>>,
    old: AHashMap<Box<[u8]>, Option<Landing>>,
    /// The key at hand: program, then the raw value.
    key: Vec<u8>,
}

impl DeepLinkCache {
    /// Forgets what another catalogue version permitted.
    pub fn set_version(&mut self, version: CatalogVersion) {
        if self.version != version {
            self.version = version;
            self.young.clear();
            self.old.clear();
        }
    }

    /// Where the raw value `raw` of `u` leads in `program`; `None` if it must not be followed.
    pub fn check(&mut self, program: &Program, raw: &str) -> Option<&Landing> {
        self.key.clear();
        self.key.extend_from_slice(&program.id.0.to_be_bytes());
        self.key.extend_from_slice(raw.as_bytes());
        if !self.young.contains_key(self.key.as_slice()) {
            let answer = match self.old.remove(self.key.as_slice()) {
                Some(answer) => answer,
                None => resolve(&program.deep_links, raw),
            };
            if self.young.len() >= GENERATION_MAX {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(self.key.as_slice().into(), answer);
        }
        self.young.get(self.key.as_slice())?.as_ref()
    }
}

/// Decodes, checks and serialises the raw value of `u`.
#[must_use]
pub fn resolve(permitted: &DeepLinks, raw: &str) -> Option<Landing> {
    if !permitted.allowed || !whole_escapes(raw.as_bytes()) {
        return None;
    }
    let mut decoded = Vec::with_capacity(raw.len());
    percent::decode(raw.as_bytes(), &mut decoded);
    let text = std::str::from_utf8(&decoded).ok()?;
    if text.len() > BYTES_MAX || text.chars().any(is_unsafe) || text.trim() != text {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    if !(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")) {
        return None;
    }
    // No user, port, address in brackets or escape may stand before the path; an empty host would
    // let the parser take it from the path.
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.is_empty() || authority.contains(['@', ':', '%', '[', ']']) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    // The parser takes other characters for a dot; a host split by them was not meant to be read.
    let dots = |name: &str| name.bytes().filter(|byte| *byte == b'.').count();
    if !plain || host.ends_with('.') || dots(host) != dots(authority) || !permits(permitted, host) {
        return None;
    }
    Some(Landing::new(url.as_str()))
}

/// Whether the list permits `host`. A name in punycode can look like another one, so it must be
/// listed as it is.
fn permits(permitted: &DeepLinks, host: &str) -> bool {
    let punycode = host.split('.').any(|label| label.starts_with("xn--"));
    permitted.permit(host)
        && (!punycode
            || permitted
                .hosts
                .iter()
                .any(|rule| *rule == HostRule::Exact(host.into())))
}

/// Bytes that parsers disagree on or drop silently.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\\' | '\u{2028}' | '\u{2029}')
}

/// Whether every `%` begins an escape.
fn whole_escapes(raw: &[u8]) -> bool {
    memchr::memchr_iter(b'%', raw).all(|at| {
        let digits = raw.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn permitted() -> DeepLinks {
        DeepLinks {
            allowed: true,
            hosts: vec![
                HostRule::Exact("brand.example".into()),
                HostRule::Below("shop.example".into()),
                HostRule::Exact("xn--bcher-kva.example".into()),
            ],
        }
    }

    /// The URL that a decoded value leads to.
    fn leads(text: &str) -> Option<String> {
        let mut raw = Vec::new();
        percent::encode(text.as_bytes(), &mut raw);
        let raw = String::from_utf8(raw).unwrap();
        resolve(&permitted(), &raw).map(|landing| landing.url.into())
    }

    #[test]
    fn listed_hosts_are_followed_in_serialised_form() {
        for (text, url) in [
            ("https://brand.example", "https://brand.example/"),
            (
                "HTTPS://Brand.Example/p?x=1&y=2#top",
                "https://brand.example/p?x=1&y=2#top",
            ),
            ("http://a.b.shop.example/", "http://a.b.shop.example/"),
            (
                "https://brand.example/a/../%2e%2e/admin",
                "https://brand.example/admin",
            ),
            (
                "https://brand.example/é?q=ü",
                "https://brand.example/%C3%A9?q=%C3%BC",
            ),
            ("https://bücher.example/", "https://xn--bcher-kva.example/"),
            ("https://brand.example/a b", "https://brand.example/a%20b"),
            ("https://brand.example/a%2Fb", "https://brand.example/a%2Fb"),
        ] {
            assert_eq!(leads(text).as_deref(), Some(url), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "x",
            "//evil.example",
            "/\\evil.example",
            "https:\\\\brand.example",
            "https:brand.example",
            "https:/brand.example",
            "https:///brand.example",
            "https://brand.example@evil.example",
            "https://brand.example:x@evil.example",
            "https://evil.example#@brand.example",
            "https://evil.example?@brand.example",
            "https://evil.example\\@brand.example",
            "https://brand.example\\@evil.example",
            "https://brand.example.evil.example",
            "https://evilbrand.example",
            "https://shop.example/",
            "https://evilshop.example/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://brand.example/x",
            "file:///etc/passwd",
            "intent://brand.example",
            "about:blank",
            "ftp://brand.example/",
            "https://brand.example/\r\nSet-Cookie:x",
            "https://bra\tnd.example/",
            "https://bra\nnd.example/",
            "https://brand.example/\0",
            " https://brand.example/",
            "https://brand.example/ ",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://127.0.0.1/",
            "https://169.254.169.254/",
            "https://xn--e1awd7f.shop.example/",
            "https://brаnd.example/",
            "https://brand。example/",
            "https://brand.example./",
            "https://brand.example:22/",
            "https://brand.example:443/",
            "https://brand.example:/",
            "https://brand.example:99999/",
            "https://%62rand.example/",
            "https://user@brand.example/",
            "https://brand.example\u{2028}/",
            "https://brand.example/\u{85}",
        ] {
            assert_eq!(leads(text), None, "{text:?}");
        }
        assert!(leads(&format!("https://brand.example/{}", "a".repeat(BYTES_MAX))).is_none());
    }

    #[test]
    fn a_raw_value_is_decoded_once_and_must_be_whole() {
        let leads = |raw: &str| resolve(&permitted(), raw).map(|landing| String::from(landing.url));
        assert_eq!(
            leads("https%3A%2F%2Fbrand.example").as_deref(),
            Some("https://brand.example/")
        );
        assert_eq!(
            leads("https://brand.example/p?x=1").as_deref(),
            Some("https://brand.example/p?x=1")
        );
        for raw in [
            "https%253A%252F%252Fbrand.example",
            "https://brand.example/%",
            "https://brand.example/%2",
            "https://brand.example/%zz",
            "https://brand.example/%C3%28",
            "https://brand.example/%ED%A0%80",
            "https://brand.example/%0d%0aSet-Cookie:x",
        ] {
            assert_eq!(leads(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_switched_off_program_follows_nothing() {
        let off = DeepLinks {
            allowed: false,
            ..permitted()
        };
        assert_eq!(resolve(&off, "https://brand.example/"), None);
    }

    /// Pieces of URLs that parsers are known to disagree on.
    const TRICKY: &str = concat!(
        r"(https?:)?[/\\]{0,3}",
        r"[a-z.@:%#?\\\[\]0-9\u{3002}-]{0,30}",
        r"(brand\.example|shop\.example)?",
        "[ -~]{0,10}",
    );

    proptest! {
        #[test]
        fn whatever_is_followed_is_on_the_list(text in TRICKY) {
            if let Some(url) = leads(&text) {
                let parsed = Url::parse(&url).unwrap();
                let host = parsed.host_str().unwrap();
                prop_assert!(host == "brand.example" || host.ends_with(".shop.example"), "{}", url);
                prop_assert_eq!(parsed.as_str(), url.as_str());
                prop_assert!(url.is_ascii());
            }
        }
    }
}
