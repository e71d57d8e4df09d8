//! What the clicks of one program, day and partner bear besides what they count for: signs, and
//! buckets of what they have in common.
//!
//! Clicks come by partner, so they are counted in place until another spot comes. A bucket tells
//! how many clicks share an address, a user agent, sub ids or a page: each value falls into one of
//! [`BUCKETS_OF_KIND`] by its hash, so sums of days and of partners add up exactly, and nothing
//! depends on the order of clicks. Of a value with the share s the fullest bucket holds s and on
//! average a 64th of the rest, which the report takes off again. The last kind has a bucket for
//! each 64th of the day, by UTC.

use crate::derived::{Class, Signs};
use crate::model::click::{Click, ClickFlags, Parameter};
use crate::model::id::StringRef;
use crate::model::tally::{Stored, Tally};
use crate::model::time::{DAY, Millis};
use crate::registry::cube::RISK_PARTS;
use crate::registry::risk::{BUCKETS_OF_KIND, KINDS};

use super::place::SpotNumber;
use super::sum::InBuckets;

/// The signs of clicks with the measures they are counted in, of clicks and of their actions.
pub(super) const SIGNS: &[(Signs, Stored, Option<Stored>)] = &[
    (
        Signs::ROBOT,
        Stored::RobotClicks,
        Some(Stored::RefRobotActions),
    ),
    (
        Signs::NO_BROWSER,
        Stored::NoBrowserClicks,
        Some(Stored::RefNoBrowserActions),
    ),
    (
        Signs::IMAGE,
        Stored::ImageClicks,
        Some(Stored::RefImageActions),
    ),
    (
        Signs::ANOMALY,
        Stored::AnomalousClicks,
        Some(Stored::RefAnomalousActions),
    ),
    (
        Signs::HOSTING,
        Stored::HostingClicks,
        Some(Stored::RefHostingActions),
    ),
    (Signs::NO_FETCH, Stored::NoFetchClicks, None),
    (Signs::FOREIGN_PAGE, Stored::ForeignPageClicks, None),
];

/// Signs of level Critical or High.
pub(in crate::fold) const AT_RISK: Signs = Signs(
    Signs::ROBOT.0 | Signs::NO_BROWSER.0 | Signs::IMAGE.0 | Signs::ANOMALY.0 | Signs::HOSTING.0,
);

/// Buckets of a day, one of [`BUCKETS_OF_KIND`] each.
const STRETCHES: i64 = 64;

/// What a click may have in common with others.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fold) struct InCommon {
    /// The bucket of each kind that it falls into; none for sub ids or a page that it lacks, and
    /// none yet for its texts and its time.
    pub(in crate::fold) buckets: [Option<u8>; KINDS],
    /// It says no page that it comes from, and none was left out for want of room.
    pub(in crate::fold) is_bare: bool,
}

/// The finisher of `SplitMix64`; stored buckets depend on it.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn bucket(hash: u64) -> Option<u8> {
    u8::try_from(mixed(hash) % BUCKETS_OF_KIND as u64).ok()
}

/// What the hash of FNV-1a begins with.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of FNV-1a, over one more value.
fn hashed(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(seed, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl InCommon {
    /// Those of a click.
    pub(in crate::fold) fn of<'p, P>(click: &Click<P>) -> Self
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        let mut sub_id = None;
        for (parameter, value) in click.parameters.clone() {
            if let Parameter::SubId(number) = parameter {
                let seed = sub_id.unwrap_or(SEED);
                sub_id = Some(hashed(hashed(seed, &[number]), value));
            }
        }
        let has_page = click.referrer != StringRef(0);
        Self {
            buckets: [
                bucket(click.network.number()),
                None,
                sub_id.and_then(bucket),
                None,
                None,
            ],
            is_bare: !has_page && !click.flags.any(ClickFlags::LIMITED_STRINGS),
        }
    }

    /// Those of a click whose user agent and page fall into these. One text may have several
    /// references, so it is by the texts.
    pub(in crate::fold) fn of_texts(mut self, agent: Option<u8>, page: Option<u8>) -> Self {
        let [_, of_agent, _, of_page, _] = &mut self.buckets;
        (*of_agent, *of_page) = (agent, page);
        self
    }

    /// Those of a click of this own time.
    pub(in crate::fold) fn at(mut self, time: Millis) -> Self {
        let [.., stretch] = &mut self.buckets;
        let of_day = time.0.rem_euclid(DAY) / (DAY / STRETCHES);
        *stretch = u8::try_from(of_day).ok();
        self
    }
}

/// The bucket of a user agent or a page; none of one that was not sent.
pub(in crate::fold) fn text_bucket(text: &str) -> Option<u8> {
    if text.is_empty() {
        return None;
    }
    bucket(hashed(SEED, text.as_bytes()))
}

/// What a click bears.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marked {
    pub(super) signs: Signs,
    pub(super) class: Class,
    pub(super) in_common: InCommon,
}

