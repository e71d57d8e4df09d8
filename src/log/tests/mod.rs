//! The log against a real store.

mod changes;
mod visits;
mod whole;
