//! What tests of the real binary share: a configuration on free loopback ports in a temporary
//! folder, a daemon that never outlives its test, the other commands, a plain HTTP client, a
//! receiver of postbacks.
//!
//! Nothing here uses the crate's own code: a mistake in it must not hide itself.

pub(crate) mod commands;
pub(crate) mod config;
pub(crate) mod daemon;
pub(crate) mod dice;
pub(crate) mod http;
pub(crate) mod receiver;
