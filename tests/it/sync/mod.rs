//! What is on disk before an answer leaves, proved from the system calls of the real daemon.
//!
//! The daemon runs under `strace`, which tells every write and sync of all its threads in the
//! order in which they happened, and which makes the disk fail on demand.

pub(crate) mod client;
pub(crate) mod daemon;
mod failing;
mod load;
mod order;
mod proof;
mod trace;
