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

/// Each rule beside the test that proves it.
fn proofs() -> String {
    let received = clickd::conversion::rules::RULES.iter();
    let received = received.map(|rule| (rule.id, "Receipt", rule.test));
    let decided = clickd::registry::rules::every().map(|rule| (rule.id, rule.name, rule.test));
    let rows = received.chain(decided).map(|(id, name, test)| {
        assert!(is_there(test), "{id}: {test}");
        format!("| {id} | {name} | `{test}` |")
    });
    let rows: Vec<String> = rows.collect();
    format!("| Rule | | Test |\n|---|---|---|\n{}\n", rows.join("\n"))
}

/// Whether a test of this path is written where its module's tests lie.
fn is_there(test: &str) -> bool {
    let (path, name) = test.rsplit_once("::").unwrap();
    let (root, path) = match path.strip_prefix("it::") {
        Some(path) => ("tests/it", path),
        None => ("src", path),
    };
    let module = path.strip_suffix("::tests").unwrap_or(path);
    let file = module.replace("::", "/");
    let above = file.rsplit_once('/').map_or("", |(above, _)| above);
    let mut places = vec![format!("{above}/tests.rs")];
    places.extend([".rs", "_tests.rs", "/tests.rs", "/tests/mod.rs"].map(|end| file.clone() + end));
    places.iter().any(|place| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join(place);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut tests = text.split("#[test]\n").skip(1);
        tests.any(|test| test.trim_start().starts_with(&format!("fn {name}(")))
    })
}

#[test]
fn a_test_that_nobody_wrote_is_not_there() {
    assert!(!is_there("fold::price::order_tests::nobody_wrote_this"));
    assert!(!is_there("fold::nowhere::tests::nobody_wrote_this"));
}

/// All parts in one test, since each rewrites the same file.
#[test]
fn readme_shows_the_tables_as_they_are() {
    let reports = check("reports", &clickd::registry::describe::markdown());
    let metrics = check("metrics", &clickd::telemetry::metric::markdown());
    let conversions = check("conversions", &clickd::conversion::rules::markdown());
    let import = check("import", &clickd::job::column::markdown());
    let rules = check("rules", &clickd::registry::rules::markdown());
    let proofs = check("proofs", &proofs());
    assert!(
        proofs && rules && import && reports && metrics && conversions,
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
        "postback list",
        "postback log",
        "postback replay",
        "postback secret",
        "verify",
        "rebuild",
    ] {
        assert!(text.contains(&format!("`{command}`")), "{command}");
    }
}
