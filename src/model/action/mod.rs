//! What is said about actions: how they are changed and taken back, why, and what they came to.

pub mod change;
pub mod disposition;
pub mod settlement;
