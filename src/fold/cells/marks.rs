//! What the clicks of one program, day and partner bear besides what they count for: signs, and
//! buckets of what they have in common.
//!
//! Clicks come by partner, so they are counted in place until another spot comes. A bucket tells
//! how many clicks share an address, a user agent or a sub id: each value falls into one of
//! [`BUCKETS_OF_KIND`] by its hash, so sums of days and of partners add up exactly, and nothing
//! depends on the order of clicks. Of a value with the share s the fullest bucket holds s and on
//! average a 64th of the rest, which the report takes off again.

use crate::derived::{Class, Signs};
use crate::model::click::{Click, Network, Parameter};
use crate::model::id::StringRef;
use crate::model::tally::{BUCKETS, Stored, Tally};
use crate::registry::cube::RISK_PARTS;
use crate::registry::risk::{BUCKETS_OF_KIND, KINDS};

use super::facets::Short;
use super::place::Spot;

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

/// The bucket of each kind that a click falls into; none for a sub id that it lacks.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::fold) struct InCommon(pub(in crate::fold) [Option<u8>; KINDS]);

/// The finisher of `SplitMix64`; stored buckets depend on it.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn bucket(hash: u64) -> Option<u8> {
    u8::try_from(mixed(hash) % BUCKETS_OF_KIND as u64).ok()
}

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
                let seed = sub_id.unwrap_or(0xcbf2_9ce4_8422_2325);
                sub_id = Some(hashed(hashed(seed, &[number]), value));
            }
        }
        Self([
            network_bucket(click.network),
            agent_bucket(click.user_agent),
            sub_id.and_then(bucket),
        ])
    }
}

fn network_bucket(network: Network) -> Option<u8> {
    bucket(network.number())
}

fn agent_bucket(user_agent: StringRef) -> Option<u8> {
    bucket(u64::from(user_agent.0))
}

/// What a click bears.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marked {
    pub(super) signs: Signs,
    pub(super) class: Class,
    pub(super) in_common: InCommon,
}

/// Counts of the clicks of one spot that came in a row. A slot holds far fewer than 2^32.
#[derive(Debug)]
pub(super) struct Marks {
    spot: Option<Spot>,
    at_risk: u32,
    duplicates: u32,
    signs: [u32; SIGNS.len()],
    buckets: [[u32; BUCKETS_OF_KIND]; KINDS],
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            spot: None,
            at_risk: 0,
            duplicates: 0,
            signs: [0; SIGNS.len()],
            buckets: [[0; BUCKETS_OF_KIND]; KINDS],
        }
    }
}

impl Marks {
    /// Counts a click; hands out what the clicks of another spot came to before it.
    pub(super) fn click(
        &mut self,
        spot: Spot,
        marked: Marked,
        take: &mut dyn FnMut(Spot, Short, Tally),
    ) {
        if self.spot != Some(spot) {
            self.end(take);
            self.spot = Some(spot);
        }
        self.at_risk += u32::from(marked.signs.any(AT_RISK));
        self.duplicates += u32::from(marked.class == Class::Duplicate);
        if marked.signs != Signs::NONE {
            for (count, (sign, ..)) in self.signs.iter_mut().zip(SIGNS) {
                *count += u32::from(marked.signs.any(*sign));
            }
        }
        // Robots have their address in common anyway.
        if matches!(marked.class, Class::Unique | Class::Duplicate) {
            for (buckets, bucket) in self.buckets.iter_mut().zip(marked.in_common.0) {
                if let Some(count) = bucket.and_then(|at| buckets.get_mut(usize::from(at))) {
                    *count += 1;
                }
            }
        }
    }

    /// Hands out what is counted, and begins again.
    pub(super) fn end(&mut self, take: &mut dyn FnMut(Spot, Short, Tally)) {
        let Some(spot) = self.spot.take() else {
            return;
        };
        let mut whole = Tally::default();
        whole.add(Stored::RiskClicks, self.at_risk.into());
        whole.add(Stored::DuplicateClicks, self.duplicates.into());
        for (count, (_, measure, _)) in self.signs.iter().zip(SIGNS) {
            whole.add(*measure, (*count).into());
        }
        take(spot, Short::None, whole);
        let mut counts = self.buckets.iter().flatten().copied();
        for part in (0_u32..).take(RISK_PARTS) {
            let counts = BUCKETS.iter().copied().zip(counts.by_ref());
            take(spot, Short::Number(part), Tally::of_counts(counts));
        }
        *self = Self::default();
    }
}
