//! A document to a [`super::Catalog`], or every problem it has.
//!
//! Each entity is compiled even when some of its values are wrong, with a stand-in for the wrong
//! value, so that one mistake is reported once and does not make others point nowhere. A catalogue
//! comes out only when nothing was noted. Runs on command threads, never on the way of a click.

mod accounts;
mod event_types;
mod ids;
mod lists;
mod notices;
mod offers;
mod payouts;
mod terms;
#[cfg(test)]
mod tests;
mod whole;

pub(super) use whole::Builder;
