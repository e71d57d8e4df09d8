//! A daemon of the run's own: settings, start, verbs, what it used, stop.
//!
//! It listens on loopback, keeps everything in one temporary folder and ends with the run: by
//! SIGTERM when the run succeeds, by SIGKILL to its own pid when anything fails.

pub(crate) mod metrics;
pub(crate) mod pin;
pub(crate) mod process;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod stage;
pub(crate) mod usage;
pub(crate) mod verbs;
