//! The log against a real store.

mod changes;
mod whole;
