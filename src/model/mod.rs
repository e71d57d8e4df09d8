//! The nouns of the trade as plain values: no input or output, no clock, no store.
//!
//! Every other module speaks in these types. Nothing here fails other than by returning a closed
//! error, and nothing here allocates unless its type says so.

pub mod action;
pub mod arrival;
pub mod click;
pub mod click_id;
pub mod currency;
pub mod entry;
pub mod id;
pub mod money;
pub mod network;
pub mod referral;
pub mod refusal;
pub mod request;
pub mod spread;
pub mod submission;
pub mod tally;
pub mod time;
pub mod visit;
