//! What another system tells: random clicks of few visitors, and what they must count.

use std::collections::BTreeMap;

/// One program whose visitors count once in half an hour, and two partners of it.
pub(super) const CATALOG: &str = r#"
[[brand]]
sid = "IRone"
name = "One"
[[program]]
id = 1
brand = "IRone"
name = "One"
time_zone = "UTC"
currency = "USD"
landing_page = "https://one.example/"
unique_click_window = "30m"
unique_click_type = "ROLLING"
[[event_type]]
program = 1
id = 1
name = "Sale"
category = "SALE"
[[ad]]
program = 1
id = 5
name = "Ad"
type = "TEXT_LINK"
[[partner]]
id = 10
name = "Ten"
[[partner]]
id = 11
name = "Eleven"
[[contract]]
program = 1
partner = 10
start = 2017-01-01
payouts = [{ event_type = 1, amount = "1.00" }]
[[contract]]
program = 1
partner = 11
start = 2017-01-01
payouts = [{ event_type = 1, amount = "1.00" }]
"#;

/// 2017-11-06T00:00:00Z.
pub(super) const DAY_ONE: i64 = 1_509_926_400_000;
pub(super) const MINUTE: i64 = 60_000;

/// A click as a file would have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    /// Minutes after [`DAY_ONE`].
    pub(super) minute: i64,
    pub(super) partner: u32,
    pub(super) visitor: u64,
}

impl Told {
    pub(super) fn millis(self) -> i64 {
        DAY_ONE + self.minute * MINUTE
    }
}

/// Numbers that look random.
pub(super) fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Clicks of few visitors over three days, in the order of their own times.
pub(super) fn told(seed: u64, count: u64) -> Vec<Told> {
    let mut clicks: Vec<Told> = (0..count)
        .map(|n| mix(seed << 32 | n))
        .map(|dice| Told {
            minute: i64::try_from(dice % 4_320).unwrap(),
            partner: 10 + u32::try_from(dice >> 32 & 1).unwrap(),
            visitor: dice >> 40 & 7,
        })
        .collect();
    clicks.sort_unstable();
    clicks
}

/// Day and partner with raw and unique clicks, counted by the words of the rule: a click is a
/// duplicate if the same visitor clicked on the same partner less than 30 minutes before.
pub(super) fn recount(clicks: &[Told]) -> BTreeMap<(i64, u32), (i128, i128)> {
    let mut found = BTreeMap::new();
    for (at, click) in clicks.iter().enumerate() {
        let own = |other: &&Told| (other.partner, other.visitor) == (click.partner, click.visitor);
        let before = clicks[..at].iter().rev().find(own);
        let unique = before.is_none_or(|before| click.minute - before.minute >= 30);
        let place = found
            .entry((click.minute.div_euclid(1_440), click.partner))
            .or_insert((0, 0));
        place.0 += 1;
        place.1 += i128::from(unique);
    }
    found
}
