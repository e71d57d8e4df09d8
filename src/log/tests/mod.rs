//! The log against a real store.

mod changes;
mod stall;
mod visits;
mod whole;
