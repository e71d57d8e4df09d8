//! Rows about journeys: what led to conversions, by what people came, and what may happen again.
//!
//! Keys and values in the forms of [`super::bytes`]; written by the fold, read by it and by views.

pub(in crate::derived) mod horizon;
pub(in crate::derived) mod path;
pub(in crate::derived) mod person;
pub(in crate::derived) mod recurrence;
