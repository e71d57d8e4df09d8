//! Actions one by one: which there are, what they are made of, how they changed.
//!
//! In: the query string or the id of a request, a view of one moment, and [`Facts`], by which the
//! log is asked for what no derived row holds. Out: JSON in the published shapes, or every problem
//! of the query at once. A [`Listing`] is one brand's: it resolves programs in that brand's list
//! only, so that nobody's actions show to another. Money is a JSON number written from its exact
//! decimal text. Called by the API on blocking threads.
//!
//! | step | module |
//! |---|---|
//! | query string → [`query::Query`] | [`query`], [`instant`] |
//! | query → the places of actions or updates, newest first | [`select`] |
//! | one of them → its object | [`story`], [`action`], [`item`], [`update`], [`value`] |
//! | objects → a page with its links | [`page`] |

mod action;
mod facts;
pub mod instant;
mod item;
mod page;
mod query;
mod select;
mod story;
mod update;
mod value;
mod whole;

pub use facts::{ClickFacts, Facts};
pub use query::LISTED_DAYS_MAX;
pub use whole::Listing;
