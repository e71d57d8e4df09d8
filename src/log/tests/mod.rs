//! The log against a real store.

mod whole;
