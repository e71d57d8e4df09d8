//! What is said about actions: how they are changed and taken back, and why.

pub mod change;
pub mod disposition;
