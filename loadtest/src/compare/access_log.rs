//! nginx's access log: how many lines it holds and how many of them tell of a 302.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::ledger::Recorded;

/// How long it is in bytes.
pub(crate) fn length(path: &Path) -> Result<u64> {
    let file = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?;
    Ok(file.len())
}

/// Counts its lines.
pub(crate) fn count(path: &Path) -> Result<Recorded> {
    let file = File::open(path).with_context(|| format!("opening {}", path.display()))?;
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut line = Vec::with_capacity(1_024);
    let mut found = Recorded::default();
    while lines.read_until(b'\n', &mut line)? > 0 {
        if is_redirect(&line) {
            found.clicks += 1;
        } else {
            found.others += 1;
        }
        line.clear();
    }
    Ok(found)
}

/// Empties it. nginx appends, so it goes on at the start.
pub(crate) fn empty(path: &Path) -> Result<()> {
    let file = OpenOptions::new().write(true).truncate(true).open(path);
    file.map(drop)
        .with_context(|| format!("emptying {}", path.display()))
}

/// Whether a whole line of the combined format tells of a 302: the status follows the request,
/// which is the first thing in quotes.
fn is_redirect(line: &[u8]) -> bool {
    let mut quoted = line.split(|byte| *byte == b'"');
    let status = quoted.nth(2).unwrap_or_default();
    status.starts_with(b" 302 ") && line.ends_with(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_status_and_the_log_is_emptied() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = |status: &str| {
            format!(
                "127.0.0.1 - - [22/Nov/2026:20:24:45 +0000] \"GET /c/1/2/3?u= 302 x HTTP/1.1\" \
                 {status} 145 \"https://www.blog.example/\" \"Mozilla/5.0 302 \"\n"
            )
        };
        let whole = [line("302"), line("499"), line("302"), line("200")].concat();
        let cut = line("302").trim_end().to_owned();
        std::fs::write(file.path(), format!("{whole}{cut}")).unwrap();
        let want = Recorded {
            clicks: 2,
            others: 3,
        };
        assert_eq!(count(file.path()).unwrap(), want);
        assert!(length(file.path()).unwrap() > 500);
        empty(file.path()).unwrap();
        assert_eq!(count(file.path()).unwrap(), Recorded::default());
        assert_eq!(length(file.path()).unwrap(), 0);
    }
}
