//! The fold from outside: random events through a real log, folded in several ways, against a
//! recount that shares no code with it.

mod adjusted;
mod credit;
mod facets;
mod kept;
mod ledger;
mod offers;
mod paths;
mod notices;
mod open;
mod paid;
mod priced;
mod recount;
mod refused;
mod risk;
mod rescored;
pub(crate) mod same;
mod settled;
mod sold;
mod thread;
mod touch;
mod trips;
mod verify;
mod world;
