//! Sends clicks that were made beforehand, cheaply, and checks every answer.
//!
//! A run is strict: the first click that is not answered as recorded, with its own click id and
//! the page of its ad, ends it. Of the one request that is sent over and over any redirect will do
//! that does not say it is unrecorded, since other servers make no click ids. One thread.

pub(crate) mod batch;
pub(crate) mod closed;
pub(crate) mod open;
