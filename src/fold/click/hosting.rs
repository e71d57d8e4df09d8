//! Networks of hosts, where programs run and people do not browse.
//!
//! In: the section `[hosting]` of the rules as they are stored in the log ([`SHIPPED_HOSTING`] is
//! the one that ships). Out: which networks lie in one of its ranges.

use jiff::civil::Date;
use serde::Deserialize;

use crate::model::click::Network;
use crate::model::network::NetworkRange;

/// The list that ships: `config/hosting.toml`.
pub const SHIPPED_HOSTING: &str = include_str!("../../../config/hosting.toml");

/// The section as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    date: Date,
    networks: Vec<String>,
}

/// The ranges of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosting {
    /// When the list was last reviewed; `None` when no list was ever stored.
    pub date: Option<Date>,
    /// First and last network of each range, in order and apart from each other.
    ranges: Vec<(u64, u64)>,
}

impl Hosting {
    /// Reads the section.
    ///
    /// # Errors
    /// A text that is no range of networks, and what is wrong with it.
    pub(super) fn read(section: Section) -> Result<Self, (String, String)> {
        let mut ranges = Vec::with_capacity(section.networks.len());
        for text in section.networks {
            match text.parse::<NetworkRange>() {
                Ok(range) => ranges.push(range.bounds()),
                Err(why) => return Err((text, why.to_string())),
            }
        }
        ranges.sort_unstable();
        ranges.dedup_by(|next, before| {
            let touches = next.0 <= before.1;
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
        Ok(Self {
            date: Some(section.date),
            ranges,
        })
    }

    /// Whether `network` is one of a host.
    #[must_use]
    pub fn lists(&self, network: Network) -> bool {
        let number = network.number();
        let after = self.ranges.partition_point(|range| range.0 <= number);
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        range.is_some_and(|range| number <= range.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosting(networks: &[&str]) -> Hosting {
        let networks = networks.iter().map(|text| (*text).to_owned()).collect();
        let date = jiff::civil::date(2026, 11, 1);
        Hosting::read(Section { date, networks }).unwrap()
    }

    #[test]
    fn ranges_hold_their_networks_whatever_their_order() {
        let hosting = hosting(&[
            "203.0.113.0/24",
            "10.0.0.0/8",
            "10.1.0.0/16",
            "2001:db8::/32",
            "192.0.2.0/24",
        ]);
        let lists = |text: &str| hosting.lists(Network::of(text.parse().unwrap()));
        for inside in [
            "203.0.113.9",
            "10.0.0.1",
            "10.1.2.3",
            "10.255.255.255",
            "192.0.2.1",
            "2001:db8:ffff::1",
        ] {
            assert!(lists(inside), "{inside}");
        }
        for outside in [
            "203.0.112.1",
            "203.0.114.1",
            "11.0.0.0",
            "9.255.255.255",
            "2001:db9::",
            "::a00:1",
        ] {
            assert!(!lists(outside), "{outside}");
        }
        assert!(!Hosting::default().lists(Network::V4([10, 0, 0])));
    }
}
