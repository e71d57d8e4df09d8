//! The checks on the repository itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::rules::{DRAWERS, FILES_MAX, ROOT_ENTRIES};
use super::source::{Finding, Source};

const FOLDERS: &[&str] = &[
    "src", "tests", "benches", "loadtest", "config", "systemd", ".ci", ".cargo",
];
const TEXTS: &[&str] = &[
    "rs", "toml", "md", "service", "socket", "yml", "yaml", "sh", "snap",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "target" {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// Every file of the known folders, from the root, in order.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        walk(&root().join(folder), &mut found);
    }
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    let short = |path: PathBuf| path.strip_prefix(root()).unwrap().to_path_buf();
    found.into_iter().map(short).collect()
}

fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "\n{}\n", lines.join("\n"));
}

fn finding(path: &Path, what: &str) -> Finding {
    Finding {
        path: path.to_path_buf(),
        line: 1,
        what: String::from(what),
    }
}

#[test]
fn every_file_keeps_the_rules() {
    let mut findings = Vec::new();
    let mut sources = 0;
    for path in files() {
        let is_text = path.extension().and_then(|end| end.to_str());
        let is_script = path.starts_with(".ci");
        if !is_script && !is_text.is_some_and(|end| TEXTS.contains(&end)) {
            continue;
        }
        sources += 1;
        let text = fs::read_to_string(root().join(&path)).unwrap();
        findings.extend(Source::new(path.to_str().unwrap(), &text).check());
    }
    assert!(sources > 20, "found only {sources} files");
    assert_none(&findings);
}

#[test]
fn every_folder_of_the_source_says_what_it_is_and_stays_small() {
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in files() {
        if path.starts_with("src") {
            let parent = path.parent().unwrap().to_path_buf();
            folders.entry(parent).or_default().push(path);
        }
    }
    assert!(folders.contains_key(Path::new("src/model")));
    let mut findings = Vec::new();
    for (folder, files) in &folders {
        if folder != Path::new("src") && !files.contains(&folder.join("mod.rs")) {
            findings.push(finding(folder, "has no mod.rs that says its purpose"));
        }
        if files.len() > FILES_MAX {
            let what = format!("{} files; {FILES_MAX} are allowed", files.len());
            findings.push(finding(folder, &what));
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        if DRAWERS.contains(&name) {
            findings.push(finding(
                folder,
                "says nothing; put its content where it is used",
            ));
        }
    }
    assert_none(&findings);
}

#[test]
fn the_root_holds_what_a_reader_expects_and_nothing_else() {
    let mut findings = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with('.') && !ROOT_ENTRIES.contains(&name.as_str()) {
            findings.push(finding(Path::new(&name), "has no place at the root"));
        }
    }
    for name in [
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "Cargo.lock",
        ".ci/run",
    ] {
        if !root().join(name).is_file() {
            findings.push(finding(Path::new(name), "is missing"));
        }
    }
    assert_none(&findings);
}
