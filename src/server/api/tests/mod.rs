//! The API over real connections, with a log in a temporary folder and figures held in memory.
//!
//! `bench` starts a server and speaks raw HTTP to it.

mod actions;
mod bench;
mod clicks;
mod conversions;
mod drill;
mod files;
mod http;
mod keys;
mod partners;
mod pins;
mod queries;
mod reports;
mod shows;
mod signatures;
mod whole;
