//! How a command fails: what is said, and the exit code.

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
