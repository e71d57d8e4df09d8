//! `benches/instructions.toml`: the figures, what they cover, and how far a count may be off.
//!
//! Compilers, valgrind and libraries that choose code by CPU move the figures without any change of
//! the daemon, so with others than the figures were counted with more is allowed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Instructions per click or conversion, by row.
pub(super) type Counts = BTreeMap<String, u64>;

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    counted_with: Vec<String>,
    tolerance_percent: u64,
    tolerance_elsewhere_percent: u64,
    rows: BTreeMap<String, Row>,
    /// The file, with its comments.
    #[serde(skip)]
    text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    instructions: u64,
    covers: String,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml")
}

impl Table {
    /// The table as it stands in the repository.
    pub(super) fn read() -> Self {
        Self::parse(&std::fs::read_to_string(path()).unwrap())
    }

    fn parse(text: &str) -> Self {
        let table: Self = toml::from_str(text).unwrap();
        Self {
            text: text.to_owned(),
            ..table
        }
    }

    /// Whether the figures were counted with the very same.
    pub(super) fn is_counted_with(&self, with: &[String]) -> bool {
        self.counted_with == with
    }

    /// What of `counts`, counted with `with`, is not as the table says.
    pub(super) fn compare(&self, counts: &Counts, with: &[String]) -> Vec<String> {
        let (same, percent) = if self.is_counted_with(with) {
            ("", self.tolerance_percent)
        } else {
            (
                ", though not counted with the same",
                self.tolerance_elsewhere_percent,
            )
        };
        let mut wrong = Vec::new();
        for (name, row) in &self.rows {
            let Some(count) = counts.get(name) else {
                wrong.push(format!("{name}: is in the table and was not counted"));
                continue;
            };
            let (recorded, off) = (row.instructions, count.abs_diff(row.instructions));
            if off * 100 > recorded * percent {
                let sign = if *count > recorded { '+' } else { '-' };
                let per_mille = off * 1_000 / recorded.max(1);
                wrong.push(format!(
                    "{name}: {count} instructions instead of {recorded} ({sign}{}.{} %; \
                     {percent} % are allowed{same}): {}",
                    per_mille / 10,
                    per_mille % 10,
                    row.covers
                ));
            }
        }
        let new = counts.keys().filter(|name| !self.rows.contains_key(*name));
        wrong.extend(new.map(|name| format!("{name}: was counted and is not in the table")));
        wrong
    }

    /// Puts `counts` in place of the figures of the file; its comments stay.
    pub(super) fn write(&self, counts: &Counts, with: &[String]) {
        std::fs::write(path(), self.with(counts, with)).unwrap();
    }

    fn with(&self, counts: &Counts, with: &[String]) -> String {
        let mut text = String::new();
        let mut row = "";
        let mut in_list = false;
        for line in self.text.lines() {
            let header = line.strip_prefix("[rows.");
            row = header.map_or(row, |name| name.trim_end_matches(']'));
            if line.starts_with("counted_with = ") {
                in_list = true;
                text.push_str("counted_with = [\n");
                for item in with {
                    writeln!(text, "    {item:?},").unwrap();
                }
                text.push_str("]\n");
            }
            if !in_list {
                match counts.get(row) {
                    Some(count) if line.starts_with("instructions = ") => {
                        writeln!(text, "instructions = {count}").unwrap();
                    }
                    _ => writeln!(text, "{line}").unwrap(),
                }
            }
            in_list &= !line.ends_with(']');
        }
        text
    }
}

/// What decides about the figures besides the code: the compilers of Rust and of the store, as the
/// binary itself names them, the C library, valgrind, and the CPU that it shows.
pub(super) fn built_with(valgrind: String) -> Vec<String> {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_clickd")).unwrap();
    let libc = std::process::Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .unwrap();
    let mut with = named(&binary, b"rustc version ");
    with.extend(named(&binary, b"GCC: ("));
    with.push(String::from_utf8(libc.stdout).unwrap().trim().to_owned());
    with.push(valgrind);
    with.push(cpu().to_owned());
    with
}

/// Valgrind shows every program the same CPU, an Intel of 2014, if the real one has as much.
#[cfg(target_arch = "x86_64")]
fn cpu() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx2") {
        "a CPU with AVX2"
    } else {
        "a CPU without AVX2"
    }
}

/// Another architecture has other instructions.
#[cfg(not(target_arch = "x86_64"))]
fn cpu() -> &'static str {
    std::env::consts::ARCH
}

