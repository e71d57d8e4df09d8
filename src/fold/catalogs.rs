//! The catalogue versions that footers name, each read once.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::log::Log;
use crate::model::id::CatalogVersion;

use super::error::FoldError;

/// Versions held at a time: the one in force, and older ones that waiting submissions name.
const HELD_MAX: usize = 4;

/// A few versions of the catalogue.
#[derive(Debug, Default)]
pub(super) struct Catalogs {
    /// The version used last is at the end.
    held: Vec<Arc<Catalog>>,
}

impl Catalogs {
    /// The catalogue of a version. Version 0 is empty and never stored.
    pub(super) fn load(
        &mut self,
        log: &Log,
        version: CatalogVersion,
    ) -> Result<Arc<Catalog>, FoldError> {
        let found = match self.held.iter().position(|held| held.version == version) {
            Some(at) => self.held.remove(at),
            None => Arc::new(read(log, version)?),
        };
        if self.held.len() >= HELD_MAX {
            self.held.remove(0);
        }
        self.held.push(Arc::clone(&found));
        Ok(found)
    }
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
