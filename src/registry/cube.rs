//! The closed table of cubes: which sums the fold keeps, and by what they are grouped.
//!
//! The fold writes every cube of this table and nothing else; each report names the cube it reads.
//! A cube's id is a stored byte of every aggregate key, so an id is never given to another cube.

use std::ops::RangeInclusive;

use crate::model::tally::{BUCKETS, Stored};
use crate::model::time::Day;

use super::bucket::Bucket;
use super::facet::FacetKind;
use super::ledger;
use super::risk::{BUCKETS_OF_KIND, KINDS};

/// The stored byte that names a cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CubeId(pub u8);

impl CubeId {
    /// Clicks and actions by program, day and partner.
    pub const PARTNER_PERFORMANCE: Self = Self(1);
    /// The same by ad.
    pub const AD: Self = Self(2);
    /// Actions by event type.
    pub const EVENT_TYPE: Self = Self(3);
    /// Clicks and actions by shared id.
    pub const SHARED_ID: Self = Self(4);
    /// Clicks and actions by the partner's sub ids, which its own reports alone read.
    pub const SUB_IDS: Self = Self(5);
    /// Clicks and actions by the partner's property.
    pub const PROPERTY: Self = Self(6);
    /// Clicks and actions by the host of the page that held the link.
    pub const DOMAIN: Self = Self(7);
    /// Clicks and actions by device, browser and system.
    pub const DEVICE: Self = Self(8);
    /// Clicks on expired ads by ad and page.
    pub const EXPIRED_AD: Self = Self(9);
    /// Actions by the path that led to them, under the credited partner.
    pub const PATH: Self = Self(10);
    /// What each partner had to do with actions.
    pub const CONTRIBUTION: Self = Self(11);
    /// The same as [`Self::PARTNER_PERFORMANCE`], apart by UTC hours.
    pub const HOURS: Self = Self(12);
    /// What arrived and what became of it, of partner 0.
    pub const LEDGER: Self = Self(13);
    /// What speaks against clicks and actions. Beside the cell of each program, day and partner
    /// lie [`RISK_PARTS`] numbered ones, which hold buckets of what clicks have in common.
    pub const RISK: Self = Self(20);
}

/// The length of the time bucket of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// One calendar day in the program's own time zone; the bucket is the day's number.
    #[default]
    Day,
    /// The seven days from a Monday on; the bucket is the number of the Monday.
    Week,
}

impl Granularity {
    /// Every one, in the order of their bytes.
    pub const ALL: [Self; 2] = [Self::Day, Self::Week];

    /// The byte it is stored as; never renumbered.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Day => 1,
            Self::Week => 2,
        }
    }

    /// The granularity stored as `byte`.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Day),
            2 => Some(Self::Week),
            _ => None,
        }
    }

    /// How many days a bucket has.
    #[must_use]
    pub const fn days(self) -> usize {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// The first day of the bucket that holds `day`, by which the bucket is named.
    #[must_use]
    pub fn first(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Week => Bucket::Week.first(day),
        }
    }
}

/// Buckets of one length, by the first days of the first and of the last of them.
pub type Buckets = (Granularity, RangeInclusive<Day>);

/// One row of [`CUBES`]. Every cube is grouped by program, bucket and partner, and by its facet.
#[derive(Clone, Copy, Debug)]
pub struct Cube {
    /// Its id.
    pub id: CubeId,
    /// Its name in metrics, logs and the list of reports.
    pub name: &'static str,
    /// What its cells are kept apart by besides.
    pub facet: FacetKind,
    /// The bucket lengths kept: days, and longer ones where reports of many days read many cells.
    /// Texts are kept apart up to a limit of each bucket, so a cube of texts has days alone.
    pub granularities: &'static [Granularity],
    /// The measures a cell holds, in code order.
    pub measures: &'static [Stored],
}

