//! A ledger in memory. Rows are kept as the JSON they would be on disk.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::log::LogError;
use crate::model::time::Millis;
use crate::postback::{Done, DoneKey, Ledger, Pending, Place, Visit};

/// The rows of all destinations.
#[derive(Debug, Default)]
pub(super) struct Memory {
    rows: Mutex<Rows>,
    /// While set, every write fails.
    pub(super) is_broken: AtomicBool,
}

#[derive(Debug, Default)]
struct Rows {
    pending: BTreeMap<(u32, Place), String>,
    done: BTreeMap<(u32, DoneKey), String>,
    cursors: BTreeMap<u32, Place>,
}

impl Memory {
    pub(super) fn waiting_count(&self) -> usize {
        self.rows.lock().pending.len()
    }

    pub(super) fn ends(&self) -> Vec<(u32, DoneKey, Done)> {
        let rows = self.rows.lock();
        let rows = rows.done.iter();
        rows.map(|((destination, key), row)| {
            (*destination, *key, serde_json::from_str(row).unwrap())
        })
        .collect()
    }

    fn writable(&self) -> Result<(), LogError> {
        if self.is_broken.load(Ordering::Relaxed) {
            Err(LogError::Stopped("broken by the test".to_owned()))
        } else {
            Ok(())
        }
    }
}

impl Ledger for Memory {
    fn pending(&self, visit: &mut dyn FnMut(u32, Place, Pending)) -> Result<(), LogError> {
        for ((destination, place), row) in &self.rows.lock().pending {
            visit(*destination, *place, serde_json::from_str(row).unwrap());
        }
        Ok(())
    }

    fn waiting(&self, destination: u32, place: Place) -> Result<Option<Pending>, LogError> {
        let rows = self.rows.lock();
        let row = rows.pending.get(&(destination, place));
        Ok(row.map(|row| serde_json::from_str(row).unwrap()))
    }

    fn take(
        &self,
        destination: u32,
        events: &[(Place, Pending)],
        cursor: Place,
    ) -> Result<(), LogError> {
        self.writable()?;
        for (place, event) in events {
            self.put(destination, *place, event)?;
        }
        self.rows.lock().cursors.insert(destination, cursor);
        Ok(())
    }

    fn put(&self, destination: u32, place: Place, event: &Pending) -> Result<(), LogError> {
        self.writable()?;
        let row = serde_json::to_string(event).unwrap();
        self.rows.lock().pending.insert((destination, place), row);
        Ok(())
    }

    fn done(&self, destination: u32, key: DoneKey, end: &Done) -> Result<(), LogError> {
        self.writable()?;
        let mut rows = self.rows.lock();
        rows.pending.remove(&(destination, key.place));
        let row = serde_json::to_string(end).unwrap();
        rows.done.insert((destination, key), row);
        Ok(())
    }

    fn cursor(&self, destination: u32) -> Result<Option<Place>, LogError> {
        Ok(self.rows.lock().cursors.get(&destination).copied())
    }

    fn history(
        &self,
        destination: u32,
        since: Millis,
        visit: &mut Visit<'_>,
    ) -> Result<(), LogError> {
        for (at, key, row) in self.ends() {
            if at == destination && key.at >= since && visit(key, row).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn expire(&self, before: Millis) -> Result<(), LogError> {
        self.rows.lock().done.retain(|(_, key), _| key.at >= before);
        Ok(())
    }
}
