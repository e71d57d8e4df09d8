#![doc = include_str!("ARCHITECTURE.md")]

pub mod catalog;
pub mod conversion;
pub mod log;
pub mod model;
pub mod registry;
pub mod report;
pub mod server;
