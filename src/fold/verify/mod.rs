//! Proof that the derived rows are what the log says, on a live store.
//!
//! In: the log and one snapshot of the derived store, compared up to the snapshot's watermark.
//! Out: counts, and the first differences with where they are. The sums are made by code of this
//! folder alone, from stored verdicts and actions; nothing here calls the path that folds.
//!
//! What is compared: every footer with its rows; clicks, live and imported, with verdicts, one to
//! one; imported clicks with the names they have in other systems; the signs of each
//! click with what its row says; verdicts and
//! actions with every aggregate cell; submissions with outcomes, waiting rows, actions and
//! updates; adjustments of the log with clicks, actions and rows of their days;
//! updates with their actions, and with notices, one to one; what actions hold of limits
//! with every counter; actions of clicks with their counts; uploaded files with what became of
//! their lines; and the ledger: received = stored +
//! refused + unrecorded, and stored = rows.
//!
//! Memory: about 40 bytes for each slot that holds clicks, 130 for each action, 40 for each update
//! and 200 for each aggregate cell.

mod adjusted;
mod against;
mod check;
mod ledger;
mod limits;
mod notices;
mod recount;
mod recurrences;
mod report;
mod said;
mod signed;
mod updates;
mod uploads;
mod way;

pub use check::verify;
pub use report::{Account, Difference, LedgerTotals, VerifyReport};
