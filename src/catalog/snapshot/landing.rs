//! Where a click may lead: landing pages, permitted deep links, and the pairs appended to them.

/// A landing page, validated and in the URL parser's own serialised form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The whole URL, ASCII.
    pub url: Box<str>,
    /// Where query pairs are inserted: before the fragment, else the end.
    pub insert_at: usize,
    /// What goes before the first inserted pair: `?`, `&`, or nothing when the query is open
    /// (the URL ends in `?` or `&` there).
    pub joiner: Option<u8>,
}

impl Landing {
    /// The name of its host.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        let url = self.url.as_bytes();
        let after = url
            .strip_prefix(b"https://")
            .or_else(|| url.strip_prefix(b"http://"))
            .unwrap_or_default();
        let end = after
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        after.get(..end.unwrap_or(after.len())).unwrap_or_default()
    }
}

/// Which deep links a program permits.
#[derive(Clone, Debug, Default)]
pub struct DeepLinks {
    /// The program's switch.
    pub allowed: bool,
    /// Permitted hosts, lower-case ASCII.
    pub hosts: Vec<HostRule>,
}

/// One entry of a deep-link domain list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostRule {
    /// Exactly this host.
    Exact(Box<str>),
    /// Any host below this domain (`*.domain`), not the domain itself.
    Below(Box<str>),
}

/// Query pairs to append, split at their macros once so that filling one is copying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Segment>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Copied as it stands.
    Literal(Box<str>),
    /// Replaced by a percent-encoded value.
    Macro(Macro),
}

/// A value that a template can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Macro {
    /// `{clickid}`
    ClickId,
    /// `{iradid}`
    AdId,
    /// `{ircid}`
    ProgramId,
    /// `{irpid}`
    PartnerId,
    /// `{irmpname}`
    PartnerName,
    /// `{irmpgroupname}`
    PartnerGroup,
    /// `{mp_value1}` to `{mp_value3}`
    PartnerValue(u8),
    /// `{irmptype}`: always `mediapartner`.
    PartnerType,
    /// `{iradname}`
    AdName,
    /// `{iradtype}`
    AdKind,
    /// `{sharedid}`
    SharedId,
    /// `{subid1}` to `{subid3}`, in partner templates only.
    SubId(u8),
    /// `{prodsku}`
    ProductSku,
    /// `{param1}` to `{param99}`
    Param(u8),
    /// `{ts}`: the click's time in Unix milliseconds.
    Timestamp,
}

impl HostRule {
    /// Whether `host` (lower-case ASCII, as the URL parser gives it) is permitted by this entry.
    #[must_use]
    pub fn permits(&self, host: &str) -> bool {
        match self {
            Self::Exact(listed) => **listed == *host,
            Self::Below(domain) => host
                .strip_suffix(&**domain)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty()),
        }
    }
}

impl DeepLinks {
    /// Whether the list permits `host`.
    #[must_use]
    pub fn permit(&self, host: &str) -> bool {
        self.allowed && self.hosts.iter().any(|rule| rule.permits(host))
    }
}

impl Landing {
    /// A landing page of a serialised URL.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let insert_at = memchr::memchr(b'#', url.as_bytes()).unwrap_or(url.len());
        let before = url.as_bytes().get(..insert_at).unwrap_or_default();
        let joiner = match (before.last(), memchr::memchr(b'?', before)) {
            (Some(b'?' | b'&'), Some(_)) => None,
            (_, Some(_)) => Some(b'&'),
            (_, None) => Some(b'?'),
        };
        Self {
            url: url.into(),
            insert_at,
            joiner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_rules_compare_whole_labels() {
        let exact = HostRule::Exact("brand.example".into());
        let below = HostRule::Below("brand.example".into());
        for (host, is_exact, is_below) in [
            ("brand.example", true, false),
            ("www.brand.example", false, true),
            ("a.b.brand.example", false, true),
            ("notbrand.example", false, false),
            ("brand.example.evil.example", false, false),
            (".brand.example", false, false),
            ("brand.example.", false, false),
        ] {
            assert_eq!(
                (exact.permits(host), below.permits(host)),
                (is_exact, is_below),
                "{host}"
            );
        }
    }

    #[test]
    fn pairs_go_before_the_fragment() {
        for (url, insert_at, joiner) in [
            ("https://b.example/", 18, Some(b'?')),
            ("https://b.example/?a=1", 22, Some(b'&')),
            ("https://b.example/?", 19, None),
            ("https://b.example/?a=1&", 23, None),
            ("https://b.example/#x?y", 18, Some(b'?')),
            ("https://b.example/?a#f", 20, Some(b'&')),
        ] {
            let landing = Landing::new(url);
            assert_eq!(
                (landing.insert_at, landing.joiner),
                (insert_at, joiner),
                "{url}"
            );
        }
    }
}
