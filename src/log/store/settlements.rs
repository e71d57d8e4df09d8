//! Storing what actions came to when they locked, each once.
//!
//! Called by the housekeeping thread alone.

use rocksdb::WriteBatch;

use crate::model::action::settlement::Settlement;
use crate::model::entry::Entry;
use crate::model::submission::PayloadHash;

use super::super::commit::{Added, patiently};
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::footer::Ledger;
use super::super::row::submission::{self as submission_row, AttemptRow};
use super::super::row::{entry as entry_row, key, settlement as settlement_row};
use crate::model::arrival::{Outcome, Stream};

impl Log {
    /// Stores those of `settlements` that are not stored yet, in one commit; how many that were.
    /// They are durable with the next sync.
    ///
    /// # Errors
    /// The store failed; then none is stored.
    pub fn settle(&self, settlements: &[Settlement]) -> Result<usize, LogError> {
        let (lookup, submissions) = (
            self.shared.cf(family::SETTLEMENTS)?,
            self.shared.cf(family::SUBMISSIONS)?,
        );
        let mut rows = Vec::new();
        for settlement in settlements {
            let lookup_key = settlement_row::key(settlement);
            if self.value(family::SETTLEMENTS, &lookup_key)?.is_none() {
                let mut row = Vec::with_capacity(96);
                entry_row::write(&mut row, &Entry::Settlement(settlement.clone()));
                rows.push((settlement.program, self.mint(), lookup_key, row));
            }
        }
        if rows.is_empty() {
            return Ok(0);
        }
        let settle = |ledger: &mut Ledger| {
            for (program, ..) in &rows {
                ledger.settle(*program, Stream::Settlement, Outcome::Stored);
            }
        };
        let fill = |slot, _, batch: &mut WriteBatch| {
            let mut added = Added::default();
            for (program, number, lookup_key, row) in &rows {
                let place = AttemptRow {
                    slot,
                    number: *number,
                    payload: PayloadHash([0; 16]),
                };
                batch.put_cf(lookup, lookup_key, submission_row::write_order(&[place]));
                batch.put_cf(submissions, key::submission(slot, *program, *number), row);
                added.submissions += 1;
                added.checksum = key::checksum(added.checksum, program.0, *number);
                added.newest = added.newest.max(number.time());
            }
            added
        };
        patiently(|| self.shared.commit(settle, fill))?;
        Ok(rows.len())
    }
}
