//! A daemon with a catalogue of the run's choice, which can be restarted and given another.
//!
//! Everything lies in one temporary folder. Dropping a site kills its daemon first.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::metrics::Metrics;
use super::pin::Pins;
use super::process::Daemon;
use super::settings::{Ack, Settings};
use super::usage::Usage;
use super::verbs::Verbs;
use crate::check::ledger;
use crate::http::brand::Account;
use crate::traffic::catalogue::BRAND;

/// A stretch that a daemon at rest takes less than a fiftieth of a CPU for, and how long it may
/// take to come to it.
const REST: Duration = Duration::from_secs(2);
const RESTED_MAX: Duration = Duration::from_secs(600);
/// Between two looks at a metric. Each makes the daemon write its whole exposition.
const LOOK: Duration = Duration::from_millis(200);
/// How long a metric may stay as it is before what is awaited of it is given up.
const LIMIT: Duration = Duration::from_secs(60);

/// A daemon and its folder.
pub(crate) struct Site {
    daemon: Option<Daemon>,
    /// Where it listens.
    pub(crate) settings: Settings,
    clickd: PathBuf,
    verbs: Verbs,
    folder: TempDir,
    pins: Pins,
}

impl Site {
    /// Starts a daemon where `pins` says, in a new temporary folder, and gives it the catalogue
    /// `text`. Says how long `catalog apply` took.
    pub(crate) async fn start(
        clickd: &Path,
        text: &str,
        keep: bool,
        pins: Pins,
    ) -> Result<(Self, Duration)> {
        let mut folder = tempfile::Builder::new()
            .prefix("clickd-loadtest-")
            .tempdir()
            .context("making a temporary folder")?;
        folder.disable_cleanup(keep);
        let settings = Settings::free(folder.path(), Ack::Fast)?;
        settings.write()?;
        let daemon = started(pins, clickd, &settings)?;
        let mut site = Self {
            daemon: Some(daemon),
            clickd: clickd.to_owned(),
            verbs: Verbs::new(clickd, &settings.path(), folder.path()),
            settings,
            folder,
            pins,
        };
        site.daemon()?.ready().await.context("the first start")?;
        let file = site.write("catalog.toml", text)?;
        let took = site.apply(&file).await?;
        Ok((site, took))
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Access of the catalogue's brand to one program, by a new key.
    pub(crate) async fn account(&self, program: u32) -> Result<Account> {
        Ok(Account {
            address: self.settings.api,
            sid: BRAND.to_owned(),
            token: self.verbs.create_key(BRAND).await?,
            program,
        })
    }

    /// Imports `file` as `kind`; the summary.
    pub(crate) async fn import(&self, kind: &str, file: &Path) -> Result<String> {
        self.verbs.import(kind, file).await
    }

    /// Folds the whole log again; how long that took.
    pub(crate) async fn rebuild(&self) -> Result<Duration> {
        let begun = Instant::now();
        self.verbs.rebuild().await?;
        Ok(begun.elapsed())
    }

    /// Bytes of the tables of either store.
    pub(crate) fn stored(&self) -> Result<Vec<(&'static str, u64)>> {
        let store = self.path("store");
        let of = |name| Ok((name, tables(&store.join(name))?));
        ["log", "derived"].into_iter().map(of).collect()
    }

    /// Puts the catalogue in `file` in force; how long the verb took, from its start to its end.
    pub(crate) async fn apply(&self, file: &Path) -> Result<Duration> {
        let begun = Instant::now();
        self.verbs.apply_catalogue(file).await?;
        Ok(begun.elapsed())
    }

    /// Stops the daemon by SIGTERM and starts it again; how long it took from its start to ready.
    pub(crate) async fn restart(&mut self) -> Result<Duration> {
        self.stop().await?;
        let begun = Instant::now();
        let mut daemon = started(self.pins, &self.clickd, &self.settings)?;
        let ready = daemon.ready().await;
        let took = begun.elapsed();
        let tail = daemon.tail();
        self.daemon = Some(daemon);
        ready.context(tail)?;
        Ok(took)
    }

    /// What the daemon used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.daemon.as_ref().context("no daemon")?.pid())
    }

    /// Waits until the daemon merges no more files, so that the next figure is not theirs.
    pub(crate) async fn rested(&self) -> Result<()> {
        let deadline = Instant::now() + RESTED_MAX;
        let mut before = self.usage()?;
        loop {
            tokio::time::sleep(REST).await;
            let now = self.usage()?;
            if now.cpu_since(&before) < REST / 50 {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the daemon has not rested for {} s",
                RESTED_MAX.as_secs()
            );
            before = now;
        }
    }

