//! Storing who arrived on pages of brands.
//!
//! Called from blocking threads of the public listener and of the API. An arrival is stored however
//! often it is sent: it earns nothing by itself, and touches of one click are one.

use crate::model::id::EventNumber;
use crate::model::visit::Visit;

use super::super::commit::{Added, Epoch};
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::footer::Ledger;
use super::super::row::{key, visit as visit_row};
use crate::model::arrival::{Outcome, RefusedReason, Stream};

impl Log {
    /// Stores an arrival. It is durable once its epoch is.
    ///
    /// # Errors
    /// The store failed or asks for a pause; the arrival is counted as refused then.
    pub fn visit(&self, visit: &Visit) -> Result<(EventNumber, Epoch), LogError> {
        let stored = self.store_visit(visit);
        if stored.is_err() {
            let reason = RefusedReason::Unavailable;
            self.refuse(visit.program, Stream::PageLoad, reason);
        }
        stored
    }

    fn store_visit(&self, visit: &Visit) -> Result<(EventNumber, Epoch), LogError> {
        let (program, number) = (visit.program, self.mint());
        let row = visit_row::write(visit);
        let visits = self.shared.cf(family::VISITS)?;
        let settle = |ledger: &mut Ledger| {
            ledger.settle(program, Stream::PageLoad, Outcome::Stored);
        };
        let (epoch, _) = self.shared.commit(settle, |slot, _, batch| {
            batch.put_cf(visits, key::submission(slot, program, number), &row);
            Added {
                visits: 1,
                checksum: key::checksum(0, program.0, number),
                newest: number.time(),
                ..Added::default()
            }
        })?;
        Ok((number, epoch))
    }
}
