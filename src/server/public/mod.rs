//! The public listener: tracking links in, redirects out.
//!
//! Each worker is one thread with its own runtime, connections and turn writer; workers share
//! nothing but the log's commit lock and read-only snapshots. A [`connection`] reads plain requests
//! in place; the first request that is not plain brings hyper and its [`service`]. Either way a
//! request becomes a click of the turn ([`intake`]) and its answer is made ([`answer`]) in one go,
//! then held back until the end of the event-loop turn, where all clicks of the turn are committed
//! at once ([`turn`]).

pub mod answer;
pub mod connection;
pub mod forwarded;
pub mod intake;
mod page_load;
mod record;
pub mod service;
pub mod shared;
pub mod turn;
pub mod visit;
pub mod worker;

pub use shared::{Shared, Snapshots};
pub use worker::{Handle, Options, start};
