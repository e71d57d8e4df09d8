//! What a brand submits, from the bytes of the request to a checked [`Submission`].
//!
//! In: content type, body, the brand's account, the catalogue in force, the time, and a way to
//! verify click ids. Out: one submission, or every field error at once in words that name the
//! field, the problem and what is allowed. Nothing is looked up in a store and nothing is written
//! here; whether the conversion earns anything is the fold's to decide.
//!
//! | step | module |
//! |---|---|
//! | body bytes → name and value pairs | [`body`] |
//! | names → the published spelling, bounds, repeats | [`fields`] |
//! | `EventDate` | [`event_date`] |
//! | money of the order and of its items | [`amount`], [`items`] |
//! | who is to be credited, who bought, the call | [`references`] |
//! | what each field may hold, what needs what | [`rules`] |
//! | all of it → `Submission` | [`submission`] |
//! | a modification or reversal, the whole way | [`change`] |
//!
//! [`Submission`]: crate::model::submission::Submission

pub mod amount;
pub mod body;
pub mod change;
pub mod error;
pub mod event_date;
pub mod fields;
#[cfg(test)]
pub(crate) mod fixture;
pub mod items;
mod json;
pub mod references;
pub mod rules;
pub mod submission;

pub use body::ContentType;
pub use error::FieldError;
pub use submission::{Received, Refused, read};
