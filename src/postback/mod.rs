//! Stage 6: what happened to an action, told to brands and partners by requests of their own
//! making.
//!
//! In: notices of sealed slots, rendered by a [`Source`] with [`render()`]. Out: signed requests,
//! and rows of what waits and what became of it in a [`Ledger`]. One thread, named `postbacks`,
//! with an event loop of its own, started and stopped by the daemon.
//!
//! Invariants: an event goes out only when what it tells is durable. It is sent until it is
//! answered 2xx or given up, so a receiver sees it at least once, each time with the same id.
//! Events of one action go to a destination in order. No destination holds up another. Nothing is
//! sent to an address that was not checked, and no secret is stored.

pub mod address;
mod deliver;
mod error;
pub mod history;
mod ledger;
mod queue;
mod render;
pub mod schedule;
mod send;
mod sign;
mod source;
#[cfg(test)]
mod tests;
mod thread;
mod tls;

pub use error::{PostbackError, ReplayError};
pub use history::Which;
pub use ledger::{
    Done, DoneKey, End, Failure, Kind, Ledger, Method, Pending, Place, Request, Visit,
};
pub use render::{NoticeFacts, NoticeItem, event, render};
pub use send::Outcome;
pub use sign::Secret;
pub use source::{Source, Taken};
pub use thread::{Context, PostbackStatus, Postbacks, PostbacksRemote, Replayed, start};
pub use tls::TrustError;