/// The texts in `binary` that begin with `word`, each once.
fn named(binary: &[u8], word: &[u8]) -> Vec<String> {
    let text = |at: usize| {
        let rest = &binary[at..];
        let end = rest.iter().position(|byte| *byte == 0);
        let text = String::from_utf8_lossy(&rest[..end.unwrap_or(rest.len())]);
        // Where symbols for debuggers name it too, it stands in parentheses.
        text.replace("))", ")")
    };
    let mut found: Vec<_> = memchr::memmem::find_iter(binary, word).map(text).collect();
    // Of the same words in messages and in the code, `.comment` alone holds a version.
    found.retain(|text| text.len() < 100 && text.contains('.') && text.is_ascii());
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# Figures.
counted_with = [
    \"rustc\",
    \"valgrind\",
]
tolerance_percent = 2
tolerance_elsewhere_percent = 10

# Why.
[rows.alone]
instructions = 40000
covers = \"a click\"

[rows.refused]
instructions = 1000
covers = \"a refusal\"
";

    fn counts(alone: u64, refused: u64) -> Counts {
        [("alone", alone), ("refused", refused)]
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    }

    fn with(words: [&str; 2]) -> Vec<String> {
        words.map(str::to_owned).into()
    }

    #[track_caller]
    fn check(counts: &Counts, words: [&str; 2], expected: &[&str]) {
        let wrong = Table::parse(TEXT).compare(counts, &with(words));
        assert_eq!(wrong, expected);
    }

    #[test]
    fn figures_above_and_below_the_tolerance_are_reported() {
        let same = ["rustc", "valgrind"];
        check(&counts(40_800, 980), same, &[]);
        let above = "alone: 40801 instructions instead of 40000 (+2.0 %; 2 % are \
                     allowed): a click";
        let below = "refused: 979 instructions instead of 1000 (-2.1 %; 2 % are \
                     allowed): a refusal";
        check(&counts(40_801, 979), same, &[above, below]);
    }

    #[test]
    fn with_another_compiler_more_is_allowed_but_not_anything() {
        let other = ["rustc", "another"];
        check(&counts(44_000, 900), other, &[]);
        let above = "alone: 44001 instructions instead of 40000 (+10.0 %; 10 % are \
                     allowed, though not counted with the same): a click";
        check(&counts(44_001, 900), other, &[above]);
    }

    #[test]
    fn rows_missing_on_either_side_are_reported() {
        let mut counts = counts(40_000, 1_000);
        counts.remove("refused");
        counts.insert("new".to_owned(), 1);
        let wrong = [
            "refused: is in the table and was not counted",
            "new: was counted and is not in the table",
        ];
        check(&counts, ["rustc", "valgrind"], &wrong);
    }

    #[test]
    fn three_per_cent_of_any_row_of_the_table_is_reported_and_half_a_per_cent_is_not() {
        let table = Table::read();
        let rows = table.rows.iter();
        let counts: Counts = rows
            .map(|(name, row)| (name.clone(), row.instructions))
            .collect();
        let with = table.counted_with.clone();
        for name in counts.keys() {
            for (per_mille, reported) in [(970, 1), (995, 0), (1_000, 0), (1_005, 0), (1_030, 1)] {
                let mut counts = counts.clone();
                counts
                    .entry(name.clone())
                    .and_modify(|count| *count = *count * per_mille / 1_000);
                let wrong = table.compare(&counts, &with);
                assert_eq!(wrong.len(), reported, "{name} {per_mille}: {wrong:?}");
            }
        }
    }

    #[test]
    fn new_figures_are_written_in_their_places_and_the_comments_stay() {
        let (counts, with) = (counts(41_234, 999), with(["rustc 2", "valgrind 4"]));
        let text = Table::parse(TEXT).with(&counts, &with);
        let expected = TEXT
            .replace("40000", "41234")
            .replace("1000", "999")
            .replace("rustc", "rustc 2")
            .replace("valgrind", "valgrind 4");
        assert_eq!(text, expected);
        assert!(Table::parse(&text).compare(&counts, &with).is_empty());
    }

    #[test]
    fn a_binary_names_its_compilers() {
        let binary = b"\x7fELF\0rustc version \0GCC: (Debian) 12.2.0\0rustc version 1.95.0 (5 6)\0\
                       LLVM (rustc version 1.95.0 (5 6))\0GCC: (Debian) 12.2.0\0";
        assert_eq!(
            named(binary, b"rustc version "),
            ["rustc version 1.95.0 (5 6)"]
        );
        assert_eq!(named(binary, b"GCC: ("), ["GCC: (Debian) 12.2.0"]);
    }
}
