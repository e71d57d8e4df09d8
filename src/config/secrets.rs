//! The secrets: made at the first start, kept in files that only the daemon may read.
//!
//! | file | lines |
//! |---|---|
//! | `click-id-keys` | number 0 to 63 and 32 bytes in hexadecimal; the last line signs |
//! | `key-hash-key` | 32 bytes in hexadecimal |
//! | `visitor-salts` | epoch day and 16 bytes in hexadecimal; yesterday's to tomorrow's |
//!
//! The first two lie in the secrets directory and may be provided (systemd credentials); the salts
//! lie in the state directory, since they change every day and are destroyed two days later. A
//! secret that others may read, or that is no secret, is refused.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::model::time::Day;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a visitor salt.
pub const SALT_LEN: usize = 16;

const CLICK_ID_KEYS: &str = "click-id-keys";
const KEY_HASH_KEY: &str = "key-hash-key";
const VISITOR_SALTS: &str = "visitor-salts";

/// A secret that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file can't be read or written.
    #[error("secret file {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read or write it.
    #[error("secret file {path}: mode {mode:o} lets others in; allowed: 600 or 400")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line can't be read.
    #[error("secret file {path}, line {line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong and what is allowed.
        problem: &'static str,
    },
}

/// Keys by number, the signing one last.
pub type ClickIdKeys = Vec<(u8, [u8; KEY_LEN])>;
/// Salts by UTC day.
pub type VisitorSalts = Vec<(Day, [u8; SALT_LEN])>;

/// The keys of click ids in `directory`; one is made if there is none yet.
///
/// # Errors
/// The file can't be used.
pub fn click_id_keys(directory: &Path) -> Result<ClickIdKeys, SecretError> {
    let path = directory.join(CLICK_ID_KEYS);
    let text = read_or_make(&path, || Ok(format!("0 {}\n", hex(&random::<KEY_LEN>()?))))?;
    let keys = lines(&path, &text, |number, secret| {
        let number = number.parse().ok().filter(|number| *number <= 63)?;
        Some((number, unhex(secret)?))
    })?;
    let fault = |line, problem| {
        Err(SecretError::Line {
            path: path.clone(),
            line,
            problem,
        })
    };
    for (i, key) in keys.iter().enumerate() {
        if keys.iter().take(i).any(|other| other.0 == key.0) {
            return fault(
                i + 1,
                "this key number stands twice; each number names one key",
            );
        }
        if is_weak(&key.1) {
            return fault(
                i + 1,
                "a key of one repeated byte is no secret; use 32 random bytes",
            );
        }
    }
    if keys.is_empty() {
        return fault(
            1,
            "there is no key; allowed: a number 0 to 63 and 64 hexadecimal digits",
        );
    }
    Ok(keys)
}

/// The key that API tokens are hashed with; made if there is none yet.
///
/// # Errors
/// The file can't be used.
pub fn key_hash_key(directory: &Path) -> Result<[u8; KEY_LEN], SecretError> {
    let path = directory.join(KEY_HASH_KEY);
    let text = read_or_make(&path, || Ok(format!("{}\n", hex(&random::<KEY_LEN>()?))))?;
    let key = unhex(text.trim_end()).filter(|key| !is_weak(key));
    key.ok_or(SecretError::Line {
        path,
        line: 1,
        problem: "not a key; allowed: 64 hexadecimal digits of 32 random bytes",
    })
}

/// The salts of the days from the one before `today` to the one after it, in `directory`. Missing
/// ones are made and older ones destroyed; the file is replaced whole and synced.
///
/// # Errors
/// The file can't be used.
pub fn visitor_salts(directory: &Path, today: Day) -> Result<VisitorSalts, SecretError> {
    let path = directory.join(VISITOR_SALTS);
    let text = match read(&path) {
        Err(SecretError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            String::new()
        }
        other => other?,
    };
    let mut salts: VisitorSalts = lines(&path, &text, |day, secret| {
        Some((Day(day.parse().ok()?), unhex(secret)?))
    })?;
    let before = salts.clone();
    salts.retain(|salt| (today.0 - 1..=today.0 + 1).contains(&salt.0.0));
    for day in [today.0, today.0 + 1] {
        if !salts.iter().any(|salt| salt.0.0 == day) {
            let salt = random::<SALT_LEN>().map_err(|source| at(&path, source))?;
            salts.push((Day(day), salt));
        }
    }
    if salts != before {
        let text: Vec<String> = salts
            .iter()
            .map(|(day, salt)| format!("{} {}\n", day.0, hex(salt)))
            .collect();
        replace(&path, &text.concat())?;
    }
    Ok(salts)
}

