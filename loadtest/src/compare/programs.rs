//! The programs of others that a comparison needs. It installs nothing itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// Where Debian keeps daemons, which is not on every user's path.
const DAEMONS: [&str; 2] = ["/usr/local/sbin", "/usr/sbin"];

/// Where they are.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The web server.
    pub(crate) nginx: PathBuf,
    /// The proxy.
    pub(crate) haproxy: PathBuf,
    /// The client.
    pub(crate) wrk: PathBuf,
}

impl Programs {
    /// Looks for them on the path and where Debian keeps daemons.
    ///
    /// # Errors
    /// Names the Debian package of every program that is missing.
    pub(crate) fn find() -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(DAEMONS.map(PathBuf::from));
        Self::find_in(&folders.collect::<Vec<_>>())
    }

    fn find_in(folders: &[PathBuf]) -> Result<Self> {
        let programs = [
            ("nginx", "nginx-light"),
            ("haproxy", "haproxy"),
            ("wrk", "wrk"),
        ];
        let mut found = programs.map(|(name, _)| first(folders, name));
        let missing: Vec<&str> = programs
            .iter()
            .zip(&found)
            .filter(|(_, path)| path.is_none())
            .map(|((_, package), _)| *package)
            .collect();
        if !missing.is_empty() {
            bail!(
                "programs to compare with are missing: apt-get install {}",
                missing.join(" ")
            );
        }
        let mut next = || found.iter_mut().find_map(Option::take).context("a program");
        Ok(Self {
            nginx: next()?,
            haproxy: next()?,
            wrk: next()?,
        })
    }
}

fn first(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    let mut paths = folders.iter().map(|folder: &PathBuf| folder.join(name));
    paths.find(|path: &PathBuf| Path::is_file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_package_is_named() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let paths = folders.each_ref().map(|folder| folder.path().to_owned());
        let error = Programs::find_in(&paths).unwrap_err().to_string();
        assert!(error.ends_with("nginx-light haproxy wrk"), "{error}");
        for (folder, name) in [(0, "nginx"), (1, "wrk")] {
            std::fs::write(paths[folder].join(name), "").unwrap();
        }
        let error = Programs::find_in(&paths).unwrap_err().to_string();
        assert!(error.ends_with("install haproxy"), "{error}");
        std::fs::write(paths[1].join("haproxy"), "").unwrap();
        let found = Programs::find_in(&paths).unwrap();
        assert_eq!(found.nginx, paths[0].join("nginx"));
        assert_eq!(found.haproxy, paths[1].join("haproxy"));
        assert_eq!(found.wrk, paths[1].join("wrk"));
    }
}
