//! Postbacks at work in a daemon: where their events come from and where they are remembered.
//!
//! [`start`](mod@start) puts it together, [`source`] makes events of the fold's notices, [`stored`]
//! keeps them in the log, [`verbs`] are what the operator asks. Started after the fold, stopped
//! before the housekeeping thread.
//!
//! Invariants: an event is made of a slot that the fold's watermark has passed, so what it tells is
//! durable. A destination hears of what comes from the apply on that made it active, and its cursor
//! only moves on, so a rebuild sends nothing again.

mod source;
mod start;
mod stored;
pub(super) mod verbs;

pub(super) use start::{begin, start};
