//! `loadtest cut`: conversions of which many have their connection cut before the answer.
//!
//! A brand that does not hear an answer sends again, and nothing may be lost or doubled by that.
//! `deck` says what is sent and which tries are cut, `post` sends or cuts one try, `send` sends
//! them over many connections, `judge` compares what the daemon shows with what was answered.

mod deck;
mod judge;
mod post;
mod run;
mod send;

pub(crate) use run::{Options, run};
