//! The rules of a whole document: each bad document with the problem it must be told.

mod base;
mod offers;
mod terms;
mod whole;
