//! Who is the same person, and by what they came.
//!
//! In: conversions that carry several names of a person, and clicks that are known to be theirs.
//! Out: the journey of a person over all names and devices. A name is a fingerprint of one program,
//! so nothing of another program's customers is ever seen. On the fold's thread.

pub(super) mod journey;
pub(super) mod note;

#[cfg(test)]
mod tests;
