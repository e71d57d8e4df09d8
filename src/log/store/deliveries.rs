//! Storing what postbacks remember: how far each destination is, what waits, what became of it.
//!
//! These rows are no events: no slot counts them and the fold never sees them. They lie in the log
//! because it is the store that is never made again. Each write is one batch, complete or not there
//! at all; it is durable with the next sync, and what a power failure takes back is done again.

use std::ops::ControlFlow;

use rocksdb::ReadOptions;

use crate::model::id::Slot;
use crate::model::time::Millis;

use super::super::commit::Added;
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::delivery::DeliveryKey;

/// Takes one row and says whether to go on.
pub type EachDelivery<'a> = dyn FnMut(DeliveryKey, &[u8]) -> ControlFlow<()> + 'a;

impl Log {
    /// Sets rows, and removes those without a value, in one batch.
    ///
    /// # Errors
    /// The store failed; then nothing is changed.
    pub fn write_deliveries(
        &self,
        rows: &[(DeliveryKey, Option<Vec<u8>>)],
    ) -> Result<(), LogError> {
        let shared = &*self.shared;
        let deliveries = shared.cf(family::DELIVERIES)?;
        shared.commit_patiently(|_, _, batch| {
            for (key, value) in rows {
                match value {
                    Some(value) => batch.put_cf(deliveries, key.encode(), value),
                    None => batch.delete_cf(deliveries, key.encode()),
                }
            }
            Added::default()
        })?;
        Ok(())
    }

    /// One row.
    ///
    /// # Errors
    /// The store failed.
    pub fn delivery(&self, key: DeliveryKey) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::DELIVERIES, &key.encode())
    }

    /// Hands the rows between two keys inclusive to `each`, in their order, until it breaks.
    ///
    /// # Errors
    /// The store failed, or a key is damaged.
    pub fn for_each_delivery(
        &self,
        first: DeliveryKey,
        last: DeliveryKey,
        each: &mut EachDelivery<'_>,
    ) -> Result<(), LogError> {
        let shared = &*self.shared;
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(first.encode());
        // No key has these bytes and more behind them.
        options.set_iterate_upper_bound([last.encode(), vec![0]].concat());
        let deliveries = shared.cf(family::DELIVERIES)?;
        let mut rows = shared.db.raw_iterator_cf_opt(deliveries, options);
        rows.seek_to_first();
        while let Some((key, value)) = rows.item() {
            if each(DeliveryKey::decode(key)?, value).is_break() {
                break;
            }
            rows.next();
        }
        rows.status().map_err(LogError::store("read deliveries"))
    }

    /// Forgets what became of events that ended before `before`, of every destination.
    ///
    /// # Errors
    /// The store failed.
    pub fn expire_deliveries(&self, before: Millis) -> Result<(), LogError> {
        let begin = |destination, at| DeliveryKey::Done {
            destination,
            at,
            slot: Slot(0),
            sequence: 0,
        };
        let end = DeliveryKey::Done {
            destination: u32::MAX,
            at: Millis(i64::MAX),
            slot: Slot(u32::MAX),
            sequence: u32::MAX,
        };
        let mut old = Vec::new();
        let mut from = Some(0);
        while let Some(destination) = from {
            let mut oldest = None;
            let first = begin(destination, Millis(i64::MIN));
            self.for_each_delivery(first, end, &mut |key, _| {
                oldest = Some(key);
                ControlFlow::Break(())
            })?;
            let Some(DeliveryKey::Done {
                destination, at, ..
            }) = oldest
            else {
                break;
            };
            if at < before {
                old.push(destination);
            }
            from = destination.checked_add(1);
        }
        if old.is_empty() {
            return Ok(());
        }
        let shared = &*self.shared;
        let deliveries = shared.cf(family::DELIVERIES)?;
        shared.commit_patiently(|_, _, batch| {
            for destination in &old {
                let first = begin(*destination, Millis(i64::MIN)).encode();
                batch.delete_range_cf(deliveries, first, begin(*destination, before).encode());
            }
            Added::default()
        })?;
        Ok(())
    }
}
