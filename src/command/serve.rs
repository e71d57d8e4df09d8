//! `clickd serve`: the daemon under a service manager or in a terminal.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::config::settings::LogFormat;
use crate::daemon::{Daemon, Ended};
use crate::server::listeners::{self, Addresses};
use crate::telemetry::logging;

use super::{Failure, limits};

/// Exit code after a failure that a restart may cure.
const EXIT_FAILED: u8 = 75;

/// Serves until SIGTERM or SIGINT, or until the log fails; the exit code.
///
/// # Errors
/// The daemon did not start.
pub fn run(config: &Config) -> Result<u8, Failure> {
    let journal = std::env::var_os("JOURNAL_STREAM");
    let json = config.log.format == LogFormat::Json;
    let format = logging::Format::choose(json, journal.as_deref());
    logging::start(config.log.level.name(), format)
        .map_err(|error| Failure::new(EXIT_FAILED, error.to_string()))?;
    limits::reserve_descriptors(config)?;
    let addresses = Addresses {
        public: config.public.listen,
        api: config.api.listen,
        ops: config.ops.listen,
    };
    let listeners =
        listeners::listeners(&addresses).map_err(|error| Failure::new(78, error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(EXIT_FAILED, error.to_string()))?;
    // Before anybody is told that the daemon serves, so that no signal ends it by default.
    let mut signals = runtime.block_on(async { Signals::watch() })?;
    let daemon = Daemon::start(config, listeners).map_err(|error| {
        tracing::error!(%error, "the daemon did not start");
        Failure::new(error.exit_code(), error.to_string())
    })?;
    tracing::info!(
        public = %daemon.addresses.public,
        api = %daemon.addresses.api,
        ops = %daemon.addresses.ops,
        control = %daemon.addresses.control.display(),
        "serving"
    );
    runtime.block_on(daemon.wait(signals.stopped()));
    tracing::info!("stopping");
    Ok(match daemon.stop() {
        Ended::Clean => {
            tracing::info!("stopped; everything is on disk");
            0
        }
        Ended::Failed => EXIT_FAILED,
    })
}

/// The signals that ask for a stop; those that came since they are watched count.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Watches from now on; to be called in a runtime.
    pub(super) fn watch() -> Result<Self, Failure> {
        let watch =
            |kind| signal(kind).map_err(|error| Failure::new(EXIT_FAILED, error.to_string()));
        Ok(Self {
            terminate: watch(SignalKind::terminate())?,
            interrupt: watch(SignalKind::interrupt())?,
        })
    }

    /// Is done at the first SIGTERM or SIGINT.
    pub(super) async fn stopped(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
