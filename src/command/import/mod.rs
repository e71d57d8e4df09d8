//! `clickd import`: clicks and conversions that somebody else recorded, with their own times.
//!
//! In: a file of CSV or lines of JSON, or standard input. Out: its rows in the log, a summary, and
//! a file of the rows that were not taken. The file is read, checked and sorted as a whole before
//! anything is sent, so that a file whose header is wrong changes nothing.
//!
//! | step | module |
//! |---|---|
//! | the command as a whole | [`run`](mod@run) |
//! | file → rows in the order of their own times | [`read`] |
//! | more rows than fit into memory | [`sort`] |
//! | rows → the daemon, from its cursor | [`client`] |
//! | rows that were not taken | [`reject`] |

mod client;
mod read;
mod reject;
mod run;
mod sort;
#[cfg(test)]
mod tests;

pub(super) use run::{ImportCommand, run};
