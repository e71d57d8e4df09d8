//! Where cells lie, short enough to be found by one look-up a click.

use std::hash::{Hash, Hasher};

use crate::derived::CellKey;
use crate::model::id::{PartnerId, ProgramId};
use crate::model::time::Day;
use crate::registry::cube::{CubeId, Granularity};

use super::facets::Short;

/// Program, stretch of time and partner of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::fold) struct Spot {
    pub(super) program: ProgramId,
    pub(super) granularity: Granularity,
    /// The first of the stretch.
    pub(super) day: Day,
    pub(super) partner: PartnerId,
}

/// The number of a spot among those remembered; it means nothing outside of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SpotNumber(pub(super) u32);

/// Where a cell lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) spot: SpotNumber,
    pub(super) facet: Short,
    pub(super) cube: CubeId,
}

impl Spot {
    /// That of an event of this day.
    pub(in crate::fold) fn new(program: ProgramId, day: Day, partner: PartnerId) -> Self {
        Self {
            program,
            granularity: Granularity::Day,
            day,
            partner,
        }
    }

    /// The longer stretch that holds this day.
    pub(super) fn within(self, granularity: Granularity) -> Self {
        Self {
            granularity,
            day: granularity.first(self.day),
            ..self
        }
    }

    /// The key of the rows of a cube, without the facet.
    pub(super) fn key(self, cube: CubeId) -> CellKey {
        CellKey {
            cube,
            program: self.program,
            granularity: self.granularity,
            day: self.day,
            partner: self.partner,
        }
    }
}

impl Place {
    /// The place of the texts that are not kept apart.
    pub(super) fn other(self) -> Self {
        Self {
            facet: Short::Other,
            ..self
        }
    }
}

/// As one number: hashing every field by itself takes several times as long.
impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (kind, value) = match self.facet {
            Short::None => (0, 0),
            Short::Number(number) => (1, number),
            Short::Text(number) => (2, number),
            Short::Other => (3, 0),
        };
        let head = u64::from(self.spot.0) << 8 | u64::from(self.cube.0) << 2 | kind;
        state.write_u64(head << 32 ^ u64::from(value));
    }
}
