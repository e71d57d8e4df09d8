//! Judging clicks: what each one counts as, and why.
//!
//! In: the clicks of a slot, the robot list and the catalogue that its footer names, and when each
//! visitor clicked before. Out: a verdict per click, and what it comes to in programs that pay for
//! clicks. On the fold's thread.

pub(super) mod agents;
pub(super) mod carried;
pub(super) mod charge;
pub(super) mod classify;
pub(super) mod hosting;
pub(super) mod imported;
mod known;
pub(super) mod requests;
pub(super) mod robots;
pub(super) mod row;
pub(super) mod shape;
pub(super) mod signs;
pub(super) mod window;
