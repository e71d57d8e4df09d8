//! Reports that a key has pinned, which come first in its list.
//!
//! In: a key of the account and the handle of a report. Out: what the key has pinned now, durable
//! in the log. It lies in a row of its own beside the key's record: pinning never writes a record,
//! so that a key which is revoked meanwhile stays revoked, and its pins go with it. Handles of
//! reports that are no more are kept and show nothing. Called on the blocking pool; the list reads
//! from memory.

use ahash::AHashMap;
use hyper::StatusCode;
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;
use tokio::time::timeout;

use super::keys::KeyError;
use super::respond::{self, Answer};
use super::state::ApiState;
use crate::log::Log;
use crate::registry::{Report, Viewer};

/// The handles that each key has pinned. Shared by the threads that answer.
#[derive(Debug, Default)]
pub struct Pins(Mutex<AHashMap<String, Vec<String>>>);

impl Pins {
    /// Reads them from the log.
    ///
    /// # Errors
    /// The log failed or holds a row that can't be read.
    pub fn load(log: &Log) -> Result<Self, KeyError> {
        let pins = Self::default();
        pins.reload(log)?;
        Ok(pins)
    }

    /// Reads them again; the old ones stay where that fails.
    ///
    /// # Errors
    /// As [`Pins::load`].
    pub fn reload(&self, log: &Log) -> Result<(), KeyError> {
        let mut pins = self.0.lock();
        let mut read = AHashMap::new();
        for (id, stored) in log.pins()? {
            match serde_json::from_slice(&stored) {
                Ok(handles) => read.insert(id, handles),
                Err(error) => {
                    let reason = format!("what it has pinned: {error}");
                    return Err(KeyError::Damaged { id, reason });
                }
            };
        }
        *pins = read;
        Ok(())
    }

    /// Whether a key has pinned a report.
    #[must_use]
    pub fn holds(&self, key: &str, report: &Report) -> bool {
        let pins = self.0.lock();
        let own = pins.get(key).map(Vec::as_slice).unwrap_or_default();
        own.iter().any(|handle| handle == report.handle)
    }

    /// Pins a report for a key or takes the pin away; it is durable on return.
    ///
    /// # Errors
    /// The log failed; nothing has changed.
    pub fn set(
        &self,
        log: &Log,
        key: &str,
        report: &Report,
        is_pinned: bool,
    ) -> Result<(), KeyError> {
        // Held until the row is durable, so that of two changes neither is lost.
        let mut pins = self.0.lock();
        let before = pins.get(key).map(Vec::as_slice).unwrap_or_default();
        if before.iter().any(|handle| handle == report.handle) == is_pinned {
            return Ok(());
        }
        let mut after: Vec<String> = before.to_vec();
        if is_pinned {
            after.push(report.handle.to_owned());
        } else {
            after.retain(|handle| handle != report.handle);
        }
        let stored = if after.is_empty() {
            Vec::new()
        } else {
            serde_json::to_vec(&after).map_err(|error| KeyError::Damaged {
                id: key.to_owned(),
                reason: error.to_string(),
            })?
        };
        log.put_pins(key, &stored)?;
        pins.insert(key.to_owned(), after);
        Ok(())
    }
}

/// `PUT` and `DELETE` of `…/Reports/{handle}/Pin`
pub async fn change(
    state: &Arc<ApiState>,
    (viewer, key): (Viewer, &str),
    handle: &str,
    is_pinned: bool,
) -> Answer {
    let Some(report) = Report::seen_by(viewer, handle) else {
        return respond::not_found();
    };
    let Ok(Ok(turn)) = timeout(state.limits.store, state.store_turns.acquire()).await else {
        let message = "the pin could not be stored; try again";
        return respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    let (own, key) = (Arc::clone(state), key.to_owned());
    let stored = tokio::task::spawn_blocking(move || {
        let set = own.pins.set(&own.log, &key, report, is_pinned);
        set.map_err(|error| error.to_string())
    });
    let stored = stored.await;
    drop(turn);
    let reason = match stored {
        Ok(Ok(())) => {
            let body = json!({ "Id": report.handle, "Pinned": is_pinned });
            return respond::value(StatusCode::OK, &body);
        }
        Ok(Err(reason)) => reason,
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, "a pin could not be stored");
    let message = "the pin could not be stored; try again";
    respond::try_again(StatusCode::SERVICE_UNAVAILABLE, message)
}
