//! The cells that figures are added up in: what each one is for, and its measures.

mod facet;
mod measures;
pub mod path;

pub use facet::Facet;
pub use measures::{BUCKETS, Kind, Stored, Tally};
