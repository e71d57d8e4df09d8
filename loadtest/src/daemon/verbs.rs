//! `clickd`'s other verbs, run as child processes beside the running daemon.
//!
//! Their output goes through files in the run's folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::child;

/// How long a verb may take that changes one thing.
const SHORT: Duration = Duration::from_secs(30);
/// How long `verify` may take, which reads the whole store.
const LONG: Duration = Duration::from_secs(600);

/// What the brand's key may do.
const SCOPES: &str = "read-reports,write-conversions,modify-actions";

/// Runs verbs of one program with one configuration.
pub(crate) struct Verbs {
    clickd: PathBuf,
    config: PathBuf,
    folder: PathBuf,
}

impl Verbs {
    /// Verbs of the program at `clickd`; their output passes through `folder`.
    pub(crate) fn new(clickd: &Path, config: &Path, folder: &Path) -> Self {
        Self {
            clickd: clickd.to_owned(),
            config: config.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// Commits the catalogue in `file`.
    pub(crate) async fn apply_catalogue(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("the catalogue's path is not UTF-8")?;
        self.run(&["catalog", "apply"], &[file], SHORT)
            .await
            .map(drop)
    }

    /// Makes an API key of brand `sid` and returns its token.
    pub(crate) async fn create_key(&self, sid: &str) -> Result<String> {
        let arguments = ["--brand", sid, "--scopes", SCOPES];
        let output = self.run(&["key", "create"], &arguments, SHORT).await?;
        token(&output).with_context(|| format!("`key create` printed no token: {output}"))
    }

    /// Compares the store with itself and returns the summary.
    pub(crate) async fn verify(&self) -> Result<String> {
        self.run(&["verify"], &[], LONG).await
    }

    /// Imports `file` as `kind`, `clicks` or `conversions`; the summary.
    pub(crate) async fn import(&self, kind: &str, file: &Path) -> Result<String> {
        let file = file.to_str().context("the file's path is not UTF-8")?;
        self.run(&["import", kind], &[file], LONG).await
    }

    /// Folds the whole log again; what it says.
    pub(crate) async fn rebuild(&self) -> Result<String> {
        self.run(&["rebuild"], &[], LONG).await
    }

    /// The list of imports.
    pub(crate) async fn imports(&self) -> Result<String> {
        self.run(&["import", "list"], &[], SHORT).await
    }

    /// A command that imports `file` as `kind`, for who wants to end it early.
    pub(crate) fn import_command(&self, kind: &str, file: &Path) -> Command {
        let mut command = Command::new(&self.clickd);
        command.args(["import", kind, "--config"]);
        command.arg(&self.config).arg(file);
        command
    }

    /// Runs `clickd VERB --config FILE ARGUMENTS` and returns what it printed.
    async fn run(&self, verb: &[&str], arguments: &[&str], limit: Duration) -> Result<String> {
        let name = format!("clickd {}", verb.join(" "));
        let mut command = Command::new(&self.clickd);
        command.args(verb).arg("--config").arg(&self.config);
        command.args(arguments);
        let stem = self.folder.join(verb.join("-"));
        child::run(&mut command, &name, &stem, limit).await
    }
}

/// The token in what `key create` printed.
fn token(output: &str) -> Option<String> {
    let token = output
        .lines()
        .find_map(|line| line.strip_prefix("token: "))?
        .trim();
    (!token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::http::mock::run;

    fn verbs(folder: &Path, body: &str) -> Verbs {
        let path = folder.join("clickd");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        Verbs::new(&path, Path::new("/c.toml"), folder)
    }

    #[test]
    fn verbs_get_the_configuration_and_give_their_output() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let verbs = verbs(folder.path(), "echo \"token: $*\"");
            assert_eq!(
                verbs.create_key("SID").await.unwrap(),
                format!("key create --config /c.toml --brand SID --scopes {SCOPES}")
            );
            assert_eq!(
                verbs.verify().await.unwrap(),
                "token: verify --config /c.toml\n"
            );
            verbs.apply_catalogue(Path::new("/x")).await.unwrap();
            let said = std::fs::read_to_string(folder.path().join("catalog-apply.stdout")).unwrap();
            assert_eq!(said, "token: catalog apply --config /c.toml /x\n");
        });
    }

    #[test]
    fn a_failed_verb_is_an_error_with_its_name() {
        run(async {
            let folder = tempfile::tempdir().unwrap();
            let verbs = verbs(folder.path(), "echo slot 9 >&2; exit 65");
            let error = verbs.verify().await.unwrap_err().to_string();
            for part in ["`clickd verify`", "65", "slot 9"] {
                assert!(error.contains(part), "{error}");
            }
        });
    }

    #[test]
    fn the_token_is_the_rest_of_its_line() {
        assert_eq!(token("id: 4\ntoken: a.b-_\n").as_deref(), Some("a.b-_"));
        assert_eq!(token("token: \n"), None);
        assert_eq!(token("no"), None);
    }
}
