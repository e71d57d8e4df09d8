//! Verbs and their errors, as both sides of the control socket know them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest request body in bytes: a catalogue of 100,000 ads with room to spare.
pub const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Exit code of a command whose input is wrong.
pub const EXIT_INPUT: u8 = 1;
/// Exit code of a command that may succeed when tried again.
pub const EXIT_TEMPORARY: u8 = 75;

/// Why a verb did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{error}")]
pub struct VerbError {
    /// What is wrong, in one line.
    pub error: String,
    /// Every single problem, where there are several.
    #[serde(default)]
    pub details: Vec<String>,
    /// The exit code of the command.
    pub exit: u8,
}

impl VerbError {
    /// An error without details.
    #[must_use]
    pub fn new(exit: u8, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            details: Vec::new(),
            exit,
        }
    }

    /// The same error with `details`.
    #[must_use]
    pub fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }
}

/// What a verb does. It may block: it runs on the blocking pool.
type Verb = Box<dyn Fn(Value) -> Result<Value, VerbError> + Send + Sync>;

/// The closed table of verbs, in the order they were added.
#[derive(Default)]
pub struct Verbs {
    rows: Vec<(&'static str, Verb)>,
}

impl Verbs {
    /// A table without verbs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with one more verb; an earlier one of that name goes first and stays.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        verb: impl Fn(Value) -> Result<Value, VerbError> + Send + Sync + 'static,
    ) -> Self {
        self.rows.push((name, Box::new(verb)));
        self
    }

    /// The names of all verbs.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(name, _)| *name)
    }

    /// Whether there is a verb of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Does the verb `name`.
    ///
    /// # Errors
    /// The verb's own, or that there is no such verb, naming those there are.
    pub fn run(&self, name: &str, value: Value) -> Result<Value, VerbError> {
        let Some((_, verb)) = self.rows.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = self.names().collect();
            let error = format!("unknown verb `{name}`; known are {}", known.join(", "));
            return Err(VerbError::new(EXIT_INPUT, error));
        };
        verb(value)
    }
}
