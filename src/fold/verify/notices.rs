//! The notices, compared with the updates that are told, one to one.

use ahash::AHashMap;

use crate::derived::{ActionId, Notice, NoticeKey, Update, UpdateKey, UpdateKind, View};

use super::super::error::FoldError;
use super::report::VerifyReport;

/// The updates that are told, and what they did.
#[derive(Debug, Default)]
pub(super) struct Told(AHashMap<UpdateKey, UpdateKind>);

impl Told {
    /// Adds an update.
    pub(super) fn add(&mut self, key: UpdateKey, update: &Update) {
        if update.kind.is_told() {
            self.0.insert(key, update.kind);
        }
    }

    /// Compares with every notice of the view. The notices of an action must come in the order of
    /// its updates.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let mut last: AHashMap<ActionId, u32> = AHashMap::new();
        view.for_each_notice(&mut |key: NoticeKey, notice: Notice| {
            let at = || format!("slot {}, notice {}", key.slot, key.sequence);
            let UpdateKey { action, number } = notice.update;
            match self.0.remove(&notice.update) {
                Some(kind) if kind == notice.kind => {}
                Some(kind) => {
                    let (expected, found) = (format!("{kind:?}"), format!("{:?}", notice.kind));
                    report.differs("notice", at, expected, found);
                }
                None => {
                    let found = format!("another of update {number} of action {action}");
                    report.differs("notice", at, "an update of its own", found);
                }
            }
            let before = last.insert(action, number).unwrap_or_default();
            if before >= number {
                let expected = format!("an update of action {action} after {before}");
                report.differs("notice", at, expected, number);
            }
        })?;
        let mut left: Vec<UpdateKey> = self.0.into_keys().collect();
        left.sort_unstable();
        for key in left {
            let at = || format!("update {} of action {}", key.number, key.action);
            report.differs("notice", at, "a notice", "none");
        }
        Ok(())
    }
}
