//! What an action costs, and a click that is paid by itself: pure rules, no store.
//!
//! In: what was sold, what rules may ask about it, the payout of the contract in force, and what
//! its limits have left. Out: the cost of the order and of each item, with and without limits. On
//! the fold's thread.
//!
//! Invariants: the shares of the items add up to the cost of the order; a share is rounded half to
//! even once, on the order or on the item as the payout says; limits take from the last item
//! first and never more than there is.

pub(super) mod click;
pub(super) mod limit;
pub(super) mod order;
mod period;
pub(super) mod sale;

#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod order_tests;
