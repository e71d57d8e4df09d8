//! Whom reports are for, and those of partners.

pub mod earnings;
pub mod viewer;

pub use viewer::{Audience, Viewer};
