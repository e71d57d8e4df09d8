//! The bytes of a configuration file, before anything is read into them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::problem::{ConfigError, Problem};
use super::settings::Config;

/// The largest configuration file in bytes.
const FILE_MAX: u64 = 1 << 20;

impl Config {
    /// The settings of the file at `path`.
    ///
    /// # Errors
    /// The file can't be read or is not text; or every problem of its text.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let alone = |problem: String, allowed: &str| {
            ConfigError(vec![Problem {
                at: name.clone(),
                key: String::new(),
                problem,
                allowed: allowed.to_owned(),
            }])
        };
        let bytes = read(path).map_err(|(problem, allowed)| alone(problem, allowed))?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..valid).unwrap_or_default();
                let before = String::from_utf8_lossy(before);
                return Err(ConfigError(vec![Problem {
                    at: super::read::place(&name, &before, valid),
                    key: String::new(),
                    problem: "is not UTF-8".to_owned(),
                    allowed: "save the file as UTF-8".to_owned(),
                }]));
            }
        };
        if text.trim().is_empty() {
            return Err(alone(
                "is empty".to_owned(),
                "a file such as config/clickd.toml",
            ));
        }
        Self::parse(&name, &text)
    }
}

/// The bytes of the file, or what is wrong and what is allowed.
fn read(path: &Path) -> Result<Vec<u8>, (String, &'static str)> {
    let io = |error: std::io::Error| {
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => "does not exist".to_owned(),
            std::io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
            _ => format!("can't be read: {error}"),
        };
        (problem, "")
    };
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(("is a directory".to_owned(), "a file"));
    }
    if !about.is_file() {
        return Err(("is not a regular file".to_owned(), "a regular file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > FILE_MAX) {
        return Err(("is too large".to_owned(), "at most 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_configuration_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let large = vec![b'#'; 1 << 20 | 1];
        for (path, expected) in [
            (
                directory.path().join("none.toml"),
                "none.toml: does not exist",
            ),
            (directory.path().to_path_buf(), ": is a directory; a file"),
            (
                "/dev/null".into(),
                "/dev/null: is not a regular file; a regular file",
            ),
            (
                write("empty.toml", b""),
                "empty.toml: is empty; a file such as config/clickd.toml",
            ),
            (
                write("blank.toml", b" \n\t\n"),
                "blank.toml: is empty; a file such as config/clickd.toml",
            ),
            (
                write("large.toml", &large),
                "large.toml: is too large; at most 1 MiB",
            ),
            (
                write("latin.toml", b"# a\n# M\xfcller\n"),
                "latin.toml:2:4: is not UTF-8; save the file as UTF-8",
            ),
            (
                write("bom.toml", b"\xef\xbb\xbf# a\n"),
                "bom.toml:1:1: begins with a byte order mark; save the file as UTF-8 without one",
            ),
        ] {
            let error = Config::load(&path).unwrap_err().to_string();
            assert!(error.ends_with(expected), "{error}, not {expected}");
        }
        let path = write("good.toml", b"# nothing\n");
        assert_eq!(Config::load(&path), Ok(Config::default()));
    }
}
