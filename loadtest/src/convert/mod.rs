//! `loadtest convert`: the sample with its own times, as the CSV files that `clickd import` reads,
//! and what the reports of those days must then say.
//!
//! | step | module |
//! |---|---|
//! | gzip CSV → rows with times, one at a time | [`sample`] |
//! | rows → a file of clicks and a file of conversions | [`files`] |
//! | rows → figures per partner and day | [`recount`] |
//! | the command | [`run`](mod@run) |
//!
//! `loadtest import` brings those files to a daemon and compares its reports, see [`import`].

mod files;
pub(crate) mod import;
mod recount;
mod run;
pub(crate) mod sample;

pub(crate) use run::{Options, run};
