//! The set-up that all tests share: a folder, a daemon that is ready, a catalogue, a key.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::process::Daemon;
use super::settings::{Ack, Settings};
use super::verbs::Verbs;
use crate::check::ledger::{self, Ledger};
use crate::http::brand::Account;
use crate::traffic::catalogue::{BRAND, PROGRAM, text};

/// Everything is up. Dropping it kills the daemon, then removes the folder.
pub(crate) struct Stage {
    /// The daemon.
    pub(crate) daemon: Daemon,
    /// Where it listens.
    pub(crate) settings: Settings,
    /// The brand's access.
    pub(crate) account: Account,
    /// Further verbs.
    pub(crate) verbs: Verbs,
    folder: TempDir,
}

/// The program to test: the path given, or `clickd` beside this program.
pub(crate) fn clickd(given: Option<PathBuf>) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("clickd"),
    };
    ensure!(
        path.is_file(),
        "{} is no file; say --clickd PATH",
        path.display()
    );
    Ok(path)
}

/// A new temporary folder, which outlives the run if it is to be kept.
pub(crate) fn folder(keep: bool) -> Result<TempDir> {
    let mut folder = tempfile::Builder::new()
        .prefix("clickd-loadtest-")
        .tempdir()
        .context("making a temporary folder")?;
    folder.disable_cleanup(keep);
    Ok(folder)
}

impl Stage {
    /// Starts a daemon in a new temporary folder and gives it these partners and ads.
    pub(crate) async fn set(
        clickd: &Path,
        ack: Ack,
        partners: &BTreeSet<u32>,
        ads: &BTreeSet<u32>,
        keep: bool,
    ) -> Result<Self> {
        let folder = folder(keep)?;
        let settings = Settings::free(folder.path(), ack)?;
        Self::set_in(folder, settings, clickd, partners, ads).await
    }

    /// The same in this folder with these settings.
    pub(crate) async fn set_in(
        folder: TempDir,
        settings: Settings,
        clickd: &Path,
        partners: &BTreeSet<u32>,
        ads: &BTreeSet<u32>,
    ) -> Result<Self> {
        settings.write()?;
        let mut daemon = Daemon::start(clickd, &settings)?;
        let verbs = Verbs::new(clickd, &settings.path(), folder.path());
        let file = folder.path().join("catalog.toml");
        std::fs::write(&file, text(partners, ads))?;
        let token = match prepare(&mut daemon, &verbs, &file).await {
            Ok(token) => token,
            Err(error) => return Err(error.context(daemon.tail())),
        };
        let account = Account {
            address: settings.api,
            sid: BRAND.to_owned(),
            token,
            program: PROGRAM,
        };
        Ok(Self {
            daemon,
            settings,
            account,
            verbs,
            folder,
        })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `verify` and reads its ledger, both streams of which must balance.
    pub(crate) async fn verify(&self) -> Result<Ledger> {
        let ledger = ledger::read(&self.verbs.verify().await?)?;
        for (stream, line) in [
            ("clicks", ledger.clicks),
            ("conversions", ledger.conversions),
        ] {
            ensure!(
                line.balances(),
                "the ledger of {stream} does not balance: {line}"
            );
        }
        Ok(ledger)
    }

    /// Ends the daemon by SIGKILL and starts it again.
    pub(crate) async fn crash(&mut self, clickd: &Path) -> Result<()> {
        // The one that ends holds the ports, so it goes first; for a moment none is here.
        self.daemon.kill()?;
        self.daemon = Daemon::start(clickd, &self.settings)?;
        self.daemon.ready().await
    }

    /// Scrapes the metrics, stops the daemon and says both.
    pub(crate) async fn strike(mut self, out: &mut impl Write) -> Result<()> {
        let (families, series) = self.daemon.scrape().await?;
        writeln!(out, "metrics: {families} families, {series} series")?;
        let took = self.daemon.stop().await?;
        writeln!(
            out,
            "stopped by SIGTERM in {} ms with exit code 0",
            took.as_millis()
        )?;
        Ok(())
    }
}

/// Waits until the daemon accepts, gives it the catalogue and returns the token of a new key.
async fn prepare(daemon: &mut Daemon, verbs: &Verbs, catalogue: &Path) -> Result<String> {
    daemon.ready().await?;
    verbs.apply_catalogue(catalogue).await?;
    verbs.create_key(BRAND).await
}
