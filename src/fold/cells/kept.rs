//! The cells as whole rows: what is added is added in memory, and a cell that changed is written
//! whole, so that writing a batch is all it takes.
//!
//! Every click counts in the cell of partner performance of its spot, be it of a day or of a week.
//! So a spot that has no such row when it is first met has no row of any cube of clicks, and none
//! of its cells is looked for in the store.

use ahash::AHashMap;

use crate::derived::{Batch, CellKey, Families};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CubeId, TEXTS_MAX};

use super::super::error::FoldError;
use super::facets::Short;
use super::place::{Place, Spot, SpotNumber};
use super::sum::{InBuckets, Sum};
use super::sums::Counted;
use super::texts::Texts;

/// Cells and texts remembered at most, a cell in about 100 bytes, and 100 more and 32 for each
/// measure where it counts other things than clicks. Beyond that all are forgotten, or those of
/// past days alone, which costs reads and changes no result.
const SERVING_MAX: usize = 131_072;
/// The same while cells are held back, where forgetting costs writes too.
const HELD_BACK_MAX: usize = 1_048_576;

#[derive(Debug)]
#[repr(align(64))]
struct Cell {
    place: Place,
    sum: Sum,
    is_changed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Met {
    spot: Spot,
    is_new: bool,
}

/// Where a cell is among those remembered, until all are forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct At(u32);

impl At {
    fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Cells remembered, of which those that changed are yet to be written.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) texts: Texts,
    numbers: AHashMap<Spot, SpotNumber>,
    met: Vec<Met>,
    places: AHashMap<Place, At>,
    cells: Vec<Cell>,
    changed: Vec<At>,
    holds_back: bool,
    max: Option<usize>,
}

impl Kept {
    /// The number of a spot.
    pub(super) fn spot(
        &mut self,
        families: &Families<'_>,
        spot: Spot,
    ) -> Result<SpotNumber, FoldError> {
        if let Some(number) = self.numbers.get(&spot) {
            return Ok(*number);
        }
        let cube = CubeId::PARTNER_PERFORMANCE;
        let stored = families.cell(spot.key(cube), &Facet::None)?;
        let number = self.meet(Met {
            spot,
            is_new: stored.is_none(),
        });
        if let Some(stored) = stored {
            let facet = Short::None;
            let place = Place {
                spot: number,
                facet,
                cube,
            };
            self.remember(place, Sum::stored(&stored));
        }
        Ok(number)
    }

    /// Where the cell is that counts for `place`: that of all other texts where there is no room
    /// for one more.
    pub(super) fn at(&mut self, families: &Families<'_>, place: Place) -> Result<At, FoldError> {
        if let Some(at) = self.recall(families, place)? {
            return Ok(at);
        }
        if matches!(place.facet, Short::Text(_)) {
            let other = place.other();
            let at = match self.recall(families, other)? {
                Some(at) => at,
                None => self.remember(other, Sum::default()),
            };
            let cell = self.changing(at);
            if cell.is_some_and(|sum| !sum.has_room(TEXTS_MAX)) {
                return Ok(at);
            }
        }
        Ok(self.remember(place, Sum::default()))
    }

    /// Adds a click to a cell.
    pub(super) fn click(&mut self, at: At, counted: &Counted) {
        if let Some(sum) = self.changing(at) {
            sum.click(counted);
        }
    }

    /// Notes in a cell when a click was made that it counts.
    pub(super) fn clicked(&mut self, at: At, time: Millis) {
        if let Some(sum) = self.changing(at) {
            sum.clicked(time);
        }
    }

    /// Adds clicks to the buckets of a cell.
    pub(super) fn fill(&mut self, at: At, more: &InBuckets) {
        if let Some(sum) = self.changing(at) {
            sum.fill(more);
        }
    }

    /// Adds what is not a click to a cell.
    pub(super) fn merge(&mut self, at: At, more: &Tally) {
        if let Some(sum) = self.changing(at) {
            sum.merge(more);
        }
    }

    /// Remembers at most `max` cells and as many texts between slots.
    pub(super) fn remember_at_most(&mut self, max: usize) {
        self.max = Some(max);
    }

    /// Has the cells of many slots written together.
    pub(super) fn hold_back(&mut self) {
        self.holds_back = true;
    }

    /// Puts whatever is held back into `batch`, and holds nothing back any more.
    pub(super) fn release(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        self.holds_back = false;
        self.write(batch)
    }

    /// Ends a slot: puts what changed into `batch`, unless it is held back.
    pub(super) fn end_slot(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        let max = match (self.max, self.holds_back) {
            (Some(max), _) => max,
            (None, false) => SERVING_MAX,
            (None, true) => HELD_BACK_MAX,
        };
        let is_full = self.cells.len().max(self.texts.len()) > max;
        if is_full || !self.holds_back {
            self.write(batch)?;
        }
        if is_full {
            self.forget(max);
        }
        Ok(())
    }

