//! A settings file for one daemon: free loopback ports, its store in a temporary folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

/// When a click is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    /// After its log write.
    Fast,
    /// After the sync that covers it.
    Durable,
}

/// Settings and the folder they name; the folder goes with them.
pub(crate) struct Config {
    folder: TempDir,
    sections: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
    /// Customers' links.
    pub(crate) public: SocketAddr,
    /// The API of brands.
    pub(crate) api: SocketAddr,
    /// Metrics and health.
    pub(crate) ops: SocketAddr,
}

impl Config {
    /// The defaults, the loopback address as trusted proxy, and only warnings in the daemon's log.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [public, api, ops] = [free(), free(), free()];
        let text = |path: PathBuf| format!("{:?}", path.to_str().unwrap());
        let store = text(folder.path().join("store"));
        let socket = text(folder.path().join("control.sock"));
        let mut config = Self {
            folder,
            sections: BTreeMap::new(),
            public,
            api,
            ops,
        };
        config.set("store", "directory", store);
        config.set("control", "socket", socket);
        for (section, address) in [("public", public), ("api", api), ("ops", ops)] {
            config.set(section, "listen", format!("\"{address}\""));
        }
        config.set("public", "trusted_proxies", "[\"127.0.0.1/32\"]");
        config.set("log", "level", "\"warn\"");
        config
    }

    /// Sets an option to a value written as in TOML; it holds from the next start on.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers, texts and strings are handed in as they are"
    )]
    pub(crate) fn set(&mut self, section: &'static str, key: &'static str, value: impl ToString) {
        let section = self.sections.entry(section).or_default();
        section.insert(key, value.to_string());
    }

    /// When clicks are answered.
    pub(crate) fn ack(&mut self, ack: Ack) {
        let word = match ack {
            Ack::Fast => "\"fast\"",
            Ack::Durable => "\"durable\"",
        };
        self.set("ack", "clicks", word);
    }

    /// Writes the file; its path.
    pub(crate) fn write(&self) -> PathBuf {
        let mut text = String::new();
        for (section, options) in &self.sections {
            writeln!(text, "[{section}]").unwrap();
            for (key, value) in options {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
        let path = self.file();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Where [`Self::write`] writes it.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("clickd.toml")
    }

    /// The temporary folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The directory of the log store.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("store/log")
    }
}

/// An address that nobody listens on. Its port lies below those that the kernel gives to outgoing
/// connections, so that none of them takes it while its daemon is down.
pub(crate) fn free() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let tried = NEXT.fetch_add(1, Ordering::Relaxed);
        // Processes that run at once begin at different places.
        let place = std::process::id().wrapping_mul(97).wrapping_add(tried) % 20_000;
        let port = u16::try_from(12_000 + place).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
