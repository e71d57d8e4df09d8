#![doc = include_str!("ARCHITECTURE.md")]

pub mod catalog;
pub mod model;
pub mod server;
pub mod telemetry;
