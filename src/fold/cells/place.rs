//! Where cells lie, short enough to be found by one look-up a click.

use std::hash::{Hash, Hasher};

use crate::derived::CellKey;
use crate::model::id::{PartnerId, ProgramId};
use crate::model::time::Day;
use crate::registry::cube::{CubeId, Granularity};

use super::facets::Short;

/// Program, day and partner of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::fold) struct Spot {
    pub(in crate::fold) program: ProgramId,
    pub(in crate::fold) day: Day,
    pub(in crate::fold) partner: PartnerId,
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
    /// The key of the rows of a cube, without the facet.
    pub(super) fn key(self, cube: CubeId) -> CellKey {
        CellKey {
            cube,
            program: self.program,
            granularity: Granularity::Day,
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
