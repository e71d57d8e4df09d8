//! The edge: everything that speaks to the outside, and the only module that knows HTTP.
//!
//! In: sockets, from the service manager or bound here. Out: answers made by the stages below.
//! Nothing here knows how a click is decided or how a figure is made.

pub mod api;
pub mod control;
pub mod listeners;
pub mod notify;
pub mod ops;
pub mod page_load;
pub mod public;
