//! Ranges of networks, at most as fine as what is kept of an address: /24 of IPv4, /48 of IPv6.

use std::net::IpAddr;
use std::str::FromStr;

use super::click::Network;

/// A range of networks such as `203.0.113.0/24` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkRange {
    first: Network,
    prefix: u8,
}

/// The text is no range of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not an address and a prefix length.
    #[error("is no range such as 203.0.113.0/24 or 2001:db8::/32")]
    Syntax,
    /// Finer than what is kept of an address, or no prefix length at all.
    #[error("has no prefix length from 1 to {0}")]
    Prefix(u8),
    /// Bits behind the prefix are set.
    #[error("has bits set behind its prefix")]
    HostBits,
    /// An IPv4 range in IPv6 notation.
    #[error("is an IPv4 range in IPv6 notation")]
    Mapped,
}

/// The bits of a network, from the highest of 48, and how many there are.
fn bits(network: Network) -> (u64, u8) {
    let read = |bytes: &[u8]| {
        let number = bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        number << (48 - 8 * bytes.len())
    };
    match network {
        Network::V4(bytes) => (read(&bytes), 24),
        Network::V6(bytes) => (read(&bytes), 48),
    }
}

/// The bits that a prefix covers.
fn mask(prefix: u8) -> u64 {
    ((1 << 48) - 1) & !((1_u64 << (48 - prefix.min(48))) - 1)
}

impl Network {
    /// A number that no other network has; those of a range follow each other.
    #[must_use]
    pub fn number(self) -> u64 {
        let (bits, length) = bits(self);
        u64::from(length) << 48 | bits
    }
}

impl NetworkRange {
    /// The numbers of its first and its last network.
    #[must_use]
    pub fn bounds(&self) -> (u64, u64) {
        let first = self.first.number();
        (first, first | !mask(self.prefix) & ((1 << 48) - 1))
    }

    /// Whether `network` lies in it.
    #[must_use]
    pub fn contains(&self, network: Network) -> bool {
        let ((first, own), (bits, other)) = (bits(self.first), bits(network));
        own == other && bits & mask(self.prefix) == first
    }
}

impl FromStr for NetworkRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().map_err(|_| RangeError::Syntax)?;
        if address != address.to_canonical() {
            return Err(RangeError::Mapped);
        }
        let first = Network::of(address);
        let (kept, longest) = bits(first);
        let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix
            .parse::<u8>()
            .ok()
            .filter(|prefix| digits && (1..=longest).contains(prefix))
            .ok_or(RangeError::Prefix(longest))?;
        let cut = match address {
            IpAddr::V4(address) => address.to_bits() & 0xff != 0,
            IpAddr::V6(address) => address.to_bits() & ((1 << 80) - 1) != 0,
        };
        if cut || kept & !mask(prefix) != 0 {
            return Err(RangeError::HostBits);
        }
        Ok(Self { first, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_networks_and_no_others() {
        for (range, inside, outside) in [
            (
                "203.0.113.0/24",
                ["203.0.113.0", "203.0.113.255"],
                "203.0.112.1",
            ),
            ("10.0.0.0/8", ["10.0.0.1", "10.255.255.255"], "11.0.0.0"),
            (
                "128.0.0.0/1",
                ["128.0.0.0", "255.255.255.255"],
                "127.255.255.255",
            ),
            ("10.0.0.0/8", ["10.1.1.1", "::ffff:10.2.3.4"], "a00::"),
            (
                "2001:db8:1::/48",
                ["2001:db8:1::", "2001:db8:1:ffff::1"],
                "2001:db8:2::",
            ),
            (
                "2001:db8::/32",
                ["2001:db8::1", "2001:db8:ffff::"],
                "2001:db9::",
            ),
            ("a00::/8", ["a00::", "aff::"], "10.0.0.0"),
        ] {
            let range: NetworkRange = range.parse().unwrap();
            let contains = |text: &str| range.contains(Network::of(text.parse().unwrap()));
            assert!(inside.into_iter().all(contains), "{range:?}");
            assert!(!contains(outside), "{range:?}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", RangeError::Syntax),
            ("brand.example/24", RangeError::Syntax),
            ("10.0.0/8", RangeError::Syntax),
            (" 10.0.0.0/8", RangeError::Syntax),
            ("10.0.0.0", RangeError::Prefix(24)),
            ("10.0.0.0/", RangeError::Prefix(24)),
            ("10.0.0.0/+8", RangeError::Prefix(24)),
            ("10.0.0.0/0", RangeError::Prefix(24)),
            ("10.0.0.0/25", RangeError::Prefix(24)),
            ("10.0.0.0/8/8", RangeError::Prefix(24)),
            ("2001:db8::/49", RangeError::Prefix(48)),
            ("10.0.0.1/24", RangeError::HostBits),
            ("10.1.0.0/8", RangeError::HostBits),
            ("2001:db8::1/48", RangeError::HostBits),
            ("2001:db8:1::/32", RangeError::HostBits),
            ("::ffff:10.0.0.0/24", RangeError::Mapped),
        ] {
            assert_eq!(text.parse::<NetworkRange>(), Err(error), "{text}");
        }
    }
}