/// Every cube.
pub const CUBES: &[Cube] = &[
    Cube {
        id: CubeId::PARTNER_PERFORMANCE,
        name: "partner performance",
        facet: FacetKind::None,
        granularities: &[Granularity::Day, Granularity::Week],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::AD,
        name: "ad performance",
        facet: FacetKind::Ad,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::EVENT_TYPE,
        name: "event type performance",
        facet: FacetKind::EventType,
        granularities: &[Granularity::Day],
        measures: ACTIONS,
    },
    Cube {
        id: CubeId::SHARED_ID,
        name: "shared id performance",
        facet: FacetKind::SharedId,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::PROPERTY,
        name: "property performance",
        facet: FacetKind::Property,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::DOMAIN,
        name: "referring domain performance",
        facet: FacetKind::Domain,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::DEVICE,
        name: "device performance",
        facet: FacetKind::Device,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::EXPIRED_AD,
        name: "expired ads performance",
        facet: FacetKind::ExpiredAd,
        granularities: &[Granularity::Day],
        measures: &[
            Stored::RawClicks,
            Stored::Clicks,
            Stored::PayableClicks,
            Stored::LastClick,
        ],
    },
    Cube {
        id: CubeId::PATH,
        name: "path performance",
        facet: FacetKind::Path,
        granularities: &[Granularity::Day],
        measures: &[
            Stored::Actions,
            Stored::SaleAmount,
            Stored::ActionCost,
            Stored::SecondsToConvert,
        ],
    },
    Cube {
        id: CubeId::CONTRIBUTION,
        name: "contribution",
        facet: FacetKind::None,
        granularities: &[Granularity::Day],
        measures: &[
            Stored::Introducer,
            Stored::Influencer,
            Stored::Closer,
            Stored::Solo,
            Stored::Credited,
            Stored::Assisted,
            Stored::Participations,
            Stored::ParticipatingClicks,
        ],
    },
    Cube {
        id: CubeId::RISK,
        name: "risk",
        facet: FacetKind::None,
        granularities: &[Granularity::Day],
        measures: RISK,
    },
    Cube {
        id: CubeId::HOURS,
        name: "hourly performance",
        facet: FacetKind::Hour,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
    Cube {
        id: CubeId::LEDGER,
        name: "ledger",
        facet: FacetKind::Minute,
        granularities: &[Granularity::Day],
        measures: ledger::COUNTED,
    },
    Cube {
        id: CubeId::SUB_IDS,
        name: "sub id performance",
        facet: FacetKind::SubIds,
        granularities: &[Granularity::Day],
        measures: PERFORMANCE,
    },
];

/// Cells of buckets of each program, day and partner.
pub const RISK_PARTS: usize = KINDS * BUCKETS_OF_KIND / BUCKETS.len();

const RISK: &[Stored] = &[
    Stored::RawClicks,
    Stored::Clicks,
    Stored::PayableClicks,
    Stored::GrossActions,
    Stored::Actions,
    Stored::SaleAmount,
    Stored::ActionCost,
    Stored::GrossActionCost,
    Stored::NoReferrerClicks,
    Stored::TakenOrders,
    Stored::RiskClicks,
    Stored::RobotClicks,
    Stored::NoBrowserClicks,
    Stored::ImageClicks,
    Stored::AnomalousClicks,
    Stored::HostingClicks,
    Stored::NoFetchClicks,
    Stored::ForeignPageClicks,
    Stored::DuplicateClicks,
    Stored::RiskActions,
    Stored::RefRobotActions,
    Stored::RefNoBrowserActions,
    Stored::RefImageActions,
    Stored::RefAnomalousActions,
    Stored::RefHostingActions,
    Stored::ClickedActions,
    Stored::Under5sActions,
    Stored::Under10sActions,
    Stored::Under2hActions,
    Stored::Under24hActions,
    Stored::Under7dActions,
    Stored::RefusedClaims,
    Stored::Bucket0,
    Stored::Bucket1,
    Stored::Bucket2,
    Stored::Bucket3,
    Stored::Bucket4,
    Stored::Bucket5,
    Stored::Bucket6,
    Stored::Bucket7,
    Stored::Bucket8,
    Stored::Bucket9,
    Stored::Bucket10,
    Stored::Bucket11,
    Stored::Bucket12,
    Stored::Bucket13,
    Stored::Bucket14,
    Stored::Bucket15,
];

const PERFORMANCE: &[Stored] = &[
    Stored::RawClicks,
    Stored::Clicks,
    Stored::PayableClicks,
    Stored::GrossActions,
    Stored::Actions,
    Stored::SaleAmount,
    Stored::ActionCost,
    Stored::GrossActionCost,
    Stored::CpcCost,
    Stored::Adjusted,
];

const ACTIONS: &[Stored] = &[
    Stored::GrossActions,
    Stored::Actions,
    Stored::SaleAmount,
    Stored::ActionCost,
    Stored::GrossActionCost,
];

/// Texts of one facet that are kept apart for a program, day and partner, in the order in which
/// the fold counts them; what comes beyond them is added up together.
pub const TEXTS_MAX: u32 = 10_000;

impl Cube {
    /// Whether its cells hold a measure.
    #[must_use]
    pub fn counts(&self, measure: Stored) -> bool {
        self.measures.contains(&measure)
    }

    /// The fewest buckets kept that make up these days.
    #[must_use]
    pub fn fewest(&self, days: RangeInclusive<Day>) -> Vec<Buckets> {
        let week = Granularity::Week;
        let (first, last) = (days.start().0, days.end().0);
        // From the first Monday on, up to the Monday whose week is not over.
        let from = week.first(Day(first.saturating_add(6)));
        let to = week.first(Day(last.saturating_add(1)));
        if !self.granularities.contains(&week) || from >= to {
            return vec![(Granularity::Day, days)];
        }
        vec![
            (Granularity::Day, Day(first)..=Day(from.0 - 1)),
            (week, from..=Day(to.0 - 7)),
            (Granularity::Day, to..=Day(last)),
        ]
    }
}

impl CubeId {
    /// Its row of [`CUBES`]; `None` for a byte that names no cube.
    #[must_use]
    pub fn cube(self) -> Option<&'static Cube> {
        CUBES.iter().find(|cube| cube.id == self)
    }

    /// The cube that keeps the same sums apart by UTC hours, which days of a zone that
    /// is whole hours from UTC are made of.
    #[must_use]
    pub fn hourly(self) -> Option<Self> {
        (self == Self::PARTNER_PERFORMANCE).then_some(Self::HOURS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cube_is_found_by_its_own_id() {
        for cube in CUBES {
            assert_eq!(cube.id.cube().map(|found| found.name), Some(cube.name));
            assert!(
                cube.granularities.starts_with(&[Granularity::Day]) && !cube.measures.is_empty()
            );
            assert!(cube.measures.is_sorted(), "{}", cube.name);
        }
        assert!(CubeId(0).cube().is_none());
    }

    #[test]
    fn granularities_read_back() {
        for granularity in Granularity::ALL {
            assert_eq!(
                Granularity::from_byte(granularity.byte()),
                Some(granularity)
            );
        }
        assert_eq!(Granularity::from_byte(3), None);
    }
}
