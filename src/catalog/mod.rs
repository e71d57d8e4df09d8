//! What the brands have set up: programs, ads, partners, event types and contracts.
//!
//! In: one TOML document, applied as a whole or not at all. Out: an immutable [`Catalog`] that the
//! hot path, the fold and the reports read without a lock.
//!
//! `parse` reads the text, `document` holds it, `check` and `build` compile it or name every
//! problem at once, `stored` is its form in the log.

mod build;
pub mod check;
pub mod document;
pub mod parse;
pub mod problem;
pub mod snapshot;
pub mod stored;

pub use document::CatalogDoc;
pub use parse::{parse_bytes, parse_toml};
pub use problem::Problem;
pub use snapshot::Catalog;
pub use stored::{StoredError, to_stored};
