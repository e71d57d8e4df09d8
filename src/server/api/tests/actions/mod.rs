//! Actions, their lines and updates over HTTP, and their changes.
//!
//! `world` serves rows that a test makes; `whole` runs the fold.

mod bounds;
mod changes;
mod files;
mod forms;
mod lists;
mod partners;
mod shapes;
mod whole;
mod world;

pub(super) use whole::{CLICK, Clicked, Whole};
