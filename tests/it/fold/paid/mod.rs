//! Clicks that are paid by themselves, and the listings of clicks.

mod adjusted;
mod charged;
mod listed;
mod shop;
