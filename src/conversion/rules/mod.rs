//! What a field may hold, and which fields need or exclude each other.
//!
//! The rules are those that impact.com publishes for its Conversions API; where it gives no bound,
//! the bound is ours. [`form`] lists what the value of a field must be, [`relation`] adds what must
//! stand beside what, [`event_type`] what the catalogue asks, and [`list`] says it all with the
//! test that holds each rule. Money is read in [`super::amount`]; a field of no row takes any text.

pub mod event_type;
pub mod form;
pub mod list;
pub mod relation;
#[cfg(test)]
mod tests;

pub use form::{TEST, check, is_switched_on};
pub use list::{RULES, Rule, markdown};
