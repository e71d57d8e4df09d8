//! Programs that are run for what they print.
//!
//! Output goes through files, so a talkative program cannot block. A program that outlives its
//! deadline, or whose caller gives up, is killed by its own pid.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(10);

struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

/// Runs `command` and returns what it printed. Its output passes through `stem` with `.stdout` and
/// `.stderr` appended.
///
/// # Errors
/// It does not start, does not succeed, or takes longer than `limit`; `name` says which it was.
pub(crate) async fn run(
    command: &mut Command,
    name: &str,
    stem: &Path,
    limit: Duration,
) -> Result<String> {
    let [output, errors] = ["stdout", "stderr"].map(|end| {
        let mut path = stem.as_os_str().to_owned();
        path.push(".");
        path.push(end);
        path
    });
    let mut child = Guard(
        command
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&errors)?)
            .spawn()
            .with_context(|| format!("starting `{name}`"))?,
    );
    let deadline = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.0.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            bail!("`{name}` took longer than {} s", limit.as_secs());
        }
        tokio::time::sleep(LOOK).await;
    };
    let said = std::fs::read_to_string(&output)?;
    ensure!(
        status.success(),
        "`{name}` ended with {status}\n{said}{}",
        std::fs::read_to_string(&errors)?
    );
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::mock::run as on_runtime;

    const LONG: Duration = Duration::from_secs(600);

    fn shell(body: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(body);
        command
    }

    #[test]
    fn a_failed_program_is_an_error_with_what_it_said() {
        on_runtime(async {
            let folder = tempfile::tempdir().unwrap();
            let stem = folder.path().join("a.b");
            let mut good = shell("echo fine");
            let said = run(&mut good, "good", &stem, LONG).await.unwrap();
            assert_eq!(said, "fine\n");
            let mut bad = shell("echo 3 differences; echo slot 9 >&2; exit 65");
            let error = run(&mut bad, "bad", &stem, LONG).await.unwrap_err();
            let error = error.to_string();
            for part in ["`bad`", "65", "3 differences", "slot 9"] {
                assert!(error.contains(part), "{error}");
            }
        });
    }

    #[test]
    fn a_program_that_hangs_is_given_up() {
        on_runtime(async {
            let folder = tempfile::tempdir().unwrap();
            let stem = folder.path().join("x");
            let limit = Duration::from_millis(50);
            let error = run(&mut shell("exec sleep 600"), "x", &stem, limit).await;
            let error = error.unwrap_err().to_string();
            assert!(error.contains("longer"), "{error}");
        });
    }

    #[test]
    fn a_program_whose_caller_gives_up_is_killed() {
        on_runtime(async {
            let folder = tempfile::tempdir().unwrap();
            let stem = folder.path().join("x");
            let printed = folder.path().join("x.stdout");
            let pid = async {
                loop {
                    let text = std::fs::read_to_string(&printed).unwrap_or_default();
                    if let Ok(pid) = text.trim().parse::<u32>() {
                        return pid;
                    }
                    tokio::time::sleep(LOOK).await;
                }
            };
            let mut command = shell("echo $$; exec sleep 600");
            let pid = tokio::select! {
                _ = run(&mut command, "x", &stem, LONG) => panic!("ended"),
                pid = pid => pid,
            };
            assert!(!Path::new(&format!("/proc/{pid}")).exists());
        });
    }
}
