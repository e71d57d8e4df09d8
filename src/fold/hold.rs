//! How much a [`Folder`] holds in memory, and when it writes that.

use std::sync::Arc;

use super::error::FoldError;
use super::slot::Folder;

impl Folder {
    /// Holds at most twice `rows` window rows in memory, 56 bytes each, knows eight times as many
    /// visitors, two bytes each, and holds `rows` cells between slots, some 100 bytes each. Fewer
    /// mean more reads and never another result.
    pub fn hold_rows(&mut self, rows: usize) {
        self.windows.hold(rows);
        self.imports.windows.hold(rows);
        self.cells.remember_at_most(rows);
    }

    /// Has what changes again and again written once for many slots, and each slot in one part.
    /// Only for a generation that does not serve until [`Self::release`].
    pub fn hold_back(&mut self) {
        self.holds_back = true;
        self.cells.hold_back();
        self.windows.hold_back();
        self.imports.windows.hold_back();
    }

    /// Writes what is held back, and holds nothing back any more.
    ///
    /// # Errors
    /// The store fails.
    pub fn release(&mut self) -> Result<(), FoldError> {
        if !self.holds_back {
            return Ok(());
        }
        self.holds_back = false;
        let generation = Arc::clone(&self.generation);
        let mut batch = generation.families()?.batch();
        self.cells.release(&mut batch)?;
        self.windows.release(&mut batch)?;
        self.imports.windows.release(&mut batch)?;
        if let Some(mark) = self.mark {
            batch.commit(&mark)?;
        }
        // It is written before it serves; by then the thread that lets it has little to do.
        Ok(generation.flush()?)
    }
}
