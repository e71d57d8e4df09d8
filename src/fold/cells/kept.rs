//! The cells as whole rows: what is added is added in memory, and a cell that changed is written
//! whole, so that writing a batch is all it takes.

use std::collections::hash_map::Entry;

use ahash::AHashMap;

use crate::derived::{Batch, CellKey, Families};
use crate::model::tally::{Facet, Stored, Tally};
use crate::registry::cube::TEXTS_MAX;

use super::super::error::FoldError;
use super::facets::Short;
use super::sums::Place;
use super::texts::Texts;

/// Cells of either half of what is remembered, about 250 bytes each.
const HALF: usize = 65_536;

/// A cell's place, and the key of its row.
#[derive(Debug)]
pub(super) struct Cell {
    place: Place,
    key: CellKey,
    facet: Facet,
}

#[derive(Debug, Default)]
struct Held {
    tally: Tally,
    is_changed: bool,
}

/// Cells remembered, of which those that changed are yet to be written.
#[derive(Debug, Default)]
pub(super) struct Kept {
    held: AHashMap<Place, Held>,
    /// The half before, of which none has changed; a cell that is asked for moves.
    older: AHashMap<Place, Tally>,
    changed: Vec<Cell>,
}

impl Cell {
    pub(super) fn new(place: Place, texts: &Texts) -> Self {
        let facet = match place.facet {
            Short::None => Facet::None,
            Short::Number(number) => Facet::Number(number),
            Short::Text(number) => Facet::Text(texts.text(number).into()),
            Short::Other => Facet::Other,
        };
        Self {
            place,
            key: place.key(),
            facet,
        }
    }

    /// The order of rows.
    pub(super) fn order(&self) -> (CellKey, &Facet) {
        (self.key, &self.facet)
    }

    /// The cell of the texts that are not kept apart.
    fn other(&self) -> Self {
        Self {
            place: self.place.other(),
            key: self.key,
            facet: Facet::Other,
        }
    }
}

impl Kept {
    /// Adds to one cell; gives back what there is no room for among the texts of its day and
    /// partner, with the cell where it goes.
    pub(super) fn add(
        &mut self,
        families: &Families<'_>,
        cell: Cell,
        more: Tally,
    ) -> Result<Option<(Cell, Tally)>, FoldError> {
        if !self.recall(families, &cell)? && matches!(cell.place.facet, Short::Text(_)) {
            let other = cell.other();
            self.recall(families, &other)?;
            let counted = self.held.get(&other.place);
            let texts = counted.map_or(0, |held| held.tally.get(Stored::Texts));
            if texts >= i128::from(TEXTS_MAX) {
                return Ok(Some((other, more)));
            }
            let mut one = Tally::default();
            one.add(Stored::Texts, 1);
            self.merge(other, &one);
        }
        self.merge(cell, &more);
        Ok(None)
    }

    /// Adds to the cell of the texts that are not kept apart.
    pub(super) fn add_to_other(
        &mut self,
        families: &Families<'_>,
        other: Cell,
        more: &Tally,
    ) -> Result<(), FoldError> {
        self.recall(families, &other)?;
        self.merge(other, more);
        Ok(())
    }

    /// Whether what changed should be written, however much is held back.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= HALF
    }

    /// Puts every cell that changed into `batch`.
    pub(super) fn write(&mut self, batch: &mut Batch<'_>) {
        self.changed
            .sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        for cell in self.changed.drain(..) {
            if let Some(held) = self.held.get_mut(&cell.place) {
                held.is_changed = false;
                batch.cell(cell.key, &cell.facet, &held.tally);
            }
        }
        if self.is_full() {
            let held = self.held.drain();
            self.older = held.map(|(place, held)| (place, held.tally)).collect();
        }
    }

    /// Forgets every cell; none may be unwritten.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.older.clear();
    }

    /// Has a cell in `held`, if there is such a cell; whether there is.
    fn recall(&mut self, families: &Families<'_>, cell: &Cell) -> Result<bool, FoldError> {
        let Entry::Vacant(vacant) = self.held.entry(cell.place) else {
            return Ok(true);
        };
        let tally = match self.older.remove(&cell.place) {
            Some(tally) => Some(tally),
            None => families.cell(cell.key, &cell.facet)?,
        };
        let Some(tally) = tally else {
            return Ok(false);
        };
        vacant.insert(Held {
            tally,
            is_changed: false,
        });
        Ok(true)
    }

    fn merge(&mut self, cell: Cell, more: &Tally) {
        let held = self.held.entry(cell.place).or_default();
        held.tally.merge(more);
        if !held.is_changed {
            held.is_changed = true;
            self.changed.push(cell);
        }
    }
}
