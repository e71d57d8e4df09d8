//! The load test's own count, and the comparison of the daemon's figures with it.
//!
//! Pure functions over what was sent and what was answered; they share no code with the daemon.

pub(crate) mod bounds;
pub(crate) mod compare;
pub(crate) mod ledger;
pub(crate) mod recount;
