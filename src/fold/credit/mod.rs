//! Who is credited for a conversion: pure rules, no store.
//!
//! In: a submission, the catalogue of its slot, and what may be asked about clicks, people and
//! orders ([`see`]). Out: what led to the conversion, step by step, and a winner with its terms or
//! the refusal of highest precedence. On the fold's thread.
//!
//! [`candidate`] gathers what refers to the conversion, [`screen`] asks what speaks against the
//! conversion as a whole and against each candidate, [`choose`] picks among those that are left.

mod candidate;
pub(super) mod case;
mod choose;
pub(super) mod decide;
mod screen;
pub(super) mod see;
pub(super) mod tell;

#[cfg(test)]
mod tests;
