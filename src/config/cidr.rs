//! Ranges of addresses in CIDR notation, for proxies that are trusted to name the client.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses such as `10.0.0.0/8` or `2001:db8::/32`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    first: IpAddr,
    prefix: u8,
}

/// The text is no range that may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// Not an address and a prefix length.
    #[error("is no address range such as 10.0.0.0/8 or 2001:db8::/32")]
    Syntax,
    /// The prefix is longer than the address.
    #[error("has a prefix length above {0}")]
    Prefix(u8),
    /// Bits behind the prefix are set.
    #[error("has bits set behind its prefix")]
    HostBits,
    /// Prefix length 0.
    #[error("covers every address")]
    Everything,
    /// An IPv4 range in IPv6 notation.
    #[error("is an IPv4 range in IPv6 notation")]
    Mapped,
}

impl Cidr {
    /// Whether `address` lies in the range. An IPv4 address that a dual-stack socket shows as
    /// `::ffff:a.b.c.d` is taken as the IPv4 address it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or(0);
                address.to_bits() & mask == first.to_bits()
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or(0);
                address.to_bits() & mask == first.to_bits()
            }
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| CidrError::Syntax)?;
        let bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(CidrError::Syntax);
            }
            Some(digits) => digits.parse().map_err(|_| CidrError::Prefix(bits))?,
        };
        if prefix > bits {
            return Err(CidrError::Prefix(bits));
        }
        if prefix == 0 {
            return Err(CidrError::Everything);
        }
        if first != first.to_canonical() {
            return Err(CidrError::Mapped);
        }
        let host_bits = match first {
            IpAddr::V4(first) => {
                u128::from(first.to_bits().checked_shl(prefix.into()).unwrap_or(0))
            }
            IpAddr::V6(first) => first.to_bits().checked_shl(prefix.into()).unwrap_or(0),
        };
        if host_bits != 0 {
            return Err(CidrError::HostBits);
        }
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_addresses_and_no_others() {
        for (range, inside, outside) in [
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"][..],
                "11.0.0.0",
            ),
            (
                "192.0.2.128/25",
                &["192.0.2.128", "192.0.2.255"][..],
                "192.0.2.127",
            ),
            ("192.0.2.1", &["192.0.2.1"][..], "192.0.2.0"),
            ("128.0.0.0/1", &["255.255.255.255"][..], "127.255.255.255"),
            (
                "2001:db8::/32",
                &["2001:db8::", "2001:db8:ffff::1"][..],
                "2001:db9::",
            ),
            ("::1", &["::1"][..], "::2"),
            ("::1/128", &["::1"][..], "127.0.0.1"),
        ] {
            let cidr: Cidr = range.parse().unwrap();
            for address in inside {
                assert!(cidr.contains(address.parse().unwrap()), "{range} {address}");
            }
            assert!(
                !cidr.contains(outside.parse().unwrap()),
                "{range} {outside}"
            );
        }
        assert_eq!(
            "10.0.0.0/8".parse::<Cidr>().unwrap().to_string(),
            "10.0.0.0/8"
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, error) in [
            ("", CidrError::Syntax),
            ("10.0.0/8", CidrError::Syntax),
            ("10.0.0.0/", CidrError::Syntax),
            ("10.0.0.0/+8", CidrError::Syntax),
            ("10.0.0.0/8/8", CidrError::Syntax),
            ("010.0.0.0/8", CidrError::Syntax),
            ("proxy.example", CidrError::Syntax),
            (" 10.0.0.0/8", CidrError::Syntax),
            ("10.0.0.0/33", CidrError::Prefix(32)),
            ("10.0.0.0/999", CidrError::Prefix(32)),
            ("::/129", CidrError::Prefix(128)),
            ("0.0.0.0/0", CidrError::Everything),
            ("::/0", CidrError::Everything),
            ("10.0.0.1/8", CidrError::HostBits),
            ("192.0.2.1/31", CidrError::HostBits),
            ("2001:db8::1/64", CidrError::HostBits),
            ("::ffff:10.0.0.0/104", CidrError::Mapped),
        ] {
            assert_eq!(text.parse::<Cidr>(), Err(error), "{text}");
        }
    }
}
