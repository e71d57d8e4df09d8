//! Starting the postbacks, and where a destination begins.
//!
//! In: the stores and the configuration, or two versions of the catalogue. Out: the running thread,
//! or a cursor for each destination that is new. Called by the daemon's start, and by an apply.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::log::{Log, LogError};
use crate::postback::{self, Context, Ledger as _, Place, PostbackError, Postbacks};
use crate::telemetry::Metrics;

use super::super::stores::Stores;
use super::source::Notices;
use super::stored::Stored;

/// Starts the thread over `stores`.
pub(in crate::daemon) fn start(
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
        clock: stores.log.clock(),
        metrics: Some(metrics),
    })
}

/// Lets the destinations that are active in `next` and were not in `before` begin where the log is
/// now. Called by an apply before `next` is in force: what comes after its answer is told.
pub(in crate::daemon) fn begin(
    log: &Log,
    before: &Catalog,
    next: &Catalog,
) -> Result<(), LogError> {
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
pub(super) fn beginning(log: &Log) -> Place {
    Place {
        slot: log.sealed(),
        sequence: u32::MAX,
    }
}
