//! Stage 6: what happened to an action, told to brands and partners by requests of their own
//! making.
//!
//! In: notices of sealed slots, rendered by a source. Out: signed requests,
//! and rows of what waits and what became of it in a ledger. One thread, named `postbacks`,
//! with an event loop of its own, started and stopped by the daemon.
//!
//! Invariants: an event goes out only when what it tells is durable. It is sent until it is
//! answered 2xx or given up, so a receiver sees it at least once, each time with the same id.
//! Events of one action go to a destination in order. No destination holds up another. Nothing is
//! sent to an address that was not checked, and no secret is stored.

pub mod address;
pub mod schedule;
mod sign;

pub use sign::Secret;