/// Counts of the clicks of one spot that came in a row. A slot holds far fewer than 2^32.
#[derive(Debug, Default)]
pub(super) struct Marks {
    spot: Option<SpotNumber>,
    at_risk: u32,
    duplicates: u32,
    bare: u32,
    signs: [u32; SIGNS.len()],
    /// Those of a kind lie in a row.
    parts: [InBuckets; RISK_PARTS],
}

impl Marks {
    /// Whether a click of this spot can be counted beside those that are.
    pub(super) fn are_of(&self, spot: SpotNumber) -> bool {
        self.spot.is_none_or(|own| own == spot)
    }

    /// The spot of the clicks that are counted.
    pub(super) fn spot(&self) -> Option<SpotNumber> {
        self.spot
    }

    /// Counts a click.
    pub(super) fn click(&mut self, spot: SpotNumber, marked: Marked) {
        self.spot = Some(spot);
        self.at_risk += u32::from(marked.signs.any(AT_RISK));
        self.duplicates += u32::from(marked.class == Class::Duplicate);
        if marked.signs != Signs::NONE {
            for (count, (sign, ..)) in self.signs.iter_mut().zip(SIGNS) {
                *count += u32::from(marked.signs.any(*sign));
            }
        }
        // Robots have their address in common anyway.
        if matches!(marked.class, Class::Unique | Class::Duplicate) {
            self.bare += u32::from(marked.in_common.is_bare);
            let buckets = self.parts.as_flattened_mut();
            let kinds = buckets.chunks_exact_mut(BUCKETS_OF_KIND);
            for (buckets, bucket) in kinds.zip(marked.in_common.buckets) {
                if let Some(count) = bucket.and_then(|at| buckets.get_mut(usize::from(at))) {
                    *count += 1;
                }
            }
        }
    }

    /// What is counted but for the buckets.
    pub(super) fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        whole.add(Stored::RiskClicks, self.at_risk.into());
        whole.add(Stored::DuplicateClicks, self.duplicates.into());
        whole.add(Stored::NoReferrerClicks, self.bare.into());
        for (count, (_, measure, _)) in self.signs.iter().zip(SIGNS) {
            whole.add(*measure, (*count).into());
        }
        whole
    }

    /// The buckets, in parts of a cell each.
    pub(super) fn parts(&self) -> &[InBuckets; RISK_PARTS] {
        &self.parts
    }

    /// Begins again.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::MINUTE;

    #[test]
    fn a_day_has_a_bucket_for_each_64th_by_utc() {
        let stretch = |millis| InCommon::default().at(Millis(millis)).buckets[KINDS - 1];
        let (first, last) = (DAY / 64, DAY / 64 * 63);
        for (millis, expected) in [
            (0, 0),
            (first - 1, 0),
            (first, 1),
            (last, 63),
            (DAY - 1, 63),
            (1_790_812_800_000 + 23 * MINUTE, 1),
            (-1, 63),
            (-DAY, 0),
        ] {
            assert_eq!(stretch(millis), Some(expected), "{millis}");
        }
    }
}
