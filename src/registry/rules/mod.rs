//! The rules by which conversions earn: [`list`] holds those of prices and shows them all,
//! [`credit`] those of who earns, [`arrival`] those of page loads, [`change`] those of what becomes
//! of an action afterwards.

pub mod arrival;
pub mod change;
pub mod credit;
pub mod list;

pub use arrival::ARRIVAL;
pub use change::CHANGE;
pub use credit::CREDIT;
pub use list::{RULES, Rule, RuleKind, by_id, every, markdown, of_code};
