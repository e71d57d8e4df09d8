//! Planted faults: each rule finds what it is there for, on the right line, and nothing else.

use super::source::Source;

/// What is said of a file, as `line: what`.
fn said(path: &str, text: &str) -> Vec<String> {
    let findings = Source::new(path, text).check();
    findings
        .iter()
        .map(|finding| format!("{}: {}", finding.line, finding.what))
        .collect()
}

#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(said(path, text), expected, "{path}\n{text}");
}

#[test]
fn a_file_in_order_has_no_findings() {
    let text = "//! Purpose.\n\nuse crate::model::id;\n\n/// See [`crate::log`] and \"x\".\n\
                pub fn f<'a>(x: &'a str) -> char {\n    let _ = r#\"use crate::log;\"#;\n    \
                '\"'\n}\n";
    check("src/link/parse.rs", text, &[]);
}

#[test]
fn modules_outside_the_table_row_are_found_in_every_spelling() {
    let what = "`link` uses `log`; it may use model";
    for text in [
        "//! P.\nuse crate::log::Log;\n",
        "//! P.\nuse crate::{model::id, log::{Log, Footer}};\n",
        "//! P.\npub fn f() { crate::log::open() }\n",
    ] {
        check("src/link/parse.rs", text, &[&format!("2: {what}")]);
    }
    let text = "//! P.\nuse crate::{\n    log, model,\n};\n";
    check(
        "src/model/id.rs",
        "//! P.\nuse crate::link::X;\n",
        &["2: `model` uses `link`; it may use nothing"],
    );
    check("src/link/parse.rs", text, &[&format!("2: {what}")]);
    check("src/daemon.rs", "//! P.\nuse crate::{fold, server};\n", &[]);
}

#[test]
fn super_does_not_lead_around_the_table() {
    let what = "2: reaches the crate root by `super`; write `crate::`";
    check(
        "src/link/parse.rs",
        "//! P.\nuse super::super::log;\n",
        &[what],
    );
    check("src/link/mod.rs", "//! P.\nuse super::log;\n", &[what]);
    check("src/link/parse.rs", "//! P.\nuse super::query;\n", &[]);
}

#[test]
fn tests_may_use_any_module() {
    let test = "//! P.\n#[cfg(test)]\nmod tests {\n    use crate::log;\n}\n";
    check("src/link/parse.rs", test, &[]);
    check("src/link/tests.rs", "//! P.\nuse crate::log;\n", &[]);
    check(
        "src/link/parse_tests.rs",
        "//! P.\nuse super::super::log;\n",
        &[],
    );
    check("src/link/tests/parse.rs", "//! P.\nuse crate::log;\n", &[]);
    let declared = "//! P.\n#[cfg(test)]\nmod tests;\nuse crate::log;\n";
    check(
        "src/link/parse.rs",
        declared,
        &["4: `link` uses `log`; it may use model"],
    );
}

#[test]
fn a_module_without_a_row_is_found() {
    check(
        "src/extra/mod.rs",
        "//! P.\n",
        &["1: module `extra` has no row in MAY_USE of tests/tidy/rules.rs"],
    );
}

#[test]
fn fenced_crates_stay_inside() {
    let text = "//! P.\nuse rocksdb::DB;\npub fn f() { rocksdb::DB::open() }\n";
    check(
        "src/fold/read.rs",
        text,
        &[
            "2: names the crate `rocksdb`, kept to log, derived",
            "3: names the crate `rocksdb`, kept to log, derived",
        ],
    );
    check("src/log/open.rs", text, &[]);
    check(
        "src/fold/read.rs",
        "//! P.\nuse crate::log::rocksdb;\n",
        &[],
    );
}

#[test]
fn hot_files_do_without_allocation_locks_and_lines() {
    let text = "//! P.\n//! Hot path. Once a click.\npub fn f() {\n    let a = format!(\"a\");\n\
                \u{20}   b.to_string();\n    c.lock();\n    tracing::info!(\"d\");\n}\n";
    check(
        "src/click/x.rs",
        text,
        &[
            "4: `format!` on the hot path",
            "5: `.to_string(` on the hot path",
            "6: `.lock(` on the hot path",
            "7: `info!` on the hot path",
        ],
    );
    check("src/click/x.rs", &text.replace("Hot path.", "Cold."), &[]);
}

#[test]
fn sizes_and_names_are_bounded() {
    let long = format!("//! P.\n{}", "\n".repeat(500));
    check(
        "src/link/x.rs",
        &long,
        &["501: 501 lines; split it, 500 are allowed"],
    );
    let wide = format!("//! P.\n// {}\n", "ü".repeat(98));
    check("src/link/x.rs", &wide, &["2: 101 columns; 100 are allowed"]);
    check(
        "src/link/utils.rs",
        "//! P.\n",
        &["1: `utils` says nothing; put its content where it is used"],
    );
}

#[test]
fn module_docs_come_first_and_mod_files_hold_no_code() {
    check(
        "src/link/x.rs",
        "use std::io;\n",
        &["1: begins without a module doc; write `//!` with its purpose"],
    );
    check(
        "src/link/mod.rs",
        "//! P.\npub mod x;\n\nfn f() {}\n",
        &["4: `fn` in mod.rs, which holds docs and declarations only"],
    );
}

#[test]
fn words_of_the_workshop_are_found_in_any_file() {
    let put_off = concat!("TO", "DO");
    check(
        "README.md",
        &format!("a\n{put_off}: b\n"),
        &[&format!("2: `{put_off}` has no place in the repository")],
    );
    let later = concat!("For", " now.");
    check(
        "config/robots.toml",
        &format!("# {later}\n"),
        &[&format!(
            "1: `{}` has no place in the repository",
            concat!("for", " now")
        )],
    );
    check("README.md", concat!("for", " nowhere\n"), &[]);
    let path = concat!("/ro", "ot/");
    check(
        ".ci/run",
        &format!("cd {path}x\n"),
        &[&format!("1: `{path}` has no place in the repository")],
    );
}

#[test]
fn tests_are_named_by_behaviour_and_all_run() {
    let text = "//! P.\n#[test]\n#[ignore = \"slow\"]\nfn test_x() {}\n";
    check(
        "tests/it/x.rs",
        text,
        &[
            "3: an ignored test proves nothing; run it or remove it",
            "4: name the behaviour, without `test_`",
        ],
    );
}

#[test]
fn every_option_has_its_comment() {
    let text = "# The manual.\n[log]\n# Why. Default 5.\na = 5\nb = 6\n";
    check(
        "config/clickd.toml",
        text,
        &["5: an option without a comment right above it"],
    );
    check(
        "config/catalog.toml",
        "a = 5\n",
        &["1: begins without a comment that says what it is for"],
    );
}
