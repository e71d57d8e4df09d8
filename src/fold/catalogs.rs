//! The catalogue versions that footers name, each read once while it is in use.

use std::sync::Arc;

use crate::catalog::{Catalog, Shelf};
use crate::log::Log;
use crate::model::id::{CatalogVersion, Slot};

use super::error::FoldError;

/// Slots after which a version that none of them needed is let go.
const IDLE_SLOTS: u64 = 10;

/// A few versions of the catalogue: the one in force, and older ones that waiting submissions name.
#[derive(Debug, Default)]
pub(super) struct Catalogs {
    shelf: Arc<Shelf>,
    /// Each with the slot, counted here, that needed it last.
    held: Vec<(u64, Arc<Catalog>)>,
    slots: u64,
}

impl Catalogs {
    /// Takes versions from a shelf that others use too. A version is the same wherever it was
    /// read, so the fold still depends on the log alone.
    pub(super) fn new(shelf: Arc<Shelf>) -> Self {
        Self {
            shelf,
            ..Self::default()
        }
    }

    /// The catalogue of a version. Version 0 is empty and never stored.
    pub(super) fn load(
        &mut self,
        log: &Log,
        version: CatalogVersion,
    ) -> Result<Arc<Catalog>, FoldError> {
        let held = self
            .held
            .iter_mut()
            .find(|(_, held)| held.version == version);
        if let Some((last, found)) = held {
            *last = self.slots;
            return Ok(Arc::clone(found));
        }
        let found = self.shelf.get(version, || read(log, version))?;
        self.held.push((self.slots, Arc::clone(&found)));
        Ok(found)
    }

    /// Notes that a slot begins, and lets go of what the last ones did not need.
    pub(super) fn begin_slot(&mut self) {
        self.slots += 1;
        let slots = self.slots;
        self.held.retain(|(last, _)| slots - last <= IDLE_SLOTS);
    }
}

/// The catalogue that a slot is folded by; none before the slot is sealed.
///
/// # Errors
/// The log fails or lacks the version.
pub fn catalog_of(log: &Log, shelf: &Shelf, slot: Slot) -> Result<Option<Arc<Catalog>>, FoldError> {
    let Some(footer) = log.footer(slot)? else {
        return Ok(None);
    };
    let version = footer.catalog;
    shelf.get(version, || read(log, version)).map(Some)
}

fn read(log: &Log, version: CatalogVersion) -> Result<Catalog, FoldError> {
    if version == CatalogVersion(0) {
        return Ok(Catalog::default());
    }
    let stored = log
        .catalog(version)?
        .ok_or(FoldError::CatalogMissing(version))?;
    let catalog = Catalog::from_stored(&stored).map_err(|error| FoldError::CatalogDamaged {
        version,
        why: error.to_string(),
    })?;
    // The log numbers its versions; the document only says which it was exported from.
    Ok(Catalog { version, ..catalog })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CatalogDoc, to_stored};
    use crate::log::{Clock, Options};

    #[test]
    fn a_version_that_no_slot_needs_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
        let stored = to_stored(&CatalogDoc::default()).unwrap();
        for base in 0..2 {
            log.put_catalog(CatalogVersion(base), &stored).unwrap();
        }
        let shelf = Arc::new(Shelf::default());
        let mut catalogs = Catalogs::new(Arc::clone(&shelf));
        let one = Arc::downgrade(&catalogs.load(&log, CatalogVersion(1)).unwrap());
        for _ in 0..IDLE_SLOTS {
            catalogs.begin_slot();
            catalogs.load(&log, CatalogVersion(2)).unwrap();
        }
        assert_eq!((shelf.sweep().len(), catalogs.held.len()), (0, 2));
        catalogs.begin_slot();
        assert_eq!((shelf.sweep().len(), catalogs.held.len()), (1, 1));
        assert!(one.upgrade().is_none());
        assert_eq!(
            catalogs.load(&log, CatalogVersion(1)).unwrap().version,
            CatalogVersion(1)
        );
    }
}
