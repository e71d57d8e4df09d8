#![doc = include_str!("ARCHITECTURE.md")]

pub mod model;
pub mod registry;
pub mod catalog;
pub mod link;
pub mod click;
pub mod conversion;
pub mod job;
pub mod log;
pub mod fold;
pub mod derived;
pub mod report;
pub mod server;
pub mod telemetry;
pub mod config;
pub mod daemon;
pub mod command;
