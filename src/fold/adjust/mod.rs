//! What was paid before the past is judged anew: it stands on its day, and the difference counts
//! on the day of the judgement.
//!
//! What a click is paid is settled as it is folded, what an action is paid once it has locked and
//! that is in the log. In: what two folds make of them, [`adjustments`]; out: the rows that go into
//! the log with the judgement ([`crate::log::Adjustment`]). In again: these rows, slot by slot,
//! [`Book`]; out: what each click and action is paid on its own day, and sums on the days of the
//! judgements. Both together are what the newest judgement makes of the past, to the last unit.

mod book;
mod reckon;

pub(super) use book::Book;
pub use reckon::adjustments;
