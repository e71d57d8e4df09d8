//! Postbacks at work in a daemon: where their events come from and where they are remembered.
//!
//! [`source`] makes events of the fold's notices, [`stored`] keeps them in the log, [`verbs`] are
//! what the operator asks. Started after the fold, stopped before the housekeeping thread.
//!
//! Invariants: an event is made of a slot that the fold's watermark has passed, so what it tells is
//! durable. A destination hears of what comes from the apply on that made it active, and its cursor
//! only moves on, so a rebuild sends nothing again.

mod source;
mod stored;
pub(super) mod verbs;

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::log::{Log, LogError};
use crate::postback::{self, Context, Ledger as _, Place, PostbackError, Postbacks};
use crate::telemetry::Metrics;

use self::source::Notices;
use self::stored::Stored;
use super::stores::Stores;

/// Starts the thread over `stores`.
pub(super) fn start(
    config: &Config,
    stores: &Arc<Stores>,
    metrics: Arc<Metrics>,
) -> Result<Postbacks, PostbackError> {
    postback::start(Context {
        settings: config.postbacks.clone(),
        grace: config.shutdown.grace,
        key: stores.hash_key,
        ledger: Arc::new(Stored(stores.log.clone())),
        source: Box::new(Notices::new(Arc::clone(stores))),
        clock: stores.log.clock().clone(),
        metrics: Some(metrics),
    })
}

/// Lets the destinations that are active in `next` and were not in `before` begin where the log is
/// now. Called by an apply before `next` is in force: what comes after its answer is told.
pub(super) fn begin(log: &Log, before: &Catalog, next: &Catalog) -> Result<(), LogError> {
    let was_active = |id| before.destinations.get(id).is_some_and(|own| own.active);
    let stored = Stored(log.clone());
    for (id, destination) in &next.destinations {
        if destination.active && !was_active(id) {
            stored.take(*id, &[], beginning(log))?;
        }
    }
    Ok(())
}

/// The last place that a new destination does not hear of.
fn beginning(log: &Log) -> Place {
    Place {
        slot: log.sealed(),
        sequence: u32::MAX,
    }
}
