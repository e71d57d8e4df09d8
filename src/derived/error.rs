//! What can go wrong with the derived store.

use std::path::PathBuf;

/// An error of the derived store. None of them harms the log: the store can always be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum DerivedError {
    /// RocksDB failed.
    #[error("derived store: {0}")]
    Store(#[from] rocksdb::Error),
    /// A stored row does not read; the rows are made again by a rebuild.
    #[error("derived store: row {key} of family {family} is damaged ({why}); run `clickd rebuild`")]
    Corrupt {
        /// The column family.
        family: &'static str,
        /// The key in hexadecimal.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A column family that every generation has is not there.
    #[error("derived store: column family {0} is missing; run `clickd rebuild`")]
    FamilyMissing(&'static str),
    /// Nobody waits for the answer any more.
    #[error("derived store: the read was given up")]
    Stopped,
    /// A directory or the pointer file could not be read or written.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl DerivedError {
    /// A damaged row of `family`.
    pub(super) fn corrupt(family: &'static str, key: &[u8], why: &'static str) -> Self {
        let mut hex = String::with_capacity(key.len() * 2);
        for byte in key {
            for digit in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(digit), 16).unwrap_or('?'));
            }
        }
        Self::Corrupt {
            family,
            key: hex,
            why,
        }
    }
}
