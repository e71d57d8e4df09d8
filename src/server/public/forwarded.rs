//! Whose request it is: the peer's, or that of the client a trusted proxy names; and whether that
//! client speaks https.
//!
//! Hot path. The forwarding headers are read from the right, because everything to the left of the
//! first untrusted entry is the client's own claim. An entry that can't be read ends the walk.

use std::net::IpAddr;

use crate::config::Cidr;

/// Entries that are read, from the right.
pub const ENTRIES_MAX: usize = 32;

/// The address of the client and whether a header could not be read.
///
/// `forwarded` and `x_forwarded_for` are the values of those headers in order of appearance;
/// `Forwarded` (RFC 7239) counts if both are sent.
pub fn client<'a>(
    peer: IpAddr,
    trusted: &[Cidr],
    forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    x_forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
) -> (IpAddr, bool) {
    let peer = peer.to_canonical();
    let trusts = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    if !trusts(peer) {
        return (peer, false);
    }
    let mut walk = Walk {
        client: peer,
        left: ENTRIES_MAX,
    };
    for value in forwarded.rev() {
        for element in entries_from_right(value) {
            match walk.step(for_parameter(element), trusts) {
                Step::On => {}
                Step::Malformed => return (peer, true),
                Step::End => return (walk.client, false),
            }
        }
    }
    if walk.left < ENTRIES_MAX {
        return (walk.client, false);
    }
    for value in x_forwarded_for.rev() {
        for entry in entries_from_right(value) {
            match walk.step(address(entry), trusts) {
                Step::On => {}
                Step::Malformed => return (peer, true),
                Step::End => return (walk.client, false),
            }
        }
    }
    (walk.client, false)
}

/// Whether the client speaks https, as a trusted proxy says. The first entry is that of the
/// client's own connection; whoever forges it spoils a cookie of his own.
///
/// `forwarded` and `x_forwarded_proto` are the values of those headers in order of appearance.
pub fn is_secure<'a>(
    peer: IpAddr,
    trusted: &[Cidr],
    mut forwarded: impl Iterator<Item = &'a [u8]>,
    mut x_forwarded_proto: impl Iterator<Item = &'a [u8]>,
) -> bool {
    let peer = peer.to_canonical();
    if !trusted.iter().any(|range| range.contains(peer)) {
        return false;
    }
    let first = |value: Option<&'a [u8]>| value?.split(|byte| *byte == b',').next();
    let said = first(forwarded.next()).and_then(|element| parameter(element, b"proto="));
    let said = said.or_else(|| first(x_forwarded_proto.next()));
    said.is_some_and(|scheme| scheme.trim_ascii().eq_ignore_ascii_case(b"https"))
}

/// A walk over entries from the right. Loops drive it rather than iterators in iterators, which
/// cost a call for each.
struct Walk {
    client: IpAddr,
    left: usize,
}

/// What comes after an entry.
enum Step {
    /// The next entry.
    On,
    /// Nothing: the entry can't be read.
    Malformed,
    /// Nothing: the client is found, or enough was read.
    End,
}

impl Walk {
    fn step(&mut self, entry: Option<IpAddr>, trusts: impl Fn(IpAddr) -> bool) -> Step {
        if self.left == 0 {
            return Step::End;
        }
        self.left -= 1;
        let Some(address) = entry else {
            return Step::Malformed;
        };
        self.client = address;
        if trusts(address) { Step::On } else { Step::End }
    }
}

fn entries_from_right(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// The address of a `Forwarded` element's `for` parameter.
fn for_parameter(element: &[u8]) -> Option<IpAddr> {
    address(parameter(element, b"for=")?)
}

/// The value of a `Forwarded` element's parameter, without its quotes; `name` ends with `=`.
fn parameter<'a>(element: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = element
        .split(|byte| *byte == b';')
        .map(<[u8]>::trim_ascii)
        .find_map(|pair| {
            let (of, value) = pair.split_at_checked(name.len())?;
            of.eq_ignore_ascii_case(name).then_some(value)
        })?;
    let bare = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    Some(bare.unwrap_or(value))
}

