//! What an action costs: pure rules, no store.
//!
//! In: what was sold and the payout of the contract in force. Out: the payout of the order and of
//! each of its items. On the fold's thread.

pub(super) mod sale;
