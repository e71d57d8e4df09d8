//! Orders and their actions: what the fold reads and writes of them while it settles a slot.
//!
//! On the fold's thread. What is put here is in the slot's [`Batch`], and seen by reads at once.

use crate::model::time::Millis;

use super::batch::Batch;
use super::error::DerivedError;
use super::family::Family;
use super::row::action::Action;
use super::row::item::{self, ActionItem};
use super::row::key::{ActionId, IndexKey, IndexKind, NoticeKey, OrderKey, UpdateKey};
use super::row::order;
use super::row::update::{Notice, Update};

/// Value of `index`: nothing, since the key says it all.
const INDEX_VALUE: [u8; 0] = [];

impl Batch<'_> {
    /// The actions of an order, the oldest first.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged; so for every read here.
    pub fn actions_of(&self, key: &OrderKey) -> Result<Vec<ActionId>, DerivedError> {
        let found = self.get(Family::Orders, &key.encode(), |value| {
            order::decode(key, value)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// One action.
    ///
    /// # Errors
    /// As [`Batch::actions_of`].
    pub fn action(&self, id: ActionId) -> Result<Option<Action>, DerivedError> {
        self.get(Family::Actions, &id.encode(), |value| {
            Action::decode(&id, value)
        })
    }

    /// The lines of an action; none when it has no lines.
    ///
    /// # Errors
    /// As [`Batch::actions_of`].
    pub fn items(&self, id: ActionId) -> Result<Vec<ActionItem>, DerivedError> {
        let found = self.get(Family::Items, &id.encode(), item::decode)?;
        Ok(found.unwrap_or_default())
    }

    /// A number for a further action of an order that has `before` already: made of the order id,
    /// and the next free one when another order has that.
    ///
    /// # Errors
    /// As [`Batch::actions_of`].
    pub fn free_id(&self, key: &OrderKey, before: &[ActionId]) -> Result<ActionId, DerivedError> {
        let occurrence = u32::try_from(before.len()).unwrap_or(u32::MAX);
        let mut id = ActionId::first_of(key, occurrence);
        while self.action(id)?.is_some() {
            id = id.next();
        }
        Ok(id)
    }

    /// Adds an action to its order, and to the index by its times.
    pub fn track(&mut self, key: &OrderKey, before: &[ActionId], id: ActionId, action: &Action) {
        let actions: Vec<ActionId> = before.iter().copied().chain([id]).collect();
        self.put(Family::Orders, &key.encode(), order::encode(&actions));
        self.index(id, IndexKind::Dated, action.date, 0);
        if let Some(locking) = action.locking {
            self.lock(id, locking);
        }
    }

    /// Adds an action to the index by when it locks; it is due until it is settled.
    pub fn lock(&mut self, id: ActionId, locking: Millis) {
        self.index(id, IndexKind::Locking, locking, 0);
        self.index(id, IndexKind::Due, locking, 0);
    }

    /// Takes an action that locked at `locking` off those that are due; `expected` is when it was
    /// to lock until now.
    pub fn settled(&mut self, id: ActionId, expected: Option<Millis>, locking: Millis) {
        if expected != Some(locking) {
            if let Some(expected) = expected {
                self.unlock(id, IndexKind::Due, expected);
                self.unlock(id, IndexKind::Locking, expected);
            }
            self.index(id, IndexKind::Locking, locking, 0);
        }
        self.unlock(id, IndexKind::Due, locking);
    }

    fn unlock(&mut self, id: ActionId, kind: IndexKind, at: Millis) {
        let key = Self::index_key(id, kind, at, 0);
        self.remove(Family::Index, &key.encode());
    }

    /// Sets an action and its lines.
    pub fn set_action(&mut self, id: ActionId, action: &Action, items: &[ActionItem]) {
        let key = id.encode();
        self.put(Family::Actions, &key, action.encode());
        if !items.is_empty() {
            self.put(Family::Items, &key, item::encode(items));
        }
    }

    /// Adds an update of an action, which counts them from 1.
    pub fn update(&mut self, id: ActionId, number: u32, update: &Update) {
        let key = UpdateKey { action: id, number };
        self.put(Family::Updates, &key.encode(), update.encode());
        self.index(id, IndexKind::Updated, update.at(), number);
    }

    /// Adds a notice.
    pub fn notice(&mut self, key: NoticeKey, notice: &Notice) {
        self.put(Family::Notices, &key.encode(), notice.encode());
    }

    fn index_key(id: ActionId, kind: IndexKind, at: Millis, update: u32) -> IndexKey {
        IndexKey {
            program: id.program,
            kind,
            at,
            event_type: id.event_type,
            order: id.order,
            update,
        }
    }

    fn index(&mut self, id: ActionId, kind: IndexKind, at: Millis, update: u32) {
        let key = Self::index_key(id, kind, at, update);
        self.put(Family::Index, &key.encode(), INDEX_VALUE.into());
    }
}

#[cfg(test)]
#[path = "orders_tests.rs"]
mod tests;
