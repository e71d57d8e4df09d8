//! Actions of each click, counted and compared with what the fold has noted.

use ahash::AHashMap;

use crate::derived::{Action, ActionId, RecurrenceKey, View};

use super::super::error::FoldError;
use super::report::VerifyReport;

/// How many actions each click has earned, by event type.
#[derive(Debug, Default)]
pub(super) struct Recurrences(AHashMap<RecurrenceKey, i64>);

impl Recurrences {
    /// Counts an action of a click.
    pub(super) fn action(&mut self, id: ActionId, action: &Action) {
        if let Some(click) = action.click {
            let key = RecurrenceKey::Click {
                program: id.program,
                event_type: id.event_type,
                partner: action.partner,
                click: click.number,
            };
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// Compares with every count of the view. When a caller last called is not compared: no action
    /// says who called.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        view.for_each_recurrence(&mut |key, found| {
            if matches!(key, RecurrenceKey::Caller { .. }) {
                return;
            }
            let expected = self.0.remove(&key).unwrap_or(0);
            if expected != found {
                report.differs("recurrence", || format!("{key:?}"), expected, found);
            }
        })?;
        let mut missing: Vec<_> = self.0.into_iter().collect();
        missing.sort_unstable();
        for (key, count) in missing {
            report.differs("recurrence", || format!("{key:?}"), count, "no count");
        }
        Ok(())
    }
}
