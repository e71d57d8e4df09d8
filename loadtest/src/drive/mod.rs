//! Sends clicks that were made beforehand, cheaply, and checks every answer.
//!
//! A run is strict: the first click that is not answered as recorded, with its own click id and
//! the page of its ad, ends it. One thread.

pub(crate) mod batch;
pub(crate) mod closed;
pub(crate) mod open;
