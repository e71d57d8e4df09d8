//! Clocks and counts: when a click was due, how long its answer took, when it became visible.
//!
//! Percentiles come from `HdrHistogram`s; nothing here knows HTTP.

pub(crate) mod freshness;
pub(crate) mod latency;
pub(crate) mod pace;
pub(crate) mod spread;
