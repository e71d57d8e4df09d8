//! From submissions to actions: what becomes of everything a brand says.
//!
//! In: the submissions of a slot and those that waited, in the order of their numbers. Out:
//! actions, outcomes and what they add to the sums. On the fold's thread.

mod against;
mod bill;
mod change;
mod conversion;
mod count;
pub(super) mod desk;
pub(super) mod figures;
mod modify;
mod notice;
mod settle;
mod sight;
pub(super) mod tell;

#[cfg(test)]
mod tests;