fn at(path: &Path, source: std::io::Error) -> SecretError {
    SecretError::File {
        path: path.to_owned(),
        source,
    }
}

fn read(path: &Path) -> Result<String, SecretError> {
    let mut file = File::open(path).map_err(|source| at(path, source))?;
    let mode = file
        .metadata()
        .map_err(|source| at(path, source))?
        .permissions()
        .mode()
        & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|source| at(path, source))?;
    Ok(text)
}

fn read_or_make(
    path: &Path,
    make: impl FnOnce() -> std::io::Result<String>,
) -> Result<String, SecretError> {
    match read(path) {
        Err(SecretError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            let text = make().map_err(|source| at(path, source))?;
            replace(path, &text)?;
            Ok(text)
        }
        other => other,
    }
}

/// Puts `text` in the place of `path`, so that a crash leaves the old file or the new one.
fn replace(path: &Path, text: &str) -> Result<(), SecretError> {
    let written = || -> std::io::Result<()> {
        let directory = path.parent().unwrap_or_else(|| Path::new("."));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let next = path.with_extension("new");
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&next, path)?;
        File::open(directory)?.sync_all()
    };
    written().map_err(|source| at(path, source))
}

fn lines<T>(
    path: &Path,
    text: &str,
    parse: impl Fn(&str, &str) -> Option<T>,
) -> Result<Vec<T>, SecretError> {
    let parsed = text.lines().enumerate().map(|(i, line)| {
        line.split_once(' ')
            .and_then(|(name, secret)| parse(name, secret))
            .ok_or_else(|| SecretError::Line {
                path: path.to_owned(),
                line: i + 1,
                problem: "not a number, a space and a secret in hexadecimal digits",
            })
    });
    parsed.collect()
}

fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn is_weak(key: &[u8; KEY_LEN]) -> bool {
    key.iter().all(|byte| Some(byte) == key.first())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("secrets");
        let keys = click_id_keys(&directory).unwrap();
        assert_eq!((keys.len(), keys[0].0), (1, 0));
        assert_eq!(click_id_keys(&directory).unwrap(), keys);
        assert_eq!(
            key_hash_key(&directory).unwrap(),
            key_hash_key(&directory).unwrap()
        );
        for name in [CLICK_ID_KEYS, KEY_HASH_KEY] {
            let mode = std::fs::metadata(directory.join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn salts_live_from_the_day_before_to_the_day_after() {
        let folder = tempfile::tempdir().unwrap();
        let salts = |day| visitor_salts(folder.path(), Day(day)).unwrap();
        let first = salts(10);
        assert_eq!(
            first.iter().map(|salt| salt.0.0).collect::<Vec<_>>(),
            [10, 11]
        );
        assert_eq!(salts(10), first);
        let second = salts(11);
        assert_eq!(
            second.iter().map(|salt| salt.0.0).collect::<Vec<_>>(),
            [10, 11, 12]
        );
        assert_eq!(
            second[1], first[1],
            "tomorrow's salt is today's a day later"
        );
        let third = salts(12);
        assert_eq!(
            third.iter().map(|salt| salt.0.0).collect::<Vec<_>>(),
            [11, 12, 13]
        );
        let text = std::fs::read_to_string(folder.path().join(VISITOR_SALTS)).unwrap();
        assert!(!text.contains(&hex(&first[0].1)), "an old salt is gone");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CLICK_ID_KEYS);
        let with = |text: &str, mode: u32| {
            drop(std::fs::remove_file(&path));
            let mut file = File::options()
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
                .unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.set_permissions(std::fs::Permissions::from_mode(mode))
                .unwrap();
            click_id_keys(folder.path()).map_err(|error| error.to_string())
        };
        let good = format!("0 {}\n", "01".repeat(31) + "02");
        assert!(with(&good, 0o600).is_ok() && with(&good, 0o400).is_ok());
        for (text, mode, expected) in [
            (good.clone(), 0o644, "lets others in"),
            (String::new(), 0o600, "there is no key"),
            (
                format!("0 {}\n", "01".repeat(31)),
                0o600,
                "hexadecimal digits",
            ),
            (
                format!("64 {}\n", "01".repeat(32)),
                0o600,
                "hexadecimal digits",
            ),
            (format!("0 {}\n", "00".repeat(32)), 0o600, "no secret"),
            (good.repeat(2), 0o600, "stands twice"),
        ] {
            let error = with(&text, mode).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
