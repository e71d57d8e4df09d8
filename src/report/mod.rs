//! From a question to an answer: a report of the registry, for one account, from the fold's sums.
//!
//! In: the query string of a request. Out: rows in order, a page of them as JSON, or every problem
//! of the query at once. A [`Reader`] can't be made without a [`Scope`], and it resolves programs
//! in that scope only, so nothing here can read another brand's cells or clicks, or show a partner
//! those of another. Raw events are read by listings alone, one by one. Runs on blocking threads.
//!
//! | step | module |
//! |---|---|
//! | account → its programs, and its partner | [`scope`] |
//! | query string → [`query::Query`], checked against the registry | [`query`] |
//! | which days a query asks for, and whose | `days` |
//! | cells → sorted rows | [`answer`] |
//! | what a row has in each column, and rows in order of one | `column` |
//! | cells → what they add up to | `sums` |
//! | what speaks against partners, where a report judges them | `judge` |
//! | answers of several pages, kept for their links | [`held`] |
//! | which rows a page holds, and the links to the others | [`page`] |
//! | rows → JSON or CSV | [`render`], `table` |
//! | a row → links to the lists behind it | `drill` |
//! | clicks one by one, as rows of a report | [`clicks`] |
//! | two folds of the same slots, partner by partner | [`difference`] |
//! | actions and their updates one by one | [`listing`] |

pub mod answer;
pub mod clicks;
mod column;
pub mod difference;
mod days;
mod drill;
pub mod error;
pub mod held;
mod judge;
pub mod listing;
pub mod page;
pub mod parameters;
pub mod query;
pub mod render;
pub mod scope;
pub mod source;
mod sums;
mod table;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Reader};
pub use error::ReportError;
pub use held::Held;
pub use listing::{ClickFacts, Facts, Listing};
pub use render::Written;
pub use scope::Scope;
pub use source::{Source, Wanted};
