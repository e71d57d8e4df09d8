//! The ledger of all compared slots, balanced per program and stream.

use std::collections::BTreeMap;

use crate::log::Footer;
use crate::model::arrival::{Outcome, Stream};
use crate::model::id::ProgramId;

use super::report::{Account, VerifyReport};

/// Sums of ledgers and rows.
#[derive(Debug, Default)]
pub(super) struct Balance(BTreeMap<(ProgramId, Stream), Account>);

impl Balance {
    /// Adds what a footer says.
    pub(super) fn footer(&mut self, footer: &Footer) {
        for entry in &footer.ledger {
            let account = self.0.entry((entry.program, entry.stream)).or_default();
            let sum = match entry.outcome {
                Outcome::Received => &mut account.received,
                Outcome::Stored => &mut account.stored,
                Outcome::Unrecorded => &mut account.unrecorded,
                Outcome::Refused(_) => &mut account.refused,
            };
            *sum = sum.saturating_add(entry.count);
        }
    }

    /// Adds one row found in the log.
    pub(super) fn row(&mut self, program: ProgramId, stream: Stream) {
        self.0.entry((program, stream)).or_default().rows += 1;
    }

    /// Adds every account to the totals and notes those that do not balance.
    pub(super) fn check(&self, report: &mut VerifyReport) {
        for ((program, stream), account) in &self.0 {
            match stream {
                Stream::Click => report.ledger.clicks.add(account),
                Stream::Conversion => report.ledger.conversions.add(account),
                Stream::Modification => report.ledger.modifications.add(account),
                Stream::Settlement => report.ledger.settlements.add(account),
                Stream::ImportedClick => report.ledger.imported_clicks.add(account),
                Stream::PageLoad => report.ledger.page_loads.add(account),
            }
            let at = || format!("program {program}, {stream:?}");
            let settled = account
                .stored
                .saturating_add(account.refused)
                .saturating_add(account.unrecorded);
            if account.received != settled {
                let expected = format!("{} received", account.received);
                let found = format!(
                    "{} stored, {} refused, {} unrecorded",
                    account.stored, account.refused, account.unrecorded
                );
                report.differs("ledger", at, expected, found);
            }
            if account.stored != account.rows {
                let expected = format!("{} stored", account.stored);
                report.differs("ledger", at, expected, format!("{} rows", account.rows));
            }
        }
    }
}

impl Account {
    fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.received, other.received),
            (&mut self.stored, other.stored),
            (&mut self.refused, other.refused),
            (&mut self.unrecorded, other.unrecorded),
            (&mut self.rows, other.rows),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}
