//! Documents that can't rot: the generated parts of README.md equal what the tables say.
//!
//! When a part differs the test writes it anew and fails, so that a second run passes and the
//! change shows in the diff.

use std::path::Path;

/// Whether a part was up to date.
fn check(name: &str, expected: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!("<!-- {name}:begin -->\n"),
        format!("<!-- {name}:end -->"),
    );
    let (before, rest) = text
        .split_once(&begin)
        .expect("README.md has the opening mark");
    let (found, after) = rest
        .split_once(&end)
        .expect("README.md has the closing mark");
    let expected = format!("{}\n", expected.trim_end());
    if found != expected {
        std::fs::write(&path, [before, &begin, &expected, &end, after].concat()).unwrap();
        return false;
    }
    true
}

/// All parts in one test, since each rewrites the same file.
#[test]
fn readme_shows_the_tables_as_they_are() {
    let reports = check("reports", &clickd::registry::describe::markdown());
    let metrics = check("metrics", &clickd::telemetry::metric::markdown());
    let conversions = check("conversions", &clickd::conversion::rules::markdown());
    let import = check("import", &clickd::job::column::markdown());
    let rules = check("rules", &clickd::registry::rules::markdown());
    assert!(
        rules && import && reports && metrics && conversions,
        "README.md was out of date and is written anew"
    );
}

#[test]
fn readme_names_every_command() {
    let text = include_str!("../../README.md");
    for command in [
        "serve",
        "demo",
        "check-config",
        "catalog apply",
        "catalog export",
        "key create",
        "key list",
        "key revoke",
        "link",
        "explain",
        "import clicks",
        "import conversions",
        "verify",
        "rebuild",
    ] {
        assert!(text.contains(&format!("`{command}`")), "{command}");
    }
}
