//! From log to figures: what each click counts as, who is credited for each conversion, what it
//! costs, and the sums that reports show.
//!
//! In: sealed slots of the log, in order. Out: derived rows, which show slot by slot. One thread,
//! named `fold`, does all of it; a rebuild uses the same parts from a thread of its own.
//!
//! Invariants: the fold is a pure function of the log. It reads no clock, no secret and no
//! configuration: catalogue and robot rules are the versions that the slot's footer names, where no
//! judgement of the log names other rules for the past. A slot
//! whose rows differ from its footer is never folded. Whatever is cached is a bounded copy of
//! stored rows, and a cache never changes a result.

mod action;
mod adjust;
mod begun;
mod catalogs;
mod cells;
mod click;
mod counts;
mod credit;
mod days;
mod error;
mod hold;
mod ledger;
mod people;
mod price;
mod rebuild;
mod slot;
mod thread;
mod trial;
mod verify;

pub use action::tell::{Limited, Reckoned, Reckoning, reckon};
pub use adjust::adjustments;
pub use catalogs::catalog_of;
pub use click::hosting::{Hosting, SHIPPED_HOSTING};
pub use click::robots::{Robots, RobotsError, SHIPPED_ROBOTS};
pub use credit::tell::credit_rules;
pub use error::FoldError;
pub use rebuild::{Progress, rebuild};
pub use slot::{Folder, RULES};
pub use thread::{Fold, FoldRemote, FoldStatus, step_back};
pub use trial::Trial;
pub use verify::{Account, Difference, LedgerTotals, VerifyReport, verify};
