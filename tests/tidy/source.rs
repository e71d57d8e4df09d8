//! One source file and the checks on it.
//!
//! Code of tests may use any module of the crate; everything else holds for it too.

use std::fmt;
use std::path::{Path, PathBuf};

use super::rules::{COLUMNS_MAX, DRAWERS, FENCES, LINES_MAX, MAY_USE, NOT_ON_THE_HOT_PATH, WORDS};
use super::scan::{code_of, line_of, says, used_modules, words_in};

/// One finding.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the root of the repository.
    pub(crate) path: PathBuf,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// What is wrong and what is allowed.
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.what)
    }
}

/// One text file with what is code in it.
pub(crate) struct Source {
    path: PathBuf,
    text: String,
    /// The text with comments and literals blanked, line by line the same.
    code: String,
    findings: Vec<Finding>,
}

impl Source {
    /// The file at `path`, from the root of the repository.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let is_rust = Path::new(path).extension().is_some_and(|end| end == "rs");
        Self {
            path: PathBuf::from(path),
            text: String::from(text),
            code: if is_rust {
                code_of(text)
            } else {
                String::new()
            },
            findings: Vec::new(),
        }
    }

    fn is(&self, extension: &str) -> bool {
        self.path.extension().is_some_and(|end| end == extension)
    }

    fn report(&mut self, line: usize, what: impl Into<String>) {
        self.findings.push(Finding {
            path: self.path.clone(),
            line,
            what: what.into(),
        });
    }

    /// The module a file of `src` belongs to.
    fn module(&self) -> Option<String> {
        let inner = self.path.strip_prefix("src").ok()?;
        let first = inner.components().next()?;
        Path::new(first.as_os_str())
            .file_stem()?
            .to_str()
            .map(String::from)
    }

    /// The code before the tests of the file; nothing for a file of tests.
    fn shipped(&self) -> &str {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        let is_tests = stem.is_some_and(|stem| stem == "tests" || stem.ends_with("_tests"))
            || self
                .path
                .components()
                .any(|part| part.as_os_str() == "tests");
        if is_tests {
            return "";
        }
        let mut search = 0;
        while let Some(found) = self
            .code
            .get(search..)
            .and_then(|rest| rest.find("#[cfg(test)]"))
        {
            let at = search + found;
            let rest = self
                .code
                .get(at + "#[cfg(test)]".len()..)
                .unwrap_or_default();
            let next = rest.trim_start();
            let head = next.split(['{', ';']).next().unwrap_or_default();
            if head.contains("mod ") && next.get(head.len()..).is_some_and(|s| s.starts_with('{')) {
                return self.code.get(..at).unwrap_or_default();
            }
            search = at + 1;
        }
        &self.code
    }

    /// Everything that is wrong with it.
    pub(crate) fn check(mut self) -> Vec<Finding> {
        self.check_form();
        self.check_words();
        if self.is("rs") {
            self.check_docs();
            self.check_tests();
            self.check_dependencies();
            self.check_fences();
            self.check_hot_path();
        }
        if self.path.starts_with("config") && self.is("toml") {
            self.check_options();
        }
        self.findings
    }

    fn check_form(&mut self) {
        if !(self.is("rs") || self.is("toml") || self.is("service") || self.is("socket")) {
            return;
        }
        if self.path.ends_with("Cargo.toml") {
            return;
        }
        let lines = self.text.lines().count();
        if self.is("rs") && lines > LINES_MAX {
            self.report(
                LINES_MAX + 1,
                format!("{lines} lines; split it, {LINES_MAX} are allowed"),
            );
        }
        let wide: Vec<_> = (1..)
            .zip(self.text.lines().map(|line| line.chars().count()))
            .filter(|(_, columns)| *columns > COLUMNS_MAX)
            .collect();
        for (line, columns) in wide {
            self.report(
                line,
                format!("{columns} columns; {COLUMNS_MAX} are allowed"),
            );
        }
        let stem = self
            .path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .map(String::from);
        let drawer = stem.filter(|stem| self.is("rs") && DRAWERS.contains(&stem.as_str()));
        if let Some(stem) = drawer {
            self.report(
                1,
                format!("`{stem}` says nothing; put its content where it is used"),
            );
        }
    }

    fn check_words(&mut self) {
        let lower = |text: &str| text.to_lowercase();
        let mut found = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            for word in WORDS {
                let is_shouted = word.chars().all(|c| c.is_ascii_uppercase());
                let says = if is_shouted {
                    line.contains(word)
                } else {
                    says(&lower(line), word)
                };
                if says {
                    found.push((number, format!("`{word}` has no place in the repository")));
                }
            }
        }
        for (line, what) in found {
            self.report(line, what);
        }
    }

    fn check_docs(&mut self) {
        let first = self.text.lines().next().unwrap_or_default();
        if !first.starts_with("//!") && !first.starts_with("#![doc = include_str!") {
            self.report(
                1,
                "begins without a module doc; write `//!` with its purpose",
            );
        }
        if self.path.file_name().is_some_and(|name| name == "mod.rs") {
            let code = self.code.clone();
            for word in ["fn", "struct", "enum", "trait", "impl", "const", "static"] {
                for at in words_in(&code, word) {
                    let what =
                        format!("`{word}` in mod.rs, which holds docs and declarations only");
                    self.report(line_of(&code, at), what);
                }
            }
        }
    }

    fn check_tests(&mut self) {
        let code = self.code.clone();
        for (mark, what) in [
            (
                "#[ignore",
                "an ignored test proves nothing; run it or remove it",
            ),
            ("#[should_panic", "assert the outcome instead of a panic"),
            ("fn test_", "name the behaviour, without `test_`"),
        ] {
            for (at, _) in code.match_indices(mark) {
                self.report(line_of(&code, at), what);
            }
        }
    }

    fn check_dependencies(&mut self) {
        let Some(module) = self.module() else { return };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            self.report(
                1,
                format!("module `{module}` has no row in MAY_USE of tests/tidy/rules.rs"),
            );
            return;
        };
        let code = String::from(self.shipped());
        for (at, used) in used_modules(&code) {
            let is_module = MAY_USE.iter().any(|(name, _)| *name == used);
            let is_allowed = used == module || allowed.iter().any(|a| *a == "*" || *a == used);
            if is_module && !is_allowed {
                let list = if allowed.is_empty() {
                    "nothing"
                } else {
                    &allowed.join(", ")
                };
                let what = format!("`{module}` uses `{used}`; it may use {list}");
                self.report(line_of(&code, at), what);
            }
        }
        let depth = self.depth();
        let root = "super::".repeat(depth);
        if depth > 0 {
            for (at, _) in code.match_indices(&root) {
                let what = "reaches the crate root by `super`; write `crate::`";
                self.report(line_of(&code, at), what);
            }
        }
    }

    /// How many `super` lead from this file to the crate root.
    fn depth(&self) -> usize {
        let parts = self.path.components().count().saturating_sub(1);
        let is_mod = self.path.file_name().is_some_and(|name| name == "mod.rs");
        parts.saturating_sub(usize::from(is_mod))
    }

    fn check_fences(&mut self) {
        let Some(module) = self.module() else { return };
        let code = String::from(self.shipped());
        for (name, allowed) in FENCES {
            if allowed.contains(&module.as_str()) {
                continue;
            }
            for at in words_in(&code, name) {
                let before = code.get(..at).unwrap_or_default().trim_end();
                let after = code.get(at + name.len()..).unwrap_or_default();
                if after.starts_with("::") && !before.ends_with("::") || before.ends_with("use") {
                    let what = format!("names the crate `{name}`, kept to {}", allowed.join(", "));
                    self.report(line_of(&code, at), what);
                }
            }
        }
    }

    fn check_hot_path(&mut self) {
        if !self
            .text
            .lines()
            .any(|line| line.starts_with("//! Hot path."))
        {
            return;
        }
        let code = String::from(self.shipped());
        for mark in NOT_ON_THE_HOT_PATH {
            for (at, _) in code.match_indices(mark) {
                self.report(line_of(&code, at), format!("`{mark}` on the hot path"));
            }
        }
    }

    /// Every option has a comment above it, and the file one at its top.
    fn check_options(&mut self) {
        let is_options = self.path.ends_with("clickd.toml");
        let mut before = "";
        let mut bare = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            if number == 1 && !line.starts_with('#') {
                bare.push((
                    1,
                    String::from("begins without a comment that says what it is for"),
                ));
            }
            let name = line
                .split_once('=')
                .map(|(name, _)| name.trim().trim_start_matches('#'));
            let is_option = name.is_some_and(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            if is_options && is_option && !before.starts_with('#') {
                bare.push((
                    number,
                    String::from("an option without a comment right above it"),
                ));
            }
            before = line;
        }
        for (line, what) in bare {
            self.report(line, what);
        }
    }
}
