//! What the brands have set up: programs, ads, partners, event types and contracts.
//!
//! In: one TOML document, applied as a whole or not at all. Out: an immutable [`Catalog`] that the
//! hot path, the fold and the reports read without a lock.

pub mod snapshot;

pub use snapshot::Catalog;
