//! Clicks that are paid by themselves, and the listings of clicks.

mod charged;
mod listed;
mod shop;
