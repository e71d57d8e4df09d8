//! The directory of generations and the file that names the one that serves.
//!
//! `CURRENT` is replaced by an atomic rename and both the file and the directory are synced, so
//! that after any crash it names the old or the new generation.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::error::DerivedError;

const CURRENT: &str = "CURRENT";
const CURRENT_NEW: &str = "CURRENT.new";

/// The path of generation `number`.
pub(super) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(number.to_string())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DerivedError {
    let path = path.to_owned();
    move |source| DerivedError::Io {
        action,
        path,
        source,
    }
}

/// The generation that serves; `None` when there is none or the file does not read.
pub(super) fn current(dir: &Path) -> Result<Option<u32>, DerivedError> {
    let file = dir.join(CURRENT);
    match fs::read(&file) {
        Ok(bytes) => Ok(std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.strip_suffix('\n'))
            .and_then(|text| text.parse().ok())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("reading", &file)(error)),
    }
}

/// Makes generation `number` the one that serves.
pub(super) fn set_current(dir: &Path, number: u32) -> Result<(), DerivedError> {
    let (new, file) = (dir.join(CURRENT_NEW), dir.join(CURRENT));
    File::create(&new)
        .and_then(|mut out| {
            writeln!(out, "{number}")?;
            out.sync_all()
        })
        .map_err(failed("writing", &new))?;
    fs::rename(&new, &file).map_err(failed("renaming", &new))?;
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(failed("syncing", dir))
}

/// Makes the directory and gives the numbers of the generations in it.
pub(super) fn generations(dir: &Path) -> Result<Vec<u32>, DerivedError> {
    fs::create_dir_all(dir).map_err(failed("making", dir))?;
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("reading", dir))? {
        let entry = entry.map_err(failed("reading", dir))?;
        if let Some(number) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Removes a generation that nobody has open.
pub(super) fn remove(dir: &Path, number: u32) -> Result<(), DerivedError> {
    let path = path(dir, number);
    match fs::remove_dir_all(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("removing", &path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_reads_back_and_anything_else_counts_as_absent() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(current(dir.path()).unwrap(), None);
        set_current(dir.path(), 7).unwrap();
        set_current(dir.path(), 12).unwrap();
        assert_eq!(current(dir.path()).unwrap(), Some(12));
        for text in ["", "12", "x\n", "\u{fffd}\n", "99999999999\n"] {
            fs::write(dir.path().join(CURRENT), text).unwrap();
            assert_eq!(current(dir.path()).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn only_numbered_directories_are_generations() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["3", "x", "11"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let mut found = generations(dir.path()).unwrap();
        found.sort_unstable();
        assert_eq!(found, [3, 11]);
        remove(dir.path(), 3).unwrap();
        remove(dir.path(), 3).unwrap();
        assert_eq!(generations(dir.path()).unwrap(), [11]);
    }
}
