//! Both stores, the catalogue in force and the secrets: all that verbs need.
//!
//! Opened by the daemon at its start, or by a command when no daemon runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::catalog::{Catalog, Shelf, StoredError};
use crate::click::{Salts, Signer};
use crate::config::Config;
use crate::config::secrets::{self, SecretError};
use crate::config::settings::AckMode;
use crate::derived::{self, Derived, DerivedError};
use crate::fold::{self, Robots, RobotsError};
use crate::job::take::Taker;
use crate::log::{self, Clock, Log, LogError};
use crate::model::time::Millis;
use crate::server::api::keys::HashKey;

use super::lists::Lists;

/// How long a daemon waits for stores in use, and how often it looks.
const TURN_MAX: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// Why the stores can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The derived store.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// A secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// `secrets.directory` names `$CREDENTIALS_DIRECTORY`, which is not set.
    #[error(
        "secrets.directory: $CREDENTIALS_DIRECTORY is not set; run under systemd or name a path"
    )]
    NoCredentials,
    /// The keys are no set of click-id keys.
    #[error("the click-id keys can't sign; allowed: distinct numbers from 0 to 63")]
    Keys,
    /// The stored catalogue can't be read.
    #[error("the stored catalogue: {0}")]
    Catalog(#[from] StoredError),
    /// The catalogue that the log names is not there.
    #[error("the log names a catalogue that it does not hold")]
    CatalogMissing,
    /// The robot list, or that of hosts.
    #[error("fold.robots_file with fold.hosting_file: {0}")]
    Robots(#[from] RobotsError),
    /// A list can't be read.
    #[error("fold.{option} {path}: {source}")]
    ListFile {
        /// The option that names it.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    /// The exit code that tells what helps: 65 damaged or newer data, 75 trying again, 78 the
    /// configuration.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Log(error) => error.exit_code(),
            Self::Derived(_) => 75,
            Self::Catalog(_) | Self::CatalogMissing => 65,
            Self::Secret(_)
            | Self::NoCredentials
            | Self::Keys
            | Self::Robots(_)
            | Self::ListFile { .. } => 78,
        }
    }
}

/// The stores of one directory, open.
pub struct Stores {
    /// The log.
    pub log: Log,
    /// What the fold has made of it.
    pub derived: Derived,
    /// The catalogue in force; replaced whole by `catalog apply`.
    pub catalog: Arc<ArcSwap<Catalog>>,
    /// Every catalogue version in memory.
    pub shelf: Arc<Shelf>,
    /// The visitor salts at hand.
    pub salts: Arc<ArcSwap<Salts>>,
    /// Signs and verifies click ids.
    pub signer: Arc<Signer>,
    /// The key that API tokens are hashed with.
    pub hash_key: HashKey,
    /// The lists in force.
    pub lists: Lists,
    /// The same, compiled.
    pub robots: Robots,
    /// Held while the past is judged by other lists.
    pub judging: Mutex<()>,
    /// What takes the rows of imports, one chunk at a time; made with the first.
    pub imports: Mutex<Option<Taker>>,
    state_directory: PathBuf,
}

impl Stores {
    /// Opens everything below `config.store.directory`, making what is missing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(config: &Config) -> Result<Self, OpenError> {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        let secrets = config
            .secrets_directory(credentials.as_deref())
            .ok_or(OpenError::NoCredentials)?;
        let lists = Lists::read(&config.fold)?;
        let robots = lists.rules()?;
        let signer = Signer::new(secrets::click_id_keys(&secrets)?).ok_or(OpenError::Keys)?;
        let hash_key = secrets::key_hash_key(&secrets)?;
        let clock = Clock::start();
        let state_directory = config.store.directory.clone();
        let log = Log::open(&log_options(config), clock)?;
        // Only whoever holds the store may replace their file.
        let salts = salts(&state_directory, clock.now())?;
        let shelf = Arc::new(Shelf::default());
        let catalog = shelf.get(log.current_catalog(), || catalog(&log))?;
        let current = log.rules(log.current_rules())?;
        let stored = lists.stored();
        if current.as_deref() != Some(stored.as_bytes()) {
            let version = log.put_rules(stored.as_bytes())?;
            tracing::info!(
                version = version.0,
                "the lists of robots and hosts in force are new"
            );
        }
        let last = log.last_footer()?.map(|footer| footer.slot);
        let directory = state_directory.join("derived");
        let derived = Derived::open(&directory, &derived::Options::new(fold::RULES), last)?;
        Ok(Self {
            log,
            derived,
            catalog: Arc::new(ArcSwap::new(catalog)),
            shelf,
            salts: Arc::new(ArcSwap::from_pointee(salts)),
            signer: Arc::new(signer),
            hash_key,
            lists,
            robots,
            judging: Mutex::default(),
            imports: Mutex::new(None),
            state_directory,
        })
    }

    /// As [`Self::open`], for a daemon, which customers wait for: a command that has the stores
    /// open hands them over as soon as it sees the control socket.
    ///
    /// # Errors
    /// See [`OpenError`]; the stores are still in use after 10 s.
    pub fn open_in_turn(config: &Config) -> Result<Self, OpenError> {
        let began = Instant::now();
        loop {
            match Self::open(config) {
                Err(OpenError::Log(LogError::InUse { .. })) if began.elapsed() < TURN_MAX => {
                    std::thread::sleep(GLANCE);
                }
                opened => return opened,
            }
        }
    }

    /// Makes tomorrow's salt and destroys the old ones; called about once a minute.
    ///
    /// # Errors
    /// The file of the salts can't be replaced.
    pub fn renew_salts(&self) -> Result<(), SecretError> {
        self.salts.store(Arc::new(salts(
            &self.state_directory,
            self.log.clock().now(),
        )?));
        Ok(())
    }
}

fn log_options(config: &Config) -> log::Options {
    log::Options {
        directory: config.store.directory.join("log"),
        write_buffer_bytes: config.store.write_buffer,
        block_cache_bytes: config.store.block_cache,
        wal_total_bytes: config.store.wal_total,
        slot_rows_max: config.store.slot_rows_max,
        durable_clicks: config.ack.clicks == AckMode::Durable,
    }
}

fn salts(directory: &Path, now: Millis) -> Result<Salts, SecretError> {
    // A start may mint a few seconds ahead of the clock, hence the later day.
    let today = now.utc_day();
    Ok(Salts::new(secrets::visitor_salts(directory, today)?))
}

fn catalog(log: &Log) -> Result<Catalog, OpenError> {
    let version = log.current_catalog();
    if version.0 == 0 {
        return Ok(Catalog::default());
    }
    let stored = log.catalog(version)?.ok_or(OpenError::CatalogMissing)?;
    let catalog = Catalog::from_stored(&stored)?;
    Ok(Catalog { version, ..catalog })
}
