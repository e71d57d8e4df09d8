//! `clickd demo`: a whole day in a minute, over real HTTP.
//!
//! Starts a daemon on a fresh store in a temporary folder, applies the sample catalogue, makes a
//! key, opens tracking links as customers would, submits conversions as the brand would, asks for
//! Performance by Partner and compares it with what it sent. Serves until Ctrl-C unless told to
//! exit. Nothing leaves the loopback interface; the folder is removed at the end.

mod client;
mod play;
mod traffic;

pub use play::run;
