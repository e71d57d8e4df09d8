//! What the fold counts of one slot for the metrics. Never stored; no figure depends on it.

use std::time::Duration;

use crate::derived::{Class, SubmissionOutcome};
use crate::model::refusal::Refusal;
use crate::telemetry::label::{ChangeResult, CreditKind, VerdictClass};
use crate::telemetry::metric::FoldMetrics;

/// Counts of one slot.
#[derive(Debug, Default)]
pub(super) struct Counts {
    verdicts: [u64; VerdictClass::ALL.len()],
    stored: u64,
    recovered: u64,
    refusals: Vec<Refusal>,
    changes: [u64; ChangeResult::ALL.len()],
}

impl Counts {
    /// Counts a click.
    pub(super) fn verdict(&mut self, class: Class) {
        let label = match class {
            Class::Unique => VerdictClass::Unique,
            Class::Duplicate => VerdictClass::Duplicate,
            Class::Robot => VerdictClass::Robot,
            Class::Prefetch => VerdictClass::Prefetch,
            Class::Head => VerdictClass::Head,
            Class::Flagged => VerdictClass::Flagged,
        };
        if let Some(count) = self.verdicts.get_mut(label as usize) {
            *count += 1;
        }
    }

    /// Counts a credited submission.
    pub(super) fn credit(&mut self, recovered: bool) {
        *if recovered {
            &mut self.recovered
        } else {
            &mut self.stored
        } += 1;
    }

    /// Counts what became of an entry; credits are counted by [`Self::credit`].
    pub(super) fn outcome(&mut self, outcome: SubmissionOutcome) {
        let result = match outcome {
            SubmissionOutcome::Refused(refusal) => return self.refusals.push(refusal),
            SubmissionOutcome::Credited(_)
            | SubmissionOutcome::Waiting
            | SubmissionOutcome::Test(_) => return,
            SubmissionOutcome::Settled(..) => ChangeResult::Settled,
            SubmissionOutcome::Changed(..) => ChangeResult::Changed,
            SubmissionOutcome::Unchanged(_) => ChangeResult::Unchanged,
            SubmissionOutcome::NotChanged(_) => ChangeResult::Refused,
        };
        if let Some(count) = self.changes.get_mut(result as usize) {
            *count += 1;
        }
    }

    /// Moves the counts into `metrics`, with how long the slot took.
    pub(super) fn publish(&mut self, metrics: &FoldMetrics, took: Duration) {
        metrics.slot_duration.record(took.as_secs_f64());
        for (class, count) in VerdictClass::ALL.iter().zip(&mut self.verdicts) {
            metrics.verdicts.add(*class, std::mem::take(count));
        }
        metrics
            .credits
            .add(CreditKind::Stored, std::mem::take(&mut self.stored));
        metrics
            .credits
            .add(CreditKind::Recovered, std::mem::take(&mut self.recovered));
        for (result, count) in ChangeResult::ALL.iter().zip(&mut self.changes) {
            metrics.changes.add(*result, std::mem::take(count));
        }
        for refusal in self.refusals.drain(..) {
            metrics.refusals.add(refusal, 1);
        }
    }
}
