//! What all public workers share: the log, read-only snapshots, metrics and options.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::catalog::Catalog;
use crate::click::{Salts, Signer};
use crate::config::Cidr;
use crate::log::Log;
use crate::telemetry::Metrics;

/// Read-only snapshots, replaced whole by whoever changes them.
#[derive(Debug)]
pub struct Snapshots {
    /// The catalogue in force.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// The visitor salts at hand.
    pub salts: Arc<ArcSwap<Salts>>,
}

/// What all workers share.
pub struct Shared {
    /// The log.
    pub log: Log,
    /// Signs click ids.
    pub signer: Arc<Signer>,
    /// Catalogue and salts.
    pub snapshots: Snapshots,
    /// Handles of all metrics.
    pub metrics: Arc<Metrics>,
    /// Proxies that may name the client.
    pub trusted_proxies: Vec<Cidr>,
    /// How long a click waits for its sync; `None` answers after the commit.
    pub durable_wait: Option<Duration>,
    /// Set once the daemon stops: connections are told to close.
    pub draining: AtomicBool,
}

impl Shared {
    /// Whether the daemon is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
