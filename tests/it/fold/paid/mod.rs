//! Clicks that are paid by themselves, and the listings of clicks.

mod adjusted;
mod charged;
pub(super) mod listed;
mod shop;
