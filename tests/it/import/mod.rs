//! Imports from outside: clicks of another system with their own times, through a real log and
//! through a running daemon, against a recount that shares no code with the fold.

mod alone;
mod daemon;
mod fold;
mod told;
mod weeks;
