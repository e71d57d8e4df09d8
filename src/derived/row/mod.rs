//! Every byte of a generation: keys and values, what the fold has decided about clicks and
//! submissions.
//!
//! Each value begins with its format byte. Writing gives the only bytes that read back as the same
//! value; reading takes any bytes and either gives the value or says what is wrong.

pub(super) mod action;
pub(super) mod bytes;
pub(super) mod cell;
pub(super) mod counter;
pub(super) mod external;
pub(super) mod item;
pub(super) mod journey;
pub(super) mod key;
pub(super) mod mark;
pub(super) mod order;
pub(super) mod outcome;
pub(super) mod update;
pub(super) mod verdict;

#[cfg(test)]
mod tests;
