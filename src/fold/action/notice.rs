//! What brands and partners hear of: one notice for each update they are told.
//!
//! Notices lie in the slot's batch in the order of the fold, numbered within the slot. So they are
//! a function of the log, like everything here, and a place among them means the same in every
//! generation. Of settlements and tests there is no notice.

use crate::derived::{ActionId, Notice, NoticeKey, Update, UpdateKey};
use crate::model::id::PartnerId;

use super::desk::Desk;

impl Desk<'_, '_> {
    /// Adds an update of an action to the batch, and its notice.
    pub(super) fn update(
        &mut self,
        action: ActionId,
        number: u32,
        partner: PartnerId,
        update: &Update,
    ) {
        self.batch.update(action, number, update);
        if !update.kind.is_told() {
            return;
        }
        let key = NoticeKey {
            program: action.program,
            slot: self.footer.slot,
            sequence: self.notices,
        };
        let notice = Notice {
            kind: update.kind,
            update: UpdateKey { action, number },
            partner,
        };
        self.batch.notice(key, &notice);
        self.notices = self.notices.saturating_add(1);
    }
}
