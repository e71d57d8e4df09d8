//! What stops the postbacks. Events wait where they are; everything else goes on.

use crate::derived::DerivedError;
use crate::log::LogError;

use super::tls::TrustError;

/// Why postbacks can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum PostbackError {
    /// The rows of the log can't be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The notices or actions in the derived store can't be read.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// No receiver could be trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The system gives no thread or no event loop.
    #[error("the postbacks thread can't start: {0}")]
    Thread(std::io::Error),
}

/// Why events are not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The delivery log can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The thread has stopped or does not answer.
    #[error("postbacks are not running; see the daemon's messages")]
    NotRunning,
}
