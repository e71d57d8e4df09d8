//! Stage 1: the target of a request becomes a [`Link`] that borrows from it.
//!
//! Knows nothing of HTTP, of the catalogue or of what a click is worth: only what a tracking link
//! may look like, `/c/{partner}/{ad}/{program}?name=value&…`.

pub mod parse;
pub mod percent;
pub mod query;

#[cfg(test)]
mod tests;

pub use parse::{Link, LinkError, parse};
pub use query::Pairs;
