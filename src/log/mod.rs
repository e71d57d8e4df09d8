//! The log: the one place where events become bytes on disk, and the truth all else follows from.
//!
//! In: clicks a turn at a time ([`TurnWriter`]), those of imports ([`Importer`]), conversions,
//! arrivals and catalogue changes one by one ([`Log`]). Out: slots of rows closed by a footer, in
//! the order the fold reads them.
//!
//! Invariants: one commit runs at a time, under one lock, and takes no disk read; a slot's rows
//! all lie before its footer in commit order; a slot is shown to the fold only when a finished
//! fdatasync covers its footer; after the first failed write or sync nothing is acknowledged
//! again; only this folder and `derived` know RocksDB.

pub mod clock;
pub mod commit;
pub mod dictionary;
pub mod error;
pub mod family;
pub mod mint;
pub mod open;
pub mod read;
pub mod recover;
pub mod reuse;
pub mod row;
pub mod store;
pub mod sync;
pub mod turn;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use commit::{Epoch, patiently};
pub use error::LogError;
pub use open::{Log, Options};
pub use read::{EachImported, SlotRest};
pub use row::Corrupt;
pub use row::click::Parameters;
pub use row::footer::{Footer, Ledger, LedgerEntry};
pub use row::imported::{Imported, Place};
pub use store::adjustments::{Adjusted, Adjustment};
pub use store::batches::{Beside, Said, Taken};
pub use store::conversions::Accepted;
pub use store::imports::Importer;
pub use store::judgements::Judgement;
pub use turn::TurnWriter;