    /// The daemon's metrics.
    pub(crate) async fn metrics(&mut self) -> Result<Metrics> {
        Ok(Metrics::new(self.daemon()?.metrics().await?))
    }

    /// Waits until a metric fits and returns its value; gives up when it has not moved for a while.
    pub(crate) async fn until(
        &mut self,
        name: &str,
        label: &str,
        fits: impl Fn(u64) -> bool,
    ) -> Result<u64> {
        let mut last = None;
        let mut deadline = Instant::now() + LIMIT;
        loop {
            let value = self.metrics().await?.sum(name, label)?;
            if fits(value) {
                return Ok(value);
            }
            if last.replace(value) != Some(value) {
                deadline = Instant::now() + LIMIT;
            }
            ensure!(
                Instant::now() < deadline,
                "{name}{{{label}}} is still {value} after {} s",
                LIMIT.as_secs()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Verifies the store; its ledger must say that exactly `recorded` clicks came and are stored.
    pub(crate) async fn verify(&self, recorded: u64) -> Result<String> {
        let line = ledger::read(&self.verbs.verify().await?)?.clicks;
        ensure!(
            line.balances() && line.received == recorded && line.stored == recorded,
            "{recorded} clicks were answered as recorded, the ledger says: {line}"
        );
        Ok(line.to_string())
    }

    /// Stops the daemon by SIGTERM; it must leave with exit code 0.
    pub(crate) async fn stop(&mut self) -> Result<Duration> {
        self.daemon.take().context("no daemon")?.stop().await
    }

    /// The end of the daemon's log, for a message.
    pub(crate) fn tail(&self) -> String {
        self.daemon.as_ref().map_or_else(String::new, Daemon::tail)
    }

    fn daemon(&mut self) -> Result<&mut Daemon> {
        self.daemon.as_mut().context("no daemon")
    }
}

/// Bytes of the table files below a folder.
fn tables(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            bytes += tables(&path)?;
        } else if path.extension().is_some_and(|end| end == "sst") {
            // A table that is merged meanwhile is gone.
            bytes += path.metadata().map_or(0, |file| file.len());
        }
    }
    Ok(bytes)
}

fn started(pins: Pins, clickd: &Path, settings: &Settings) -> Result<Daemon> {
    let _there = pins.on_server()?;
    Daemon::start(clickd, settings)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::http::mock::{Mock, run};

    /// A site without a daemon, whose verbs are a shell script.
    fn site(body: &str) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let clickd = folder.path().join("clickd");
        std::fs::write(&clickd, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&clickd, PermissionsExt::from_mode(0o700)).unwrap();
        let settings = Settings::free(folder.path(), Ack::Fast).unwrap();
        Site {
            daemon: None,
            verbs: Verbs::new(&clickd, &settings.path(), folder.path()),
            settings,
            clickd,
            folder,
            pins: Pins::new(true).unwrap(),
        }
    }

    #[test]
    fn a_ledger_that_does_not_say_what_was_answered_is_an_error() {
        let none = r#"{"received": 0, "stored": 0, "refused": 0, "unrecorded": 0}"#;
        for (clicks, good) in [
            (
                r#"{"received": 9, "stored": 9, "refused": 0, "unrecorded": 0}"#,
                true,
            ),
            (
                r#"{"received": 9, "stored": 8, "refused": 0, "unrecorded": 1}"#,
                false,
            ),
            (
                r#"{"received": 10, "stored": 9, "refused": 0, "unrecorded": 1}"#,
                false,
            ),
            (
                r#"{"received": 10, "stored": 10, "refused": 0, "unrecorded": 0}"#,
                false,
            ),
        ] {
            run(async {
                let ledger =
                    format!("{{\"ledger\": {{\"clicks\": {clicks}, \"conversions\": {none}}}}}");
                let site = site(&format!("echo '{ledger}'"));
                assert_eq!(site.verify(9).await.is_ok(), good, "{clicks}");
            });
        }
    }

    #[test]
    fn a_metric_is_awaited() {
        run(async {
            let asked = std::cell::Cell::new(0);
            let mock = Mock::start(move |request| {
                assert_eq!(request.path, "/metrics");
                asked.set(asked.get() + 2);
                let body = format!("clickd_x_total {}\n", asked.get());
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            })
            .await;
            let mut site = site("exec sleep 600");
            site.settings.ops = mock.address;
            site.daemon = Some(Daemon::start(&site.clickd, &site.settings).unwrap());
            let value = site.until("clickd_x_total", "", |value| value >= 3).await;
            assert_eq!((value.unwrap(), mock.seen().len()), (4, 2));
        });
    }
}
