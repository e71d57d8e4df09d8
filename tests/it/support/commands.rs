//! The other commands of the binary, on the configuration of a daemon that runs or does not.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::config::Config;

/// The longest a command may take on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `clickd` with `arguments` and `--config`; one that hangs is killed, which shows in its
/// status.
pub(crate) fn run(config: &Config, arguments: &[&str]) -> Output {
    run_on(&config.write(), arguments)
}

/// As [`run`], on settings that are written already.
pub(crate) fn run_on(settings: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clickd"))
        .args(arguments)
        .arg("--config")
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = i32::try_from(command.id()).unwrap();
    let (done, waits) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        // The command is not reaped before the sender is gone, so the id is still its own.
        if waits.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ended = kill_process(Pid::from_raw(id).unwrap(), Signal::KILL);
        }
    });
    let mut output = Output {
        status: ExitStatus::default(),
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let mut errors = command.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        errors.read_to_end(&mut text).unwrap();
        text
    });
    let mut out = command.stdout.take().unwrap();
    out.read_to_end(&mut output.stdout).unwrap();
    output.stderr = reader.join().unwrap();
    drop(done);
    watch.join().unwrap();
    output.status = command.wait().unwrap();
    output
}

/// Everything that a command wrote.
pub(crate) fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn well(config: &Config, arguments: &[&str]) -> String {
    let output = run(config, arguments);
    let said = said(&output);
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// Puts the catalogue in `text` in force.
pub(crate) fn apply_catalog(config: &Config, text: &str) {
    let file: PathBuf = config.folder().join("catalog.toml");
    std::fs::write(&file, text).unwrap();
    well(config, &["catalog", "apply", file.to_str().unwrap()]);
}

/// Makes a key of `brand` with every scope; its token.
pub(crate) fn create_key(config: &Config, brand: &str) -> String {
    let scopes = "read-reports,write-conversions,modify-actions";
    let said = well(
        config,
        &["key", "create", "--brand", brand, "--scopes", scopes],
    );
    let token = said.lines().find_map(|line| line.strip_prefix("token: "));
    token.unwrap().trim().to_owned()
}

/// Asks for the proof of the figures, which waits until everything received is folded; what it
/// says if the figures do not hold.
pub(crate) fn verify(config: &Config) -> Result<String, String> {
    let output = run(config, &["verify"]);
    let said = said(&output);
    if output.status.success() {
        Ok(said)
    } else {
        Err(format!("{}: {said}", output.status))
    }
}
