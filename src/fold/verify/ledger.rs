//! The ledger of all compared slots: balanced per program and stream, and counted by the minute.

use std::collections::BTreeMap;

use crate::log::Footer;
use crate::model::arrival::{Outcome, RefusedReason, Stream};
use crate::model::id::{PartnerId, ProgramId};
use crate::model::tally::{Facet, Stored, Tally};
use crate::registry::cube::CubeId;

use super::recount::{Recount, Zones};
use super::report::{Account, VerifyReport};

/// Reasons of refusals that the ledger tells apart.
const REFUSED: [(RefusedReason, Stored); 4] = [
    (RefusedReason::Invalid, Stored::RefusedInvalid),
    (RefusedReason::Retry, Stored::RefusedRetry),
    (RefusedReason::Unavailable, Stored::RefusedUnavailable),
    (RefusedReason::NoConsent, Stored::RefusedNoConsent),
];

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

impl Recount {
    /// Counts what arrived in a slot, by its footer.
    pub(super) fn footer(&mut self, zones: &Zones, footer: &Footer) {
        let at = footer.wall_start;
        for entry in &footer.ledger {
            let mut more = Tally::default();
            let count = entry.count.into();
            match entry.outcome {
                Outcome::Received => more.add(Stored::Received, count),
                Outcome::Stored => more.add(Stored::Recorded, count),
                Outcome::Unrecorded => more.add(Stored::Unrecorded, count),
                Outcome::Refused(reason) => {
                    more.add(Stored::Refused, count);
                    let counted = REFUSED.iter().find(|(own, _)| *own == reason);
                    if let Some((_, measure)) = counted {
                        more.add(*measure, count);
                    }
                }
            }
            let stream: u32 = match entry.stream {
                Stream::Click => 0,
                Stream::Conversion => 1,
                Stream::Modification => 2,
                Stream::Settlement => continue,
                Stream::ImportedClick => 4,
                Stream::PageLoad => 5,
            };
            let minute = u32::try_from(at.0 / 60_000).unwrap_or(0);
            let day = zones.day(footer.slot, entry.program, at);
            let place = (CubeId::LEDGER, entry.program, day, PartnerId(0));
            self.add(place, Facet::Number(8 * minute + stream), &more);
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
