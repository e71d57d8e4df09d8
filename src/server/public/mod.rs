//! The public listener: tracking links in, redirects out.
//!
//! Each worker is one thread with its own runtime, connections and turn writer; workers share
//! nothing but the log's commit lock and read-only snapshots. A request is handled in one go
//! when hyper has read its head ([`service`]), then waits for the end of the event-loop turn,
//! where all clicks of the turn are committed at once ([`turn`]), and is answered ([`answer`]).

pub mod answer;
pub mod connection;
pub mod forwarded;
mod record;
pub mod service;
pub mod shared;
pub mod turn;
pub mod visit;
pub mod worker;

pub use shared::{Shared, Snapshots};
pub use worker::{Handle, Options, start};
