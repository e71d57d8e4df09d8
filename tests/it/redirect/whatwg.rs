//! Every case of the URL standard's own test data as a deep link.
//!
//! The data says how browsers read each text. Whatever the daemon follows must be read the same
//! way by all of them, and lead to a host that is listed.

use std::collections::BTreeSet;

use clickd::catalog::snapshot::{DeepLinks, HostRule};
use clickd::click::deep_link::resolve;
use clickd::link::percent;
use serde_json::Value;

const CASES: &str = include_str!("../data/urltestdata.json");

/// A case: the text, and the host that browsers read in it, if any.
struct Case {
    input: String,
    protocol: Option<String>,
    host: Option<String>,
    href: Option<String>,
}

fn cases() -> Vec<Case> {
    let all: Vec<Value> = serde_json::from_str(CASES).unwrap();
    let cases = all.iter().filter_map(|case| {
        let text = |name: &str| case.get(name)?.as_str().map(str::to_owned);
        Some(Case {
            input: text("input")?,
            protocol: text("protocol"),
            host: text("hostname"),
            href: text("href"),
        })
    });
    let cases: Vec<Case> = cases.collect();
    assert!(cases.len() > 800, "{} cases", cases.len());
    cases
}

fn listing(hosts: impl IntoIterator<Item = HostRule>) -> DeepLinks {
    DeepLinks {
        allowed: true,
        hosts: hosts.into_iter().collect(),
    }
}

/// Where `text` leads when it is the escaped value of `u`.
fn leads(permitted: &DeepLinks, text: &str) -> Option<String> {
    let mut raw = Vec::new();
    percent::encode(text.as_bytes(), &mut raw);
    let raw = String::from_utf8(raw).unwrap();
    resolve(permitted, &raw).map(|landing| landing.url.into())
}

/// Scheme and host of a URL in the parser's own form, by hand.
fn scheme_and_host(url: &str) -> (&str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split(['/', '?', '#']).next().unwrap();
    (scheme, host)
}

#[test]
fn whatever_is_followed_is_listed_even_if_every_host_of_the_data_is() {
    let cases = cases();
    let hosts: BTreeSet<&str> = cases
        .iter()
        .filter_map(|case| case.host.as_deref())
        .filter(|host| !host.is_empty())
        .collect();
    let permitted = listing(hosts.iter().map(|host| HostRule::Exact((*host).into())));
    let mut followed = 0;
    for case in &cases {
        let Some(url) = leads(&permitted, &case.input) else {
            continue;
        };
        followed += 1;
        let (scheme, host) = scheme_and_host(&url);
        assert_eq!(Some(host), case.host.as_deref(), "{:?}", case.input);
        assert_eq!(
            case.protocol,
            Some(format!("{scheme}:")),
            "{:?}",
            case.input
        );
        assert_eq!(case.href.as_deref(), Some(&*url), "{:?}", case.input);
        assert!(matches!(scheme, "http" | "https"), "{url}");
        assert!(
            hosts.contains(host) && host.parse::<std::net::IpAddr>().is_err(),
            "{url}"
        );
    }
    assert!(followed > 60, "only {followed} cases were followed");
}

#[test]
fn a_short_list_permits_its_hosts_and_no_others() {
    let exact = HostRule::Exact("example.com".into());
    let below = HostRule::Below("example.org".into());
    let permitted = listing([exact, below]);
    let mut followed = 0;
    for case in cases() {
        // Also as it stands, unescaped, as far as a target may hold it.
        let unescaped = resolve(&permitted, &case.input).map(|landing| landing.url.into());
        for url in [leads(&permitted, &case.input), unescaped]
            .into_iter()
            .flatten()
        {
            let (_, host) = scheme_and_host(&url);
            let listed = host == "example.com" || host.ends_with(".example.org");
            assert!(listed, "{:?} leads to {url}", case.input);
            followed += 1;
        }
    }
    assert!(followed > 10, "only {followed} cases were followed");
}

#[test]
fn the_same_text_leads_nowhere_when_its_host_is_not_listed() {
    let permitted = listing([HostRule::Exact("brand.example".into())]);
    for case in cases() {
        assert_eq!(leads(&permitted, &case.input), None, "{:?}", case.input);
        assert_eq!(
            resolve(&permitted, &case.input).map(|page| page.url),
            None,
            "{:?}",
            case.input
        );
    }
}