    /// Forgets the cells of all stretches of time but each program's newest, which most clicks to
    /// come fall on; those too where they take up three quarters of the room. Comes after
    /// [`Self::write`].
    fn forget(&mut self, max: usize) {
        let mut newest = AHashMap::<_, Day>::new();
        let kind = |spot: Spot| (spot.program, spot.granularity);
        for Met { spot, .. } in &self.met {
            let day = newest.entry(kind(*spot)).or_insert(spot.day);
            *day = spot.day.max(*day);
        }
        let stays = |met: &Met| newest.get(&kind(met.spot)) == Some(&met.spot.day);
        let staying = |cell: &&Cell| self.met(cell.place.spot).as_ref().is_some_and(stays);
        let fits = self.cells.iter().filter(staying).count() <= max / 4 * 3;
        let (cells, met) = (
            std::mem::take(&mut self.cells),
            std::mem::take(&mut self.met),
        );
        let texts = self.texts.forget();
        self.numbers.clear();
        self.places.clear();
        let mut numbers = Vec::with_capacity(met.len());
        for met in met {
            numbers.push((fits && stays(&met)).then(|| self.meet(met)));
        }
        let number = |SpotNumber(old)| numbers.get(usize::try_from(old).ok()?).copied()?;
        for cell in cells {
            if let Some(spot) = number(cell.place.spot) {
                let facet = match cell.place.facet {
                    Short::Text(old) => Short::Text(self.texts.number(texts.text(old))),
                    facet => facet,
                };
                let place = cell.place;
                self.remember(
                    Place {
                        spot,
                        facet,
                        ..place
                    },
                    cell.sum,
                );
            }
        }
    }

    /// Puts every cell that changed into `batch`, in the order of the rows.
    fn write(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        let changed = std::mem::take(&mut self.changed);
        let mut changed: Vec<_> = changed
            .into_iter()
            .filter_map(|at| Some((self.rank(at)?, at)))
            .collect();
        changed.sort_unstable_by_key(|(rank, _)| *rank);
        let changed: Vec<At> = changed.into_iter().map(|(_, at)| at).collect();
        for at in &changed {
            if let Some(cell) = self.cells.get_mut(at.index()) {
                cell.is_changed = false;
            }
        }
        let cells = changed.iter();
        Ok(batch.cells(changed.len(), cells, |at, whole| self.whole(*at, whole))?)
    }

    /// The row of a cell: its key, and the measures that its cube counts in place of what `whole`
    /// held.
    fn whole(&self, at: At, whole: &mut Tally) -> Option<(CellKey, Facet)> {
        let cell = self.cells.get(at.index())?;
        let place = cell.place;
        cell.sum.write(place.cube.cube()?, whole);
        let spot = self.met(place.spot)?.spot;
        Some((spot.key(place.cube), self.facet(place.facet)))
    }

    /// What sorts cells as the keys of their rows do; making and comparing those takes several
    /// times as long.
    fn rank(&self, at: At) -> Option<(u128, u64, &str)> {
        let Place { spot, facet, cube } = self.cells.get(at.index())?.place;
        let spot = self.met(spot)?.spot;
        let day = (spot.day.0 ^ i32::MIN).cast_unsigned();
        let rank = u128::from(cube.0) << 32 | u128::from(spot.program.0);
        let rank = rank << 8 | u128::from(spot.granularity.byte());
        let rank = (rank << 32 | u128::from(day)) << 32 | u128::from(spot.partner.0);
        let (kind, number, text) = match facet {
            Short::None => (0, 0, ""),
            Short::Number(number) => (1, number, ""),
            Short::Text(number) => (2, 0, self.texts.text(number)),
            Short::Other => (3, 0, ""),
        };
        Some((rank, kind << 32 | u64::from(number), text))
    }

    fn meet(&mut self, met: Met) -> SpotNumber {
        let number = SpotNumber(u32::try_from(self.met.len()).unwrap_or(u32::MAX));
        self.numbers.insert(met.spot, number);
        self.met.push(met);
        number
    }

    fn met(&self, number: SpotNumber) -> Option<Met> {
        self.met.get(usize::try_from(number.0).ok()?).copied()
    }

    fn facet(&self, facet: Short) -> Facet {
        match facet {
            Short::None => Facet::None,
            Short::Number(number) => Facet::Number(number),
            Short::Text(number) => Facet::Text(self.texts.text(number).into()),
            Short::Other => Facet::Other,
        }
    }

    /// Where a cell is, if there is such a cell.
    fn recall(&mut self, families: &Families<'_>, place: Place) -> Result<Option<At>, FoldError> {
        if let Some(at) = self.places.get(&place) {
            return Ok(Some(*at));
        }
        let Some(met) = self.met(place.spot) else {
            return Ok(None);
        };
        if met.is_new && is_of_clicks(place) {
            return Ok(None);
        }
        let stored = families.cell(met.spot.key(place.cube), &self.facet(place.facet))?;
        Ok(stored.map(|stored| self.remember(place, Sum::stored(&stored))))
    }

    fn remember(&mut self, place: Place, sum: Sum) -> At {
        let at = At(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
        self.places.insert(place, at);
        self.cells.push(Cell {
            place,
            sum,
            is_changed: false,
        });
        at
    }

    /// A cell that is about to change.
    fn changing(&mut self, at: At) -> Option<&mut Sum> {
        let cell = self.cells.get_mut(at.index())?;
        if !cell.is_changed {
            cell.is_changed = true;
            self.changed.push(at);
        }
        Some(&mut cell.sum)
    }
}

/// Whether a spot without a cell of partner performance has none there either. What speaks against
/// a partner may be more than its clicks; only buckets come of clicks alone.
fn is_of_clicks(place: Place) -> bool {
    if place.cube == CubeId::RISK {
        return matches!(place.facet, Short::Number(_));
    }
    let cube = place.cube.cube();
    cube.is_some_and(|cube| cube.counts(Stored::RawClicks))
}
