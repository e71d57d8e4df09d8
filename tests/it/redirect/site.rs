//! A daemon to click at.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clickd::config::Config;
use clickd::daemon::{Daemon, Ended};
use clickd::fold::verify;
use clickd::model::click_id::ClickId;
use clickd::server::{control, listeners};
use serde_json::json;
use tempfile::TempDir;

use super::wire::{self, Answer};

const CATALOG: &str = include_str!("catalog.toml");
/// Where a customer calls from.
pub(super) const CUSTOMER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The one proxy whose word counts.
pub(super) const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A running daemon with the catalogue of these tests.
pub(super) struct Site {
    pub(super) daemon: Daemon,
    /// Redirects that it has answered.
    redirects: AtomicU64,
    _folder: TempDir,
}

impl Site {
    /// Starts one on loopback ports and a fresh folder.
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config::default();
        config.store.directory = folder.path().join("store");
        config.control.socket = folder.path().join("control.sock");
        config.public.trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
        config.public.keep_alive = Duration::from_secs(3);
        let addresses = listeners::Addresses {
            public: any,
            api: any,
            ops: any,
        };
        let listeners = listeners::listeners(&addresses).unwrap();
        let daemon = Daemon::start(&config, listeners).unwrap();
        let applied = control::call(
            &config.control.socket,
            "catalog-apply",
            &json!({ "text": CATALOG }),
        );
        applied.unwrap();
        Self {
            daemon,
            redirects: AtomicU64::new(0),
            _folder: folder,
        }
    }

    /// A connection of a customer.
    pub(super) fn connect(&self) -> TcpStream {
        wire::connect(CUSTOMER, self.daemon.addresses.public)
    }

    /// The answers to `bytes` sent by `from`, after which the client sends no more.
    pub(super) fn answers(&self, from: IpAddr, bytes: &[u8]) -> Vec<Answer> {
        let stream = wire::connect(from, self.daemon.addresses.public);
        self.read(&wire::exchange(stream, bytes), bytes.starts_with(b"HEAD "))
    }

    /// The answers in `bytes`, counted.
    pub(super) fn read(&self, bytes: &[u8], head: bool) -> Vec<Answer> {
        let answers = wire::parse(bytes, head);
        let redirects = answers.iter().filter(|answer| answer.status == 302).count();
        self.redirects
            .fetch_add(u64::try_from(redirects).unwrap(), Ordering::Relaxed);
        answers
    }

    /// The one answer to `bytes`.
    pub(super) fn answer(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let bytes = bytes.as_ref();
        let mut answers = self.answers(CUSTOMER, bytes);
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        assert_eq!(answers.len(), 1, "{sent:?}: {answers:?}");
        answers.remove(0)
    }

    /// The click id in a redirect.
    pub(super) fn id(&self, answer: &Answer) -> ClickId {
        let location = answer
            .header("location")
            .unwrap_or_else(|| panic!("{answer:?}"));
        let (_, rest) = ["im_ref=", "cid="]
            .iter()
            .find_map(|name| location.split_once(name))
            .unwrap_or_else(|| panic!("no click id in {location}"));
        let text = rest.split(['&', '#']).next().unwrap();
        self.daemon.stores.signer.verify(text.as_bytes()).unwrap()
    }

    /// Stops the daemon once every redirect was found in the log and the fold's rows agree.
    pub(super) fn finish(self) {
        let stores = &self.daemon.stores;
        let sealed = stores.log.seal().unwrap();
        let began = Instant::now();
        while stores
            .derived
            .watermark()
            .is_none_or(|mark| mark.slot < sealed)
        {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "the fold is behind"
            );
            std::thread::yield_now();
        }
        let report = verify(&stores.log, &stores.derived).unwrap();
        assert!(report.is_clean(), "{report:#?}");
        assert_eq!(report.clicks, self.redirects.load(Ordering::Relaxed));
        assert_eq!(self.daemon.stop(), Ended::Clean);
    }
}
