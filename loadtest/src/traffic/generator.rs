//! Clicks made from a seed, for runs longer than the sample.
//!
//! Tick `n` of a seed is always the same click, so a run can be repeated. Partners are skewed (the
//! first gets about a twelfth of the clicks), ads, addresses and devices are even.

use super::visit::Visit;

/// Partners run from 1 to this.
pub(crate) const PARTNERS: u32 = 161;
/// Ads run from 1 to this.
pub(crate) const ADS: u32 = 161;
const ADDRESSES: u32 = 1 << 20;
const DEVICES: u32 = 60;
const VERSIONS: u32 = 80;

/// The click of one tick.
pub(crate) fn visit(seed: u64, tick: u64) -> Visit {
    let random = mix(seed ^ mix(tick));
    let more = mix(random);
    let [a, b] = halves(random);
    let [c, d] = halves(more);
    let skewed = below(below(u32::MAX, a), a);
    Visit {
        partner: 1 + below(PARTNERS, skewed),
        ad: 1 + below(ADS, b),
        ip: below(ADDRESSES, c),
        device: below(DEVICES, d),
        os: below(VERSIONS, d.wrapping_mul(0x9e37_79b1)),
    }
}

/// A number in `0..bound`, evenly from an even 32-bit `random`.
pub(crate) fn below(bound: u32, random: u32) -> u32 {
    let [high, _] = halves(u64::from(bound) * u64::from(random));
    high
}

/// The upper and the lower half.
pub(crate) fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    [
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    ]
}

/// The finaliser of `SplitMix64`.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        let run = |seed| (0..50).map(|tick| visit(seed, tick)).collect::<Vec<_>>();
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn every_partner_is_in_range_and_the_first_is_the_busiest() {
        let mut clicks = BTreeMap::new();
        for tick in 0..100_000 {
            let visit = visit(7, tick);
            assert!((1..=ADS).contains(&visit.ad));
            assert!(visit.ip < ADDRESSES && visit.device < DEVICES && visit.os < VERSIONS);
            *clicks.entry(visit.partner).or_insert(0_u32) += 1;
        }
        assert_eq!(clicks.len(), 161);
        assert_eq!(clicks.first_key_value().map(|(id, _)| *id), Some(1));
        assert_eq!(clicks.last_key_value().map(|(id, _)| *id), Some(PARTNERS));
        assert!((6_000..10_000).contains(&clicks[&1]), "{}", clicks[&1]);
        assert!((200..500).contains(&clicks[&PARTNERS]));
    }
}
