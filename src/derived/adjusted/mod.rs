//! Adjustments as they count: each on its day, with what it adjusts.
//!
//! In: what judgements of the past change of what was paid before them, as the fold comes to the
//! clicks and settlements that they name. Out: one row for each, in the order of a listing.
//! On the fold's thread, and in snapshots for all others. Invariant: the rows of a program, day and
//! partner add up to the measure of its cell.

mod row;
mod rows;

pub use row::{AdjustedKey, AdjustedKind, AdjustedRow};
