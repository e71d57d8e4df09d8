//! The command line: what each verb reads, asks and prints.
//!
//! In: arguments. Out: text on standard output, errors on standard error, an exit code. Verbs speak
//! to the running daemon over its control socket; with no daemon they open the stores themselves,
//! and never beside a live one.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value indexed by name gives null at worst"
)]

pub mod ask;
pub mod demo;
pub mod line;
pub mod serve;
pub mod show;

pub use line::{Line, run};

/// A command's failure: what to say and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// Lines for standard error.
    pub message: String,
    /// The exit code.
    pub exit: u8,
}

impl Failure {
    /// A failure with this exit code.
    #[must_use]
    pub fn new(exit: u8, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(75, error.to_string())
    }
}
