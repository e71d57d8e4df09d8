#![doc = include_str!("ARCHITECTURE.md")]

pub mod catalog;
pub mod click;
pub mod config;
pub mod conversion;
pub mod derived;
pub mod fold;
pub mod link;
pub mod log;
pub mod model;
pub mod registry;
pub mod report;
pub mod server;
pub mod telemetry;
