//! The command line: what each verb reads, asks and prints.
//!
//! In: arguments. Out: text on standard output, errors on standard error, an exit code. Verbs speak
//! to the running daemon over its control socket; with no daemon they open the stores themselves,
//! never beside a live one, and hand them over to one that starts.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value indexed by name gives null at worst"
)]

pub mod ask;
pub mod demo;
pub mod failure;
pub mod import;
mod limits;
pub mod line;
mod postback;
mod rebuild;
pub mod serve;
pub mod show;

pub use failure::Failure;
pub use line::{Line, run};
