//! `kill -9` at random moments while everything is under way: clicks, arrivals, conversions,
//! changes, uploaded files, imports and postbacks. Nothing that was acknowledged is lost, nothing
//! is there twice, nothing is there that nobody sent, nothing is told that is not stored, and the
//! reports equal a recount.
//!
//! The clients keep a ledger of their own with three values: answered as stored, answered as not
//! stored, not answered. The stored rows are read with code that knows the documented layout and
//! shares nothing with the daemon. A failure names its seed; `CLICKD_CRASH_SEED` and
//! `CLICKD_CRASH_ROUNDS` set seed and rounds.

mod arrived;
mod clients;
mod compare;
mod cuts;
mod entries;
mod journeys;
mod known;
mod load;
mod recount;
mod rounds;
mod rows;
mod store;
mod told;
mod world;
