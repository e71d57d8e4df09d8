//! What actions use up of limits: read and written by the fold, counted again by a verification.
//!
//! The fold's thread writes through the slot's [`Batch`], whose rows its reads see at once; any
//! thread reads a [`View`].

use std::ops::ControlFlow;

use super::batch::Batch;
use super::error::DerivedError;
use super::family::Family;
use super::row::action::Action;
use super::row::counter::Counter;
use super::row::key::{ActionId, CounterKey};
use super::view::View;

impl Batch<'_> {
    /// What is used up; nothing where nothing was ever counted.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged; so for every read here.
    pub fn counter(&self, key: CounterKey) -> Result<Counter, DerivedError> {
        let found = self.get(Family::Counters, &key.encode(), Counter::decode)?;
        Ok(found.unwrap_or_default())
    }

    /// Sets what is used up.
    pub fn set_counter(&mut self, key: CounterKey, counter: Counter) {
        self.put(Family::Counters, &key.encode(), counter.encode());
    }

    /// Gives back what `before` used up and uses up what `after` does: one action before and after
    /// a change, or nothing and a new one.
    ///
    /// # Errors
    /// As [`Batch::counter`].
    pub fn count(
        &mut self,
        id: ActionId,
        before: Option<&Action>,
        after: &Action,
    ) -> Result<(), DerivedError> {
        if let Some(before) = before {
            for hold in &before.holds {
                let key = hold.counted.key(id, before.partner, before.contract);
                let counter = self.counter(key)?.without(hold);
                self.put(Family::Counters, &key.encode(), counter.encode());
            }
        }
        for hold in &after.holds {
            let key = hold.counted.key(id, after.partner, after.contract);
            let counter = self.counter(key)?.with(hold);
            self.put(Family::Counters, &key.encode(), counter.encode());
        }
        Ok(())
    }
}

impl View<'_> {
    /// Hands every counter to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_counter(
        &self,
        f: &mut dyn FnMut(CounterKey, Counter),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Counters, &[], None, &mut |key, value| {
            f(CounterKey::decode(key)?, Counter::decode(value)?);
            Ok(ControlFlow::Continue(()))
        })
    }
}
