//! The client side of HTTP/1.1: one connection, a click, the brand's API.
//!
//! Everything runs on one current-thread runtime, because the tool shares two cores with the
//! server that it measures.

pub(crate) mod brand;
pub(crate) mod click;
pub(crate) mod connection;
pub(crate) mod pipe;
pub(crate) mod sender;
pub(crate) mod wire;

#[cfg(test)]
pub(crate) mod mock;
