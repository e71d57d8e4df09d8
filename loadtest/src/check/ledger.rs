//! The ledger as `clickd verify` prints it, and whether it balances.
//!
//! `verify` writes one JSON object; its `ledger` holds, per stream (`clicks`, `conversions`), the
//! counts `received`, `stored`, `refused` and `unrecorded` of everything that ever reached the
//! store. Received must be the sum of the other three.

use std::fmt;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// Counts of these streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Ledger {
    /// Clicks of known programs.
    pub(crate) clicks: Line,
    /// Submissions.
    pub(crate) conversions: Line,
    /// Clicks of imports.
    #[serde(default)]
    pub(crate) imported_clicks: Line,
}

/// Counts of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Line {
    /// Came in.
    pub(crate) received: u64,
    /// Are in the log.
    pub(crate) stored: u64,
    /// Were refused, for whatever reason.
    pub(crate) refused: u64,
    /// Were sent on without being stored.
    pub(crate) unrecorded: u64,
}

#[derive(Deserialize)]
struct Summary {
    ledger: Ledger,
}

/// Reads what `clickd verify` wrote.
pub(crate) fn read(output: &str) -> Result<Ledger> {
    let summary: Summary = serde_json::from_str(output).with_context(|| {
        format!(
            "`verify` printed no summary with a ledger: {}",
            output.trim()
        )
    })?;
    Ok(summary.ledger)
}

impl Line {
    /// Whether nothing is unaccounted for.
    pub(crate) fn balances(&self) -> bool {
        [self.stored, self.refused, self.unrecorded]
            .into_iter()
            .try_fold(0, u64::checked_add)
            .is_some_and(|sum| sum == self.received)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} received = {} stored + {} refused + {} unrecorded",
            self.received, self.stored, self.refused, self.unrecorded
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read() {
        let output = r#"{"slots": 9, "ledger": {
            "clicks": {"received": 9, "stored": 7, "refused": 0, "unrecorded": 2},
            "conversions": {"received": 3, "stored": 2, "refused": 1, "unrecorded": 0}}}"#;
        let ledger = read(output).unwrap();
        assert!(ledger.clicks.balances() && ledger.conversions.balances());
        assert_eq!((ledger.clicks.stored, ledger.clicks.unrecorded), (7, 2));
        assert_eq!(
            ledger.conversions.to_string(),
            "3 received = 2 stored + 1 refused + 0 unrecorded"
        );
        assert!(read("{}").is_err());
        assert!(read("verify: clean").is_err());
    }

    #[test]
    fn one_event_too_few_or_too_many_is_no_balance() {
        let line = |received| Line {
            received,
            stored: 5,
            refused: 3,
            unrecorded: 2,
        };
        assert_eq!(
            [9, 10, 11].map(|received| line(received).balances()),
            [false, true, false]
        );
        let huge = Line {
            received: 1,
            stored: u64::MAX,
            refused: 2,
            unrecorded: 0,
        };
        assert!(!huge.balances());
    }
}
