//! `loadtest scale`: what a big catalogue costs against a small one.
//!
//! Two daemons of the run's own, one with each catalogue, get the same visitors. `load` compares
//! how long they take to start and what they hold in memory, `cost` what a click costs them, and
//! `swap` what customers notice while the big catalogue is changed.

mod cost;
mod load;
mod run;
mod swap;

pub(crate) use run::{FOLDED, Options, run};
