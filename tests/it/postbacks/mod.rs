//! Postbacks from outside: a real daemon, a receiver that fails in every way, kills in between.
//!
//! Every event that a destination asked for arrives at least once, in order, with a signature that
//! verifies and the same bytes each time; none arrives that it did not ask for.

mod delivery;
mod site;
