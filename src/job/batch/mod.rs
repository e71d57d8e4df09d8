//! Uploaded files of conversions, modifications and reversals, from the spool into the log.
//!
//! In: a file of the spool and its record. Out: what its lines say, stored in the log as the API
//! would have stored it, with the place that was reached in the same commit. Whatever ends the
//! process, the lines before that place are done and no other is; a line that says what is stored
//! already is a retry.
//!
//! A file is CSV (RFC 4180, header line, names of the API in any case of letters) or one JSON
//! object a line. Consecutive lines of one order that name items are one conversion, or one
//! modification, of several items.
//!
//! | module | what |
//! |---|---|
//! | [`record`] | what is known of a file, as the log keeps it |
//! | [`spool`] | files that wait, and the order they are taken in |
//! | [`source`] | bytes → lines |
//! | [`group`] | lines → what one conversion or change says |
//! | [`check`] | that → a checked conversion or change |
//! | [`run()`] | all of it, chunk by chunk |
//!
//! Called by the thread `clerk`; [`spool`] also by blocking threads of the API.

pub mod check;
pub mod group;
pub mod record;
pub mod run;
pub mod source;
pub mod spool;
#[cfg(test)]
mod tests;

pub use check::Unresolved;
pub use record::{BatchKind, BatchRecord, Form, LineError};
pub use run::{BatchError, Context, run};
pub use spool::{Spool, SpoolError};
