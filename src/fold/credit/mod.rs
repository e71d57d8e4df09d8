//! Who is credited for a conversion: pure rules, no store.
//!
//! In: a submission with what was found about its click and its order, and the catalogue of its
//! slot. Out: an action or the refusal of highest precedence. On the fold's thread.

pub(super) mod case;

#[cfg(test)]
mod tests;
