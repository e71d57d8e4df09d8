//! Files of clicks and conversions: what they may look like, and how they reach the log.
//!
//! In: the bytes of a file. Out: rows that are checked for form, and the messages in which an
//! import hands them to the daemon. Whether a row names a program, a partner or an order that
//! exists is for the holder of the catalogue to say.
//!
//! | step | module |
//! |---|---|
//! | bytes → records with their line numbers | [`csv`] |
//! | bytes → lines of JSON | [`json_line`] |
//! | which columns there are | [`column`](mod@column) |
//! | record → row, or every field error at once | [`line`](mod@line) |
//! | `EventDate` of a row | [`own_time`] |
//! | a row of clicks, field by field | [`click`] |
//! | open, chunks, finish | [`import`] |
//! | where an import stands | [`record`] |
//! | a row of clicks → a click to store | [`take`] |
//! | a row of conversions → a submission | [`convert`] |
//!
//! Invariants: a row depends on what a line says and on nothing around it, neither on the order of
//! the columns nor on that of the lines; memory is bounded by the longest row allowed.

pub mod batch;
pub mod click;
pub mod column;
pub mod convert;
pub mod csv;
pub mod import;
pub mod json_line;
pub mod line;
pub mod own_time;
pub mod record;
pub mod take;
