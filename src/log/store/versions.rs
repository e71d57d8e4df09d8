//! Catalogue versions: written in parts, read whole.
//!
//! A version may have megabytes, and one write of them would keep every turn waiting for as long.
//! So the bytes go first, in parts of [`PART_BYTES`] and one commit each, and turns pass between
//! them. The row of the version comes last, together with the fact that the fold must see.
//!
//! | family | key | value |
//! |---|---|---|
//! | `catalog` | version `u32` | length of all parts together `u64` |
//! | `catalog-parts` | version `u32`, part `u32` | bytes |
//!
//! Parts without the row of their version are what a crash left behind. Nothing reads them: the
//! row decides which version is the newest and how many of its parts count, and the next attempt
//! at the version writes over them.

use crate::model::id::CatalogVersion;

use super::super::commit::Added;
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::Corrupt;

/// Bytes of a part. A commit of that size takes as long as that of a full turn.
pub const PART_BYTES: usize = 64 << 10;

/// The key of a part.
fn part_key(version: CatalogVersion, part: u32) -> [u8; 8] {
    ((u64::from(version.0) << 32) | u64::from(part)).to_be_bytes()
}

impl Log {
    /// Stores the next catalogue version; it is durable on return.
    ///
    /// # Errors
    /// `base` is not the version in force, or the store failed.
    pub fn put_catalog(
        &self,
        base: CatalogVersion,
        stored: &[u8],
    ) -> Result<CatalogVersion, LogError> {
        let _turn = self.shared.changes.lock();
        let current = self.current_catalog();
        if current != base {
            return Err(LogError::CatalogMoved { base, current });
        }
        let next = CatalogVersion(current.0.saturating_add(1));
        self.put_parts(next, stored)?;
        let added = Added {
            catalog: Some(next),
            ..Added::default()
        };
        let length = (stored.len() as u64).to_be_bytes();
        self.put_fact((family::CATALOG, next.0, &length), None, added)?;
        Ok(next)
    }

    /// Writes the parts of a version that no row names yet.
    pub(in crate::log) fn put_parts(
        &self,
        version: CatalogVersion,
        stored: &[u8],
    ) -> Result<(), LogError> {
        let parts = self.shared.cf(family::CATALOG_PARTS)?;
        for (part, bytes) in (0..).zip(stored.chunks(PART_BYTES)) {
            self.shared.commit_patiently(|_, _, batch| {
                batch.put_cf(parts, part_key(version, part), bytes);
                Added::default()
            })?;
        }
        Ok(())
    }

    /// A catalogue version as stored.
    ///
    /// # Errors
    /// The store failed, or the parts are not those that the version's row counts.
    pub fn catalog(&self, version: CatalogVersion) -> Result<Option<Vec<u8>>, LogError> {
        let Some(row) = self.value(family::CATALOG, &version.0.to_be_bytes())? else {
            return Ok(None);
        };
        let damaged = |why| Corrupt {
            family: family::CATALOG,
            why,
        };
        let length = <[u8; 8]>::try_from(row.as_slice())
            .ok()
            .and_then(|length| usize::try_from(u64::from_be_bytes(length)).ok())
            .ok_or_else(|| damaged("the length is no number"))?;
        let mut stored = Vec::new();
        let mut part = 0;
        while stored.len() < length {
            let bytes = self
                .value(family::CATALOG_PARTS, &part_key(version, part))?
                .filter(|bytes| !bytes.is_empty())
                .ok_or_else(|| damaged("a part of a version is missing"))?;
            stored.extend_from_slice(&bytes);
            part += 1;
        }
        if stored.len() != length {
            return Err(damaged("the parts of a version are too long").into());
        }
        Ok(Some(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Clock, Options};

    fn open(folder: &std::path::Path) -> Log {
        Log::open(&Options::new(folder), Clock::start()).unwrap()
    }

    fn bytes(length: usize, seed: u8) -> Vec<u8> {
        (0..length)
            .map(|n| seed.wrapping_add(n.to_le_bytes()[0]))
            .collect()
    }

    #[test]
    fn a_version_is_read_back_whole_whatever_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        let lengths = [
            0,
            1,
            PART_BYTES - 1,
            PART_BYTES,
            PART_BYTES + 1,
            5 * PART_BYTES + 7,
        ];
        for (base, length) in (0..).zip(lengths) {
            let before = log
                .stats()
                .commits
                .load(std::sync::atomic::Ordering::Relaxed);
            let version = log
                .put_catalog(CatalogVersion(base), &bytes(length, 1))
                .unwrap();
            let after = log
                .stats()
                .commits
                .load(std::sync::atomic::Ordering::Relaxed);
            assert_eq!(log.catalog(version).unwrap(), Some(bytes(length, 1)));
            let parts = u64::try_from(length.div_ceil(PART_BYTES)).unwrap();
            assert!(after - before > parts, "one commit for each part");
        }
        assert_eq!(log.catalog(CatalogVersion(99)).unwrap(), None);
    }

    #[test]
    fn parts_that_no_row_names_are_never_seen() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        log.put_catalog(CatalogVersion(0), b"one").unwrap();
        log.put_parts(CatalogVersion(2), &bytes(3 * PART_BYTES, 2))
            .unwrap();
        log.stop().unwrap();
        drop(log);
        let log = open(folder.path());
        assert_eq!(log.current_catalog(), CatalogVersion(1));
        assert_eq!(log.catalog(CatalogVersion(2)).unwrap(), None);
        // The next attempt is shorter than what was left behind.
        let two = bytes(PART_BYTES + 1, 3);
        assert_eq!(
            log.put_catalog(CatalogVersion(1), &two).unwrap(),
            CatalogVersion(2)
        );
        assert_eq!(log.catalog(CatalogVersion(2)).unwrap(), Some(two));
    }

    #[test]
    fn a_version_whose_parts_are_gone_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        let version = log
            .put_catalog(CatalogVersion(0), &bytes(2 * PART_BYTES, 4))
            .unwrap();
        let parts = log.shared.cf(family::CATALOG_PARTS).unwrap();
        log.shared
            .db
            .put_cf(parts, part_key(version, 1), b"")
            .unwrap();
        assert!(matches!(log.catalog(version), Err(LogError::Corrupt(_))));
        log.shared
            .db
            .put_cf(parts, part_key(version, 1), bytes(PART_BYTES + 1, 4))
            .unwrap();
        assert!(matches!(log.catalog(version), Err(LogError::Corrupt(_))));
        log.shared
            .db
            .delete_cf(parts, part_key(version, 0))
            .unwrap();
        assert!(matches!(log.catalog(version), Err(LogError::Corrupt(_))));
    }
}
