//! `kill -9` at random moments under mixed load: nothing that was acknowledged is lost, nothing is
//! there twice, nothing is there that nobody sent, and the reports equal a recount.
//!
//! The clients keep a ledger of their own with three values: answered as stored, answered as not
//! stored, not answered. The stored rows are read with code that knows the documented layout and
//! shares nothing with the daemon. A failure names its seed; `CLICKD_CRASH_SEED` and
//! `CLICKD_CRASH_ROUNDS` set seed and rounds.

mod brand;
mod changes;
mod compare;
mod customers;
mod cuts;
mod known;
mod recount;
mod rounds;
mod store;
mod world;
