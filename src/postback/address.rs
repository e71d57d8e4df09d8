//! Which addresses a postback may go to. Pure.
//!
//! In: an address that a destination's host has resolved to, and whether private ranges may be
//! called. Out: yes or no. A template is written by a brand or a partner; without this check it
//! could make the daemon speak to the machine's own services, its neighbours or the metadata
//! service of a cloud. Called by `postback::send` for every address before it connects.
//!
//! Only what is known to be public is allowed. A form of IPv6 that carries an IPv4 address is
//! refused whatever it carries: a gateway would unpack it where no check looks any more.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// A host of the internet.
    Public,
    /// This machine, its network, or a form that may lead there.
    Private,
    /// No host at all: unspecified, multicast, reserved.
    None,
}

/// The ranges of IPv4 that are not public: first address, bits of the prefix, reach.
const V4: &[(Ipv4Addr, u32, Reach)] = &[
    (Ipv4Addr::UNSPECIFIED, 8, Reach::None),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Reach::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Reach::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Reach::Private),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Reach::Private),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Reach::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reach::Private),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Reach::Private),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reach::Private),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Reach::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Reach::Private),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Reach::Private),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Reach::Private),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reach::None),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reach::None),
];

/// The ranges of IPv6 that are not what their neighbours are, the narrower ones first. Public is
/// only what is given out for hosts of the internet, `2000::/3`, without the parts set aside in it.
const V6: &[(Ipv6Addr, u32, Reach)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, Reach::None),
    (Ipv6Addr::LOCALHOST, 128, Reach::Private),
    // IPv4 as such, mapped, and behind a translator.
    (Ipv6Addr::UNSPECIFIED, 96, Reach::Private),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0),
        96,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0),
        96,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0),
        96,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0),
        48,
        Reach::Private,
    ),
    // Teredo, benchmarks, identifiers; documentation; 6to4.
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Reach::Private,
    ),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Reach::Public),
    // Unique local, link-local, the former site-local.
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        10,
        Reach::Private,
    ),
    (Ipv6Addr::UNSPECIFIED, 0, Reach::None),
];

/// Whether a postback may go to `address`; `allow_private` lets private ranges be called too, but
/// never an address that is no host.
#[must_use]
pub fn is_allowed(address: IpAddr, allow_private: bool) -> bool {
    let reach = match address {
        IpAddr::V4(v4) => of_v4(v4),
        IpAddr::V6(v6) => of_v6(v6),
    };
    match reach {
        Reach::Public => true,
        Reach::Private => allow_private,
        Reach::None => false,
    }
}

fn of_v4(address: Ipv4Addr) -> Reach {
    let row = V4.iter().find(|(first, bits, _)| {
        let rest = 32_u32.saturating_sub(*bits);
        (address.to_bits() ^ first.to_bits()).checked_shr(rest) == Some(0)
    });
    row.map_or(Reach::Public, |row| row.2)
}

fn of_v6(address: Ipv6Addr) -> Reach {
    let row = V6.iter().find(|(first, bits, _)| {
        let rest = 128_u32.saturating_sub(*bits);
        let differing = address.to_bits() ^ first.to_bits();
        // A prefix of no bits holds every address.
        differing.checked_shr(rest).unwrap_or(0) == 0
    });
    let reach = row.map_or(Reach::None, |row| row.2);
    // A translator would reach what the last four bytes name.
    let carried = match address.to_ipv4_mapped() {
        Some(v4) if reach == Reach::Private => of_v4(v4),
        _ => reach,
    };
    if carried == Reach::None {
        Reach::None
    } else {
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Address, whether it may be called, whether it may with private ranges allowed.
    const TABLE: &[(&str, bool, bool)] = &[
        ("1.1.1.1", true, true),
        ("8.8.8.8", true, true),
        ("9.255.255.255", true, true),
        ("11.0.0.0", true, true),
        ("100.63.255.255", true, true),
        ("100.128.0.0", true, true),
        ("126.255.255.255", true, true),
        ("128.0.0.0", true, true),
        ("169.253.255.255", true, true),
        ("169.255.0.0", true, true),
        ("172.15.255.255", true, true),
        ("172.32.0.0", true, true),
        ("192.0.1.0", true, true),
        ("192.167.255.255", true, true),
        ("192.169.0.0", true, true),
        ("198.17.255.255", true, true),
        ("198.20.0.0", true, true),
        ("223.255.255.255", true, true),
        ("2001:200::1", true, true),
        ("2606:4700:4700::1111", true, true),
        ("2a00:1450:4001:82a::200e", true, true),
        ("3ffe::1", true, true),
        ("0.0.0.0", false, false),
        ("0.255.255.255", false, false),
        ("10.0.0.0", false, true),
        ("10.255.255.255", false, true),
        ("100.64.0.0", false, true),
        ("100.127.255.255", false, true),
        ("127.0.0.1", false, true),
        ("127.255.255.254", false, true),
        ("169.254.0.0", false, true),
        ("169.254.169.254", false, true),
        ("172.16.0.0", false, true),
        ("172.31.255.255", false, true),
        ("192.0.0.0", false, true),
        ("192.0.0.255", false, true),
        ("192.0.2.1", false, true),
        ("192.88.99.1", false, true),
        ("192.168.0.0", false, true),
        ("192.168.255.255", false, true),
        ("198.18.0.0", false, true),
        ("198.19.255.255", false, true),
        ("198.51.100.7", false, true),
        ("203.0.113.7", false, true),
        ("224.0.0.1", false, false),
        ("239.255.255.255", false, false),
        ("240.0.0.0", false, false),
        ("255.255.255.255", false, false),
        ("::", false, false),
        ("::1", false, true),
        ("::2", false, true),
        ("::127.0.0.1", false, true),
        ("::ffff:127.0.0.1", false, true),
        ("::ffff:10.0.0.1", false, true),
        ("::ffff:8.8.8.8", false, true),
        ("::ffff:0.0.0.0", false, false),
        ("::ffff:0:8.8.8.8", false, true),
        ("64:ff9b::8.8.8.8", false, true),
        ("64:ff9b::10.0.0.1", false, true),
        ("64:ff9b:1::1", false, true),
        ("100::1", false, false),
        ("2001::1", false, true),
        ("2001:1ff:ffff::1", false, true),
        ("2001:db8::1", false, true),
        ("2002:7f00:1::1", false, true),
        ("3fff::1", false, true),
        ("4000::1", false, false),
        ("5f00::1", false, false),
        ("fc00::1", false, true),
        ("fd12:3456::1", false, true),
        ("fe80::1", false, true),
        ("febf::1", false, true),
        ("fec0::1", false, true),
        ("ff02::1", false, false),
    ];

    #[test]
    fn only_public_addresses_may_be_called_unless_private_ones_are_allowed() {
        assert!(TABLE.len() >= 60);
        for (text, plain, private) in TABLE {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(is_allowed(address, false), *plain, "{text}");
            assert_eq!(is_allowed(address, true), *private, "{text}, private");
        }
    }
}
