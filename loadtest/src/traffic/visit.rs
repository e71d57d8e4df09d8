//! One customer following one link, and how that customer looks on the wire.
//!
//! Numbers of a data set go in; an address and a user agent come out. Both mappings are
//! one-to-one, so that a visitor of the data set is exactly one visitor to the daemon:
//! neighbouring integers become neighbouring addresses, which a daemon that compared shortened
//! addresses would merge.

use std::net::Ipv4Addr;

/// The largest integer that has an address.
pub(crate) const ADDRESS_MAX: u32 = 0x00ff_ffff;

/// A click before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Partner of the link.
    pub(crate) partner: u32,
    /// Ad of the link.
    pub(crate) ad: u32,
    /// Anonymised address, at most [`ADDRESS_MAX`].
    pub(crate) ip: u32,
    /// Device model.
    pub(crate) device: u32,
    /// Operating system version.
    pub(crate) os: u32,
}

/// The address of an integer up to [`ADDRESS_MAX`]: 10.0.0.0/8 counted upwards.
pub(crate) fn address(ip: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 | (ip & ADDRESS_MAX))
}

/// The user agent of a device and an operating system version: Chrome on an Android phone, the
/// device in the model, the version in the build number.
pub(crate) fn user_agent(device: u32, os: u32) -> String {
    format!(
        "Mozilla/5.0 (Linux; Android 13; SM-G{device} Build/TP1A.{os}) AppleWebKit/537.36 \
         (KHTML, like Gecko) Chrome/119.0.6045.66 Mobile Safari/537.36"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_integer_has_an_address_of_its_own() {
        let mut seen = HashSet::new();
        for ip in (0..400_000).chain(ADDRESS_MAX - 1_000..=ADDRESS_MAX) {
            let address = address(ip);
            assert!(seen.insert(address), "{ip} shares {address}");
            assert_eq!(address.octets()[0], 10);
            assert_eq!(address.to_bits() - 0x0a00_0000, ip, "the way back");
        }
    }

    #[test]
    fn every_device_and_version_has_a_user_agent_of_its_own() {
        let mut seen = HashSet::new();
        for device in 0..120 {
            for os in 0..120 {
                assert!(seen.insert(user_agent(device, os)), "{device} {os}");
            }
        }
    }

    #[test]
    fn user_agents_do_not_call_themselves_robots() {
        let text = user_agent(3_867, 866).to_ascii_lowercase();
        for word in [
            "bot", "crawl", "spider", "http", "curl", "headless", "python",
        ] {
            assert!(!text.contains(word), "{word}");
        }
    }
}
