//! `loadtest fraud`: whether Risk by Partner finds fraud that was planted, and leaves the rest be.
//!
//! Every seed is a program of a daemon of its own. Clean partners have traffic drawn from the
//! sample; others have the same traffic with one kind of fraud in it.
//!
//! | step | module |
//! |---|---|
//! | the sample's distributions, and draws from them | [`source`], [`dice`] |
//! | what a partner brings, and files of it | [`traffic`] |
//! | the kinds of fraud, and how each is planted | [`kind`], [`plant`] |
//! | all partners of a seed | [`market`] |
//! | what is sent over HTTP | [`live`] |
//! | what the report found | [`judge`] |
//! | the command | [`run`](mod@run) |

mod dice;
mod judge;
mod kind;
mod live;
mod market;
mod plant;
mod run;
mod source;
mod traffic;

pub(crate) use run::{Options, run};