/// An address with or without a port; IPv6 with a port stands in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?;
    let host = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        if !port.is_empty() && !is_port(port.strip_prefix(':')?) {
            return None;
        }
        host
    } else {
        match text.split_once(':') {
            Some((host, port)) if host.contains('.') && is_port(port) => host,
            _ => text,
        }
    };
    host.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_that_the_client_speaks_https() {
        let trusted: Vec<Cidr> = vec!["10.0.0.0/8".parse().unwrap()];
        let secure = |peer: &str, forwarded: &[&str], proto: &[&str]| {
            let values = |of: &[&str]| -> Vec<Vec<u8>> { of.iter().map(|v| (*v).into()).collect() };
            let (forwarded, proto) = (values(forwarded), values(proto));
            is_secure(
                peer.parse().unwrap(),
                &trusted,
                forwarded.iter().map(Vec::as_slice),
                proto.iter().map(Vec::as_slice),
            )
        };
        for (forwarded, proto, expected) in [
            (&[][..], &["https"][..], true),
            (&[], &["HTTPS, http"], true),
            (&[], &["http, https"], false),
            (&[], &[], false),
            (&[], &["httpsx"], false),
            (&["for=192.0.2.1;proto=https"], &[], true),
            (&["proto=\"https\", proto=http"], &[], true),
            (&["for=192.0.2.1; Proto=http"], &["https"], false),
            (&["for=192.0.2.1"], &["https"], true),
        ] {
            assert_eq!(
                secure("10.0.0.1", forwarded, proto),
                expected,
                "{forwarded:?} {proto:?}"
            );
            assert!(!secure("192.0.2.7", forwarded, proto));
        }
    }

    fn check(peer: &str, forwarded: &[&str], xff: &[&str], client_address: &str, malformed: bool) {
        let trusted: Vec<Cidr> = ["10.0.0.0/8", "2001:db8:1::/48"]
            .iter()
            .map(|range| range.parse().unwrap())
            .collect();
        let found = client(
            peer.parse().unwrap(),
            &trusted,
            forwarded.iter().map(|value| value.as_bytes()),
            xff.iter().map(|value| value.as_bytes()),
        );
        assert_eq!(
            found,
            (client_address.parse().unwrap(), malformed),
            "{forwarded:?} {xff:?}"
        );
    }

    #[test]
    fn only_trusted_peers_are_believed() {
        check("192.0.2.1", &[], &["1.2.3.4"], "192.0.2.1", false);
        check("192.0.2.1", &["for=1.2.3.4"], &[], "192.0.2.1", false);
        check("10.0.0.1", &[], &[], "10.0.0.1", false);
        check("::ffff:10.0.0.1", &[], &["1.2.3.4"], "1.2.3.4", false);
    }

    #[test]
    fn headers_are_read_from_the_right_over_trusted_hops() {
        check("10.0.0.1", &[], &["6.6.6.6, 1.2.3.4"], "1.2.3.4", false);
        check(
            "10.0.0.1",
            &[],
            &["6.6.6.6, 1.2.3.4, 10.9.9.9"],
            "1.2.3.4",
            false,
        );
        check(
            "10.0.0.1",
            &[],
            &["6.6.6.6", "1.2.3.4", "10.9.9.9"],
            "1.2.3.4",
            false,
        );
        check("10.0.0.1", &[], &["10.1.1.1"], "10.1.1.1", false);
        check("10.0.0.1", &[], &["1.2.3.4:5678"], "1.2.3.4", false);
        check(
            "10.0.0.1",
            &[],
            &["[2001:db8::7]:443"],
            "2001:db8::7",
            false,
        );
        check("10.0.0.1", &[], &["2001:db8::7"], "2001:db8::7", false);
        check("10.0.0.1", &[], &["::ffff:1.2.3.4"], "1.2.3.4", false);
        check(
            "2001:db8:1::9",
            &["for=\"[2001:db8::7]:443\";proto=https"],
            &[],
            "2001:db8::7",
            false,
        );
        check(
            "10.0.0.1",
            &["For=6.6.6.6, for=1.2.3.4;by=10.0.0.1"],
            &["9.9.9.9"],
            "1.2.3.4",
            false,
        );
    }

    #[test]
    fn an_entry_that_cant_be_read_ends_the_walk_at_the_peer() {
        for bad in [
            "unknown",
            "_hidden",
            "",
            "1.2.3",
            "1.2.3.4:x",
            "[::1",
            "1.2.3.4, ",
            "é",
        ] {
            check("10.0.0.1", &[], &[bad], "10.0.0.1", true);
        }
        check("10.0.0.1", &["for=_hidden"], &[], "10.0.0.1", true);
        check("10.0.0.1", &["by=1.2.3.4"], &[], "10.0.0.1", true);
        check("10.0.0.1", &[], &["bad, 1.2.3.4"], "1.2.3.4", false);
    }

    #[test]
    fn no_more_than_32_entries_are_read() {
        let mut long = vec!["1.2.3.4"];
        long.extend(["10.1.1.1"; 500]);
        check("10.0.0.1", &[], &[&long.join(",")], "10.1.1.1", false);
    }
}
