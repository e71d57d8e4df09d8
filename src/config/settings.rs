//! The settings with their defaults, one struct per section of the file.
//!
//! `config/clickd.toml` says what each option is for and when to change it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cidr::Cidr;

/// All settings of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// `[store]`
    pub store: Store,
    /// `[ack]`
    pub ack: Ack,
    /// `[public]`
    pub public: Public,
    /// `[api]`
    pub api: Api,
    /// `[ops]`
    pub ops: Ops,
    /// `[control]`
    pub control: Control,
    /// `[fold]`
    pub fold: Fold,
    /// `[jobs]`
    pub jobs: Jobs,
    /// `[postbacks]`
    pub postbacks: Postbacks,
    /// `[secrets]`
    pub secrets: Secrets,
    /// `[shutdown]`
    pub shutdown: Shutdown,
    /// `[log]`
    pub log: LogOutput,
}

/// Where events lie and how much memory the stores may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Holds `log/` and `derived/`.
    pub directory: PathBuf,
    /// Rows after which a slot ends early.
    pub slot_rows_max: u32,
    /// Bytes of memtables of all families together.
    pub write_buffer: usize,
    /// Bytes of the shared block cache.
    pub block_cache: usize,
    /// Bytes of write-ahead log after which the oldest family is flushed.
    pub wal_total: u64,
}

/// When a click is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The mode.
    pub clicks: AckMode,
    /// How long a `durable` answer waits for its sync before it counts as `fast`.
    pub durable_wait: Duration,
}

/// What must have happened before a click is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckMode {
    /// Its log write has returned.
    Fast,
    /// The disk has it, unless that takes too long.
    Durable,
}

/// The listener for customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    /// Address and port.
    pub listen: SocketAddr,
    /// Event-loop threads.
    pub workers: usize,
    /// Connections held open at once.
    pub connections_max: usize,
    /// Requests after which a connection is closed.
    pub requests_per_connection_max: u32,
    /// Peers whose forwarding headers name the client.
    pub trusted_proxies: Vec<Cidr>,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
}

/// The listener for brands and partners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Address and port.
    pub listen: SocketAddr,
    /// Connections held open at once.
    pub connections_max: usize,
    /// Largest request body in bytes.
    pub body_max: usize,
    /// Largest uploaded file in bytes.
    pub upload_max: u64,
}

/// Uploaded files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// Where they wait; nothing: `spool` in the store directory.
    pub directory: Option<PathBuf>,
    /// Bytes that stay free on that disk.
    pub disk_free_min: u64,
}

/// The listener for metrics and health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ops {
    /// Address and port.
    pub listen: SocketAddr,
    /// Whether `listen` may be other than a loopback address.
    pub allow_public: bool,
}

/// The socket that verbs of the command line speak to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Path of the Unix socket.
    pub socket: PathBuf,
}

/// How clicks are classified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// List of robots; the list in the binary when absent.
    pub robots_file: Option<PathBuf>,
    /// List of networks of hosts; the list in the binary when absent.
    pub hosting_file: Option<PathBuf>,
}

/// How events are sent to brands and partners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postbacks {
    /// Whether addresses of private networks may be called.
    pub allow_private: bool,
    /// Tries under way at once, of all destinations together.
    pub connections_max: usize,
    /// How long one try may take.
    pub timeout: Duration,
    /// How long after a first try that failed the next one comes, on average; then twice as long
    /// each time.
    pub first_wait: Duration,
    /// Tries after which an event is given up.
    pub tries_max: u32,
    /// Time after its first try at which an event is given up.
    pub give_up_after: Duration,
    /// How long it is kept what became of an event.
    pub keep_log: Duration,
    /// Roots that https destinations are checked against; the system's when absent.
    pub ca_file: Option<PathBuf>,
}

/// Where keys and salts lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The choice of directory.
    pub directory: SecretsDirectory,
}

/// The choice of directory for secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SecretsDirectory {
    /// `secrets` in the store's directory (the option is empty).
    #[default]
    BesideStore,
    /// Where systemd puts credentials (the option is `$CREDENTIALS_DIRECTORY`).
    Credentials,
    /// This one.
    At(PathBuf),
}

/// How the daemon ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// How long requests under way may take after SIGTERM.
    pub grace: Duration,
}

/// The daemon's own messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOutput {
    /// Their form.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: LogLevel,
}

/// The form of log messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How important a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something needs attention.
    Warn,
    /// Starts, stops, changes.
    Info,
    /// For finding a fault.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name in lower case, as logging filters write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Config {
    /// The directory of the secrets. `credentials` is the value of `$CREDENTIALS_DIRECTORY`;
    /// nothing comes back when the option names it and it is absent.
    #[must_use]
    pub fn secrets_directory(&self, credentials: Option<&Path>) -> Option<PathBuf> {
        match &self.secrets.directory {
            SecretsDirectory::BesideStore => Some(self.store.directory.join("secrets")),
            SecretsDirectory::Credentials => credentials.map(Path::to_path_buf),
            SecretsDirectory::At(directory) => Some(directory.clone()),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            directory: "/var/lib/clickd".into(),
            slot_rows_max: 200_000,
            write_buffer: 384 << 20,
            block_cache: 256 << 20,
            wal_total: 256 << 20,
        }
    }
}

impl Default for Ack {
    fn default() -> Self {
        Self {
            clicks: AckMode::Fast,
            durable_wait: Duration::from_millis(50),
        }
    }
}

impl Default for Public {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8080),
            workers: 1,
            connections_max: 10_000,
            requests_per_connection_max: 1_000,
            trusted_proxies: Vec::new(),
            keep_alive: Duration::from_secs(75),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8081),
            connections_max: 512,
            body_max: 64 << 10,
            upload_max: 1 << 30,
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            directory: None,
            disk_free_min: 1 << 30,
        }
    }
}

impl Default for Ops {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9460),
            allow_public: false,
        }
    }
}

impl Default for Control {
    fn default() -> Self {
        Self {
            socket: "/run/clickd/control.sock".into(),
        }
    }
}

impl Default for Postbacks {
    fn default() -> Self {
        Self {
            allow_private: false,
            connections_max: 64,
            timeout: Duration::from_secs(10),
            first_wait: Duration::from_secs(60),
            tries_max: 15,
            give_up_after: Duration::from_secs(48 * 3_600),
            keep_log: Duration::from_secs(30 * 24 * 3_600),
            ca_file: None,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
        }
    }
}

impl Default for LogOutput {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: LogLevel::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_lie_beside_the_store_unless_told_otherwise() {
        let mut config = Config::default();
        let credentials = Some(Path::new("/run/credentials"));
        let beside = Some("/var/lib/clickd/secrets".into());
        assert_eq!(config.secrets_directory(credentials), beside);
        config.secrets.directory = SecretsDirectory::Credentials;
        assert_eq!(
            config.secrets_directory(credentials),
            Some("/run/credentials".into())
        );
        assert_eq!(config.secrets_directory(None), None);
        config.secrets.directory = SecretsDirectory::At("/etc/x".into());
        assert_eq!(config.secrets_directory(None), Some("/etc/x".into()));
    }
}
