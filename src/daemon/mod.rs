//! The composition root: opens the stores, starts the stages, and stops them in order.
//!
//! | owner | runs on | stops |
//! |---|---|---|
//! | public workers | threads `public-N`, one runtime each | first, drained or cut |
//! | API, ops, control | thread `admin`, one runtime | second, so probes see the drain |
//! | postbacks | thread `postbacks`, one runtime | third, after tries under way |
//! | clerk: uploaded files | thread `clerk` | fourth, between two commits |
//! | fold | thread `fold` | fifth |
//! | house: metrics, salts, settlements, signs of life | thread `house` | with the fold |
//! | log sync | thread `log-sync` | last: seals the open slot and syncs |
//!
//! [`stores`] is what verbs need whether a daemon runs or not; [`run`] is a running daemon.

mod clerk;
mod explain;
mod house;
mod import;
mod lists;
mod postbacks;
mod rescore;
pub mod run;
mod settle;
pub mod stores;
pub mod verbs;

pub use run::{Addresses, Daemon, Ended, StartError};
pub use stores::{OpenError, Stores};
