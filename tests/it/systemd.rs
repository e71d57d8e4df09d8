//! The units against systemd itself: they load without a word, and they shut the daemon in.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clickd::server::listeners::SOCKET_NAMES;
use tempfile::TempDir;

/// Exposure that is allowed, in tenths; 0 is best, 100 worst.
const EXPOSURE_MAX: &str = "20";
const HOST_UNITS: &str = "/usr/lib/systemd/system";

fn units() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd");
    let mut units: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    units.sort();
    units
}

fn name(unit: &Path) -> &str {
    unit.file_name().unwrap().to_str().unwrap()
}

fn analyze(arguments: &[&str]) -> Output {
    Command::new("systemd-analyze")
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .expect("systemd-analyze is needed: apt-get install systemd")
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// A root with the units, the targets they name and the daemon's binary, as a package lays it out.
fn staged() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("usr/lib/systemd/system");
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(HOST_UNITS).unwrap() {
        let path = entry.unwrap().path();
        let is_base = path
            .extension()
            .is_some_and(|end| end == "target" || end == "slice");
        if is_base && path.is_file() {
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    for unit in units() {
        fs::copy(&unit, folder.join(name(&unit))).unwrap();
    }
    let binaries = root.path().join("usr/bin");
    fs::create_dir_all(&binaries).unwrap();
    let daemon = binaries.join("clickd");
    if fs::hard_link(env!("CARGO_BIN_EXE_clickd"), &daemon).is_err() {
        fs::copy(env!("CARGO_BIN_EXE_clickd"), &daemon).unwrap();
    }
    symlink("usr/bin", root.path().join("bin")).unwrap();
    root
}

#[test]
fn every_unit_loads_without_a_warning() {
    let root = staged();
    let at = format!("--root={}", root.path().display());
    for unit in units() {
        let output = analyze(&["verify", &at, name(&unit)]);
        let said = said(&output);
        assert!(
            output.status.success() && said.is_empty(),
            "{}: {said}",
            name(&unit)
        );
    }
}

#[test]
fn a_unit_without_its_binary_or_with_an_unknown_key_does_not_pass() {
    let root = staged();
    let at = format!("--root={}", root.path().display());
    let unit = root.path().join("usr/lib/systemd/system/clickd.service");
    let text = fs::read_to_string(&unit).unwrap();
    fs::write(&unit, text.replace("KillMode=", "KillMod=")).unwrap();
    let warned = said(&analyze(&["verify", &at, "clickd.service"]));
    assert!(warned.contains("Unknown key"), "{warned}");
    fs::write(&unit, text).unwrap();
    fs::remove_file(root.path().join("usr/bin/clickd")).unwrap();
    let output = analyze(&["verify", &at, "clickd.service"]);
    assert!(!output.status.success(), "{}", said(&output));
}

#[test]
fn the_service_is_shut_in() {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/clickd.service");
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    let path = service.to_str().unwrap();
    let output = analyze(&["security", "--offline=true", "--no-pager", &threshold, path]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("Overall exposure level for clickd.service"),
        "{said}"
    );
}

#[test]
fn the_service_starts_and_stops_as_the_daemon_means_it() {
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/clickd.service");
    let text = fs::read_to_string(service).unwrap();
    for line in [
        "Type=notify",
        "WatchdogSec=30",
        "Restart=on-failure",
        "RestartPreventExitStatus=65 78",
        "LimitNOFILE=65536",
        "LimitCORE=0",
        "StateDirectory=clickd",
        "StateDirectoryMode=0700",
        "RuntimeDirectory=clickd",
        "ExecStart=/usr/bin/clickd serve --config /etc/clickd/clickd.toml",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn each_listener_has_a_socket_unit_of_its_name() {
    let sockets: Vec<PathBuf> = units()
        .into_iter()
        .filter(|unit| unit.extension().is_some_and(|end| end == "socket"))
        .collect();
    let names: Vec<&str> = sockets
        .iter()
        .map(|unit| unit.file_stem().unwrap().to_str().unwrap())
        .collect();
    let mut expected = SOCKET_NAMES.to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected);
    for (unit, name) in sockets.iter().zip(&names) {
        let text = fs::read_to_string(unit).unwrap();
        for line in [
            format!("FileDescriptorName={name}"),
            String::from("Service=clickd.service"),
            String::from("FlushPending=no"),
        ] {
            assert!(text.lines().any(|found| found == line), "{name}: {line}");
        }
    }
}
