//! What is asked of a report: a query string, checked.
//!
//! In: the query string of a request, the report's row of the registry, the account's programs.
//! Out: a [`Query`] that can be answered, or every problem of the string at once. What rows are
//! sorted by is checked again with the answer, which alone knows every event type. Pure.

mod checked;
mod parse;
mod sort;

pub use checked::{COLLAPSES, COMPARES, Compare, FORMATS, Format, Query};
pub use parse::parse;
pub(super) use parse::word;
pub use sort::Sort;
