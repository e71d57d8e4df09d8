//! The composition root: opens the stores, starts the stages, and stops them in order.
//!
//! | owner | runs on | stops when |
//! |---|---|---|
//! | public workers | threads `public-N`, one runtime each | drained or cut, first of all |
//! | API, ops, control socket | thread `admin`, one runtime with its blocking pool | after the public workers, so probes and scrapes see the drain |
//! | fold | thread `fold` | after the API |
//! | house (metrics, salts, watchdog) | thread `house` | with the fold |
//! | log sync | thread `log-sync` | last: seals the open slot and syncs |
//!
//! [`stores`] is what verbs need whether a daemon runs or not; [`run`] is a running daemon.

mod explain;
mod house;
pub mod run;
pub mod stores;
pub mod verbs;

pub use run::{Addresses, Daemon, Ended, StartError};
pub use stores::{OpenError, Stores};
