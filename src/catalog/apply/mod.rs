//! A document from outside put on top of the one in force.
//!
//! In: the document in force, the new one, what the caller permits. Out: the document to store, or
//! every reason why not. What the new document does not name stays as it is, unless the caller
//! asks to prune; what is pruned is retired and its id never comes back. Contracts are known by
//! program, partner and start as written. Runs on command threads.

mod merge;
mod overlay;
#[cfg(test)]
mod tests;

pub use merge::{Options, merge};
