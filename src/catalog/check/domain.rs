//! Entries of a deep-link domain list.
//!
//! An entry that would open a whole registry to redirects is refused: a single label, and a name
//! in [`REGISTRY_SUFFIXES`], a short list of common second-level suffixes. The list is not the
//! public suffix list; a rarer registry suffix passes.

use url::Host;

use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::HostRule;

/// Second labels under which registries of two-letter domains sell names.
const REGISTRY_LABELS: &[&str] = &[
    "ac", "co", "com", "edu", "gen", "go", "gob", "gov", "govt", "gv", "ltd", "mil", "ne", "net",
    "nhs", "nom", "or", "org", "plc", "police", "sch",
];

/// Shared hosting and link domains under which anyone can have a name.
const REGISTRY_SUFFIXES: &[&str] = &[
    "appspot.com",
    "azurewebsites.net",
    "blogspot.com",
    "cloudfront.net",
    "firebaseapp.com",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "myshopify.com",
    "netlify.app",
    "onrender.com",
    "pages.dev",
    "s3.amazonaws.com",
    "uk.com",
    "us.com",
    "vercel.app",
    "web.app",
    "workers.dev",
];

/// `domain.tld` or `*.domain.tld`, in lower case afterwards.
pub(in crate::catalog) fn host_rule(text: &str) -> Result<HostRule, Complaint> {
    let refuse = |problem: &str| {
        Err(Complaint::new(
            format!("entry {} {problem}", quoted(text)),
            "domain.tld or *.domain.tld without scheme, port, path or blanks",
        ))
    };
    if text.is_empty() {
        return refuse("is empty");
    }
    if !text.is_ascii() {
        return refuse("is not in ASCII form (write xn--… for an international name)");
    }
    let lower = text.to_ascii_lowercase();
    let (below, domain) = match lower.strip_prefix("*.") {
        Some(domain) => (true, domain),
        None => (false, lower.as_str()),
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > 253 || !domain.split('.').all(label) {
        return refuse("is no domain name");
    }
    match Host::parse(domain) {
        Ok(Host::Domain(parsed)) if parsed == domain => {}
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => return refuse("is an IP address"),
        _ => return refuse("is no domain name"),
    }
    if !domain.contains('.') {
        return refuse("has a single label");
    }
    if is_registry(domain) {
        return refuse("is a suffix under which anyone can register a name");
    }
    Ok(if below {
        HostRule::Below(domain.into())
    } else {
        HostRule::Exact(domain.into())
    })
}

/// Whether anyone can have a name directly below `domain`.
fn is_registry(domain: &str) -> bool {
    let second_level = domain.split_once('.').is_some_and(|(label, tld)| {
        tld.len() == 2 && !tld.contains('.') && REGISTRY_LABELS.contains(&label)
    });
    second_level || REGISTRY_SUFFIXES.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_exact_or_below() {
        for (text, rule) in [
            ("Brand.Example", HostRule::Exact("brand.example".into())),
            ("*.brand.example", HostRule::Below("brand.example".into())),
            ("www.brand.co.uk", HostRule::Exact("www.brand.co.uk".into())),
            (
                "xn--mller-kva.example",
                HostRule::Exact("xn--mller-kva.example".into()),
            ),
            ("brand.co", HostRule::Exact("brand.co".into())),
            (
                "shop.myshopify.com",
                HostRule::Exact("shop.myshopify.com".into()),
            ),
        ] {
            assert_eq!(host_rule(text), Ok(rule), "{text}");
        }
    }

    #[test]
    fn entries_that_open_too_much_or_are_no_domains_are_refused() {
        for text in [
            "",
            "*",
            "*.*",
            "*.com",
            "com",
            "localhost",
            "co.uk",
            "*.co.uk",
            "com.au",
            "*.github.io",
            "http://x/",
            "x.example/",
            "x.example:443",
            " brand.example ",
            "brand.example ",
            "brand example",
            "müller.example",
            "a.*.example",
            "w*.brand.example",
            ".brand.example",
            "brand.example.",
            "brand..example",
            "-a.example",
            "192.0.2.1",
            "0x7f.1",
            "[::1]",
            "a,b.example",
            "xn--a.example",
        ] {
            let complaint = host_rule(text).expect_err(text);
            assert!(!complaint.allowed.is_empty());
        }
    }
}
