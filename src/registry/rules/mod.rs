//! The rules by which conversions earn: [`list`] holds those of prices and shows them all,
//! [`credit`] those of who earns.

pub mod credit;
pub mod list;

pub use credit::CREDIT;
pub use list::{RULES, Rule, RuleKind, every, markdown};
