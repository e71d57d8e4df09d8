//! What the brands have set up: programs, ads, partners, event types and contracts.
//!
//! In: one TOML document, applied as a whole or not at all. Out: an immutable [`Catalog`] that the
//! hot path, the fold and the reports read without a lock.
//!
//! `parse` reads the text, `document` holds it, `check` and `build` compile it or name every
//! problem at once, `apply` puts it on top of the one in force, `stored` is its form in the log and
//! `export` its way back to text. `shelf` holds the versions that are in memory.

pub mod apply;
mod build;
pub mod check;
pub mod document;
pub mod export;
pub mod parse;
pub mod problem;
pub mod shelf;
pub mod snapshot;
pub mod stored;

pub use document::CatalogDoc;
pub use export::export;
pub use parse::{parse_bytes, parse_toml};
pub use problem::Problem;
pub use shelf::Shelf;
pub use snapshot::Catalog;
pub use stored::{StoredError, to_stored};
