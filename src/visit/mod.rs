//! What a brand's page or app says of who came, from the bytes of the request to a checked
//! [`Visit`].
//!
//! In: content type, body, the catalogue in force, the time, a way to verify click ids, and whether
//! the request itself forbids to follow the person. Out: one arrival, with what its answer needs,
//! or every field error at once. Nothing is looked up in a store and nothing is written here.
//! Whoever knows the number of a program may send arrivals for it, so none is worth money by
//! itself: a click id counts only if its tag holds. Called by the public listener and by the API.
//!
//! | step | module |
//! |---|---|
//! | name and value pairs → known fields, bounds, repeats | [`fields`] |
//! | `PageUrl` and `ReferringUrl` → link, click id, channel | [`page`] |
//! | all of it → [`Arrived`] | [`mod@read`] |
//!
//! [`Visit`]: crate::model::visit::Visit

pub mod fields;
pub mod page;
pub mod read;
#[cfg(test)]
mod tests;

pub use read::{Arrived, Loaded, Refused, read};
