//! Why a link leads where it leads, and what became of a click, an order, a submission or an
//! action: the answers of `clickd link` and `clickd explain`, from the same rows and the same code
//! that serve and fold. Each rule that counted is named by its id in the tables of rules.
//!
//! Runs on blocking threads; reads the stores and changes nothing.

mod action;
mod click;
mod link;
mod order;
mod rule;
mod whole;

#[cfg(test)]
mod tests;

pub(super) use link::link;
pub(super) use whole::explain;
