//! The catalogue versions in memory, each once for all who read it.
//!
//! The server and the fold read the same versions, so they share them. A version's number tells
//! what it is: whoever asks for one that is not here reads it from the log, and whoever adds one
//! does so while nobody can ask.
//!
//! A big version takes tens of milliseconds to free. The shelf holds every version until nobody
//! else does, and [`Shelf::sweep`] gives it to whoever has the time, never to a public worker.

use std::sync::Arc;

use parking_lot::Mutex;

use super::snapshot::Catalog;
use crate::model::id::CatalogVersion;

/// The versions in memory.
#[derive(Debug, Default)]
pub struct Shelf(Mutex<Vec<Arc<Catalog>>>);

impl Shelf {
    /// The catalogue of a version; `read` gets it when it is not here. Others wait meanwhile, so
    /// that no version is here twice.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn get<E>(
        &self,
        version: CatalogVersion,
        read: impl FnOnce() -> Result<Catalog, E>,
    ) -> Result<Arc<Catalog>, E> {
        let mut held = self.0.lock();
        if let Some(found) = held.iter().find(|held| held.version == version) {
            return Ok(Arc::clone(found));
        }
        let read = Arc::new(read()?);
        held.push(Arc::clone(&read));
        Ok(read)
    }

    /// Adds a catalogue under the version that `put` stores it as. Nobody can ask for the version
    /// before it is here.
    ///
    /// # Errors
    /// Those of `put`; nothing is added.
    pub fn add<E>(
        &self,
        catalog: Catalog,
        put: impl FnOnce() -> Result<CatalogVersion, E>,
    ) -> Result<Arc<Catalog>, E> {
        let mut held = self.0.lock();
        let version = put()?;
        let added = Arc::new(Catalog { version, ..catalog });
        held.push(Arc::clone(&added));
        Ok(added)
    }

    /// Takes out the versions that nobody else holds, for the caller to free.
    #[must_use]
    pub fn sweep(&self) -> Vec<Arc<Catalog>> {
        let mut held = self.0.lock();
        held.extract_if(.., |held| Arc::strong_count(held) == 1)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(version: u32) -> Catalog {
        Catalog {
            version: CatalogVersion(version),
            ..Catalog::default()
        }
    }

    #[test]
    fn a_version_is_read_once_and_shared() {
        let shelf = Shelf::default();
        let one = shelf.get(CatalogVersion(1), || Ok::<_, ()>(catalog(1)));
        let again = shelf.get(CatalogVersion(1), || Err(()));
        assert!(Arc::ptr_eq(&one.unwrap(), &again.unwrap()));
        assert_eq!(
            shelf.get(CatalogVersion(2), || Err("gone")).err(),
            Some("gone")
        );
    }

    #[test]
    fn a_new_version_is_there_once_it_is_stored_and_not_before() {
        let shelf = Shelf::default();
        assert_eq!(shelf.add(catalog(2), || Err("moved")).err(), Some("moved"));
        let read = shelf
            .get(CatalogVersion(2), || Ok::<_, ()>(catalog(2)))
            .unwrap();
        assert_eq!(Arc::strong_count(&read), 2);
        let added = shelf
            .add(catalog(0), || Ok::<_, ()>(CatalogVersion(3)))
            .unwrap();
        let found = shelf.get(CatalogVersion(3), || Err(())).unwrap();
        assert!(Arc::ptr_eq(&added, &found));
    }

    #[test]
    fn only_what_nobody_else_holds_is_swept() {
        let shelf = Shelf::default();
        let one = shelf
            .get(CatalogVersion(1), || Ok::<_, ()>(catalog(1)))
            .unwrap();
        let reader = Arc::clone(&one);
        drop(one);
        assert_eq!(shelf.sweep().len(), 0);
        let weak = Arc::downgrade(&reader);
        drop(reader);
        assert!(
            weak.upgrade().is_some(),
            "dropping the last reader frees nothing"
        );
        assert_eq!(shelf.sweep().len(), 1);
        assert!(weak.upgrade().is_none());
        assert_eq!(shelf.sweep().len(), 0);
    }
}
