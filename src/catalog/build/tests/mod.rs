//! The rules of a whole document: each bad document with the problem it must be told.

mod base;
mod clicks;
mod lists;
mod notices;
mod offers;
mod payouts;
mod terms;
mod whole;
