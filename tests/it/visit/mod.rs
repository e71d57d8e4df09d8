//! Arrivals on pages of brands: what a daemon answers and keeps, and who earns by them.

mod cookie;
mod credited;
mod kept;
mod site;
mod told;
