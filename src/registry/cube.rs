//! The closed table of cubes: which sums the fold keeps, and by what they are grouped.
//!
//! The fold writes every cube of this table and nothing else; each report names the cube it reads.
//! A cube's id is a stored byte of every aggregate key, so an id is never given to another cube.

use crate::model::tally::Stored;

/// The stored byte that names a cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CubeId(pub u8);

impl CubeId {
    /// Clicks and actions by program, day and partner.
    pub const PARTNER_PERFORMANCE: Self = Self(1);
}

/// The length of the time bucket of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Granularity {
    /// One calendar day in the program's own time zone; the bucket is the day's number.
    Day,
}

impl Granularity {
    /// The byte it is stored as; never renumbered. 2 is kept free for hours.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Day => 1,
        }
    }

    /// The granularity stored as `byte`.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Day),
            _ => None,
        }
    }
}

/// One row of [`CUBES`]. Every cube is grouped by program, bucket and partner.
#[derive(Clone, Copy, Debug)]
pub struct Cube {
    /// Its id.
    pub id: CubeId,
    /// Its name in metrics, logs and the list of reports.
    pub name: &'static str,
    /// The bucket lengths kept.
    pub granularities: &'static [Granularity],
    /// The measures a cell holds, in code order.
    pub measures: &'static [Stored],
}

/// Every cube.
pub const CUBES: &[Cube] = &[Cube {
    id: CubeId::PARTNER_PERFORMANCE,
    name: "partner performance",
    granularities: &[Granularity::Day],
    measures: &Stored::ALL,
}];

impl CubeId {
    /// Its row of [`CUBES`]; `None` for a byte that names no cube.
    #[must_use]
    pub fn cube(self) -> Option<&'static Cube> {
        CUBES.iter().find(|cube| cube.id == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cube_is_found_by_its_own_id() {
        for cube in CUBES {
            assert_eq!(cube.id.cube().map(|found| found.name), Some(cube.name));
            assert!(!cube.granularities.is_empty() && !cube.measures.is_empty());
            assert!(cube.measures.is_sorted(), "{}", cube.name);
        }
        assert!(CubeId(0).cube().is_none());
    }

    #[test]
    fn granularities_read_back() {
        assert_eq!(
            Granularity::from_byte(Granularity::Day.byte()),
            Some(Granularity::Day)
        );
        assert_eq!(Granularity::from_byte(2), None);
    }
}
