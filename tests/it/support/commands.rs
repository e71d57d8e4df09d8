//! The other commands of the binary, on the configuration of a daemon that runs or does not.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::config::Config;

/// Runs `clickd` with `arguments` and `--config`.
pub(crate) fn run(config: &Config, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clickd"))
        .args(arguments)
        .arg("--config")
        .arg(config.write())
        .output()
        .unwrap()
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
    let said = well(config, &["key", "create", "--brand", brand]);
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
