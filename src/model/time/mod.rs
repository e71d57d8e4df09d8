//! Points in time, days, and the calendar of a zone.

pub mod calendar;
mod instant;

pub use instant::{DAY, Day, HOUR, MINUTE, Millis, SECOND};
