//! The daemon's configuration file: everything inside one folder, listeners on free ports.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// After how many requests the daemon closes a connection unless told otherwise.
const REQUESTS_MAX: u32 = 1_000;

/// When a click is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Ack {
    /// After the log write.
    Fast,
    /// After fdatasync.
    Durable,
}

/// Where the daemon listens and keeps its things.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The temporary folder.
    pub(crate) folder: PathBuf,
    /// When clicks are answered.
    pub(crate) ack: Ack,
    /// After how many requests a connection is closed.
    pub(crate) requests_max: u32,
    /// Links.
    pub(crate) public: SocketAddr,
    /// Brand API.
    pub(crate) api: SocketAddr,
    /// Metrics and health.
    pub(crate) ops: SocketAddr,
}

impl fmt::Display for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Durable => "durable",
        })
    }
}

impl Settings {
    /// Settings with three ports that are free now.
    pub(crate) fn free(folder: &Path, ack: Ack) -> Result<Self> {
        // All three are held until the last is known, so that they differ.
        let held = [free_port()?, free_port()?, free_port()?];
        let [public, api, ops] = &held;
        Ok(Self {
            folder: folder.to_owned(),
            ack,
            requests_max: REQUESTS_MAX,
            public: public.local_addr()?,
            api: api.local_addr()?,
            ops: ops.local_addr()?,
        })
    }

    /// Where the configuration file is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("clickd.toml")
    }

    /// Writes the configuration file.
    pub(crate) fn write(&self) -> Result<()> {
        let path = self.path();
        std::fs::write(&path, self.text()).with_context(|| format!("writing {}", path.display()))
    }

    /// The configuration file.
    fn text(&self) -> String {
        let folder = self.folder.display();
        let Self {
            ack,
            requests_max,
            public,
            api,
            ops,
            ..
        } = self;
        format!(
            r#"[public]
listen = "{public}"
trusted_proxies = ["127.0.0.1/32"]
requests_per_connection_max = {requests_max}

[api]
listen = "{api}"

[ops]
listen = "{ops}"

[control]
socket = "{folder}/control.sock"

[store]
directory = "{folder}/store"

[ack]
clicks = "{ack}"
"#
        )
    }
}

/// A port that is free while the listener lives.
pub(crate) fn free_port() -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_are_free_on_loopback() {
        let settings = Settings::free(Path::new("/nowhere"), Ack::Fast).unwrap();
        let ports = [settings.public, settings.api, settings.ops];
        for (n, address) in ports.iter().enumerate() {
            assert!(address.ip().is_loopback());
            assert!(!ports[n + 1..].contains(address));
            assert!(TcpListener::bind(address).is_ok());
        }
    }

    #[test]
    fn the_file_names_every_place() {
        let mut settings = Settings::free(Path::new("/a/b"), Ack::Durable).unwrap();
        settings.public = "127.0.0.1:1".parse().unwrap();
        settings.api = "127.0.0.1:2".parse().unwrap();
        settings.ops = "127.0.0.1:3".parse().unwrap();
        let text = settings.text();
        for line in [
            "listen = \"127.0.0.1:1\"",
            "listen = \"127.0.0.1:2\"",
            "listen = \"127.0.0.1:3\"",
            "trusted_proxies = [\"127.0.0.1/32\"]",
            "requests_per_connection_max = 1000",
            "socket = \"/a/b/control.sock\"",
            "directory = \"/a/b/store\"",
            "clicks = \"durable\"",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}");
        }
    }
}
