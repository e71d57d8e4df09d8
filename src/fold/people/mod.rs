//! Who is the same person, and by what they came.
//!
//! In: conversions and arrivals that carry several names of a person, clicks that are known to be
//! theirs, and the channels by which they came.
//! Out: the journey of a person over all names and devices, as far as it matters still. A name is a
//! fingerprint of one program, so nothing of another program's customers is ever seen. On the
//! fold's thread.

mod arrive;
pub(super) mod forget;
pub(super) mod journey;
pub(super) mod note;
pub(super) mod trail;

#[cfg(test)]
mod tests;
