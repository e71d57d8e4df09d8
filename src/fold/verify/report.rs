//! What a verification found.

use std::fmt::Display;

use serde::Serialize;

/// Differences that are listed; all are counted.
const LISTED_MAX: usize = 100;

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The last slot compared; 0 when nothing is folded yet.
    pub slot: u32,
    /// Slots compared.
    pub slots: u64,
    /// Clicks found in the log.
    pub clicks: u64,
    /// Imported clicks found in the log.
    pub imported: u64,
    /// Conversions, modifications, reversals and settlements found in the log.
    pub submissions: u64,
    /// Arrivals on pages of brands found in the log.
    pub visits: u64,
    /// Submissions that wait for their click.
    pub waiting: u64,
    /// Actions found.
    pub actions: u64,
    /// Aggregate cells compared.
    pub cells: u64,
    /// Differences found.
    pub differences: u64,
    /// The first of them.
    pub first_differences: Vec<Difference>,
    /// What the footers say of all that arrived.
    pub ledger: LedgerTotals,
}

/// Totals of every stream over all programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerTotals {
    /// Clicks.
    pub clicks: Account,
    /// Submitted conversions.
    pub conversions: Account,
    /// Submitted modifications and reversals.
    pub modifications: Account,
    /// Actions that locked.
    pub settlements: Account,
    /// Clicks of imports.
    pub imported_clicks: Account,
    /// Arrivals on pages of brands.
    pub page_loads: Account,
}

/// What arrived and what became of it: received = stored + refused + unrecorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Arrived.
    pub received: u64,
    /// Said to be in the log.
    pub stored: u64,
    /// Turned away.
    pub refused: u64,
    /// Sent on without being stored.
    pub unrecorded: u64,
    /// Found in the log.
    pub rows: u64,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What was compared.
    pub check: &'static str,
    /// Where.
    pub at: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl VerifyReport {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.differences == 0
    }

    /// Whether more differences are only counted.
    pub(super) fn is_full(&self) -> bool {
        self.first_differences.len() >= LISTED_MAX
    }

    /// Notes a difference.
    pub(super) fn differs(
        &mut self,
        check: &'static str,
        at: impl FnOnce() -> String,
        expected: impl Display,
        found: impl Display,
    ) {
        self.differences += 1;
        if !self.is_full() {
            self.first_differences.push(Difference {
                check,
                at: at(),
                expected: format!("{expected}"),
                found: format!("{found}"),
            });
        }
    }
}
