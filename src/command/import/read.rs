//! From the file to its rows in the order of their own times, each external click id once.
//!
//! The order is that of (own time, row bytes) and the job's name is the digest of the rows in that
//! order, so neither depends on the order of the file's lines. Of two clicks with one external id
//! the first in that order is kept and the other rejected.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::command::Failure;
use crate::conversion::FieldError;
use crate::job::column::Kind;
use crate::job::csv::{FileError, Records};
use crate::job::json_line::{self, JsonLines};
use crate::job::line::{Layout, Row};
use crate::model::id::{JobId, ProgramId};

use super::reject::Rejects;
use super::sort::{Entry, Merge, Run, Sorter, Spool};

/// What the digest of a job begins with.
const DIGEST_PURPOSE: &[u8] = b"clickd import v1\0";

/// Where and in how much memory rows are sorted.
#[derive(Clone, Debug)]
pub(super) struct Space {
    /// Holds the temporary files.
    pub(super) folder: PathBuf,
    /// Bytes of memory.
    pub(super) memory: usize,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::command) enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// What a file's rows look like.
#[derive(Debug)]
pub(super) enum Shape {
    /// Columns of CSV.
    Columns(Layout),
    /// Lines of JSON.
    Lines,
}

impl Shape {
    /// `row` as the reject file shows it.
    pub(super) fn values(&self, row: &Row) -> Vec<String> {
        match self {
            Self::Columns(layout) => layout.values(row).map(str::to_owned).collect(),
            Self::Lines => vec![json_line::text(row)],
        }
    }
}

/// What a file is read as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    /// How it is written.
    pub(super) format: Format,
    /// What its rows are.
    pub(super) kind: Kind,
    /// The program of rows that name none.
    pub(super) program: Option<ProgramId>,
}

/// The rows of a file, ready to be sent.
#[derive(Debug)]
pub(super) struct Sorted {
    /// What they are.
    pub(super) kind: Kind,
    /// What they look like in the file.
    pub(super) shape: Shape,
    /// Every row as JSON, with its number from 1 and its line.
    pub(super) rows: Run,
    /// How many there are.
    pub(super) count: u64,
    /// Digest of the rows.
    pub(super) digest: blake3::Hash,
    /// The programs they name.
    pub(super) programs: BTreeSet<ProgramId>,
}

impl Sorted {
    /// The name of the job.
    pub(super) fn job(&self) -> JobId {
        JobId::of_digest(self.digest.as_bytes())
    }
}

/// The row of an entry.
pub(super) fn row(bytes: &[u8]) -> Result<Row, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| Failure::new(75, format!("a temporary file is damaged: {error}")))
}

/// Several errors as one reason.
pub(super) fn reason<'a>(errors: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let errors = errors.map(|(field, message)| format!("{field}: {message}"));
    errors.collect::<Vec<_>>().join("; ")
}

/// Reads and sorts `input`; what is wrong with its rows goes to `rejects`.
///
/// # Errors
/// The header is wrong, the file is no CSV, or a file can't be read or written.
pub(super) fn read(
    input: impl Read,
    meaning: Meaning,
    space: &Space,
    rejects: &mut Rejects,
) -> Result<Sorted, Failure> {
    let mut by_time = Sorter::new(&space.folder, space.memory);
    let shape = match meaning.format {
        Format::Csv => read_csv(input, meaning, &mut by_time, rejects)?,
        Format::Ndjson => read_lines(input, meaning, &mut by_time, rejects)?,
    };
    let (ordered, doubled) = number_all(by_time.finish()?, meaning.kind, space)?;
    keep(ordered, doubled, (meaning.kind, shape), space, rejects)
}

fn read_csv(
    input: impl Read,
    meaning: Meaning,
    by_time: &mut Sorter,
    rejects: &mut Rejects,
) -> Result<Shape, Failure> {
    let mut records = Records::open(input).map_err(|error| file_failed(&error))?;
    let layout = Layout::new(meaning.kind, records.header(), meaning.program)
        .map_err(|error| Failure::new(1, error.to_string()))?;
    rejects.header(records.header())?;
    while let Some(record) = records.read().map_err(|error| file_failed(&error))? {
        match layout.read(&record) {
            Ok(row) => push(by_time, record.line, &row)?,
            Err(errors) => rejects.add(record.line, &reasons(&errors), record.fields())?,
        }
    }
    Ok(Shape::Columns(layout))
}

fn read_lines(
    input: impl Read,
    meaning: Meaning,
    by_time: &mut Sorter,
    rejects: &mut Rejects,
) -> Result<Shape, Failure> {
    let mut lines = JsonLines::new(input);
    rejects.header(&["Row".to_owned()])?;
    while let Some(line) = lines.read().map_err(|error| file_failed(&error))? {
        match json_line::row(meaning.kind, meaning.program, line.text) {
            Ok(row) => push(by_time, line.line, &row)?,
            Err(errors) => rejects.add(line.line, &reasons(&errors), [line.text].into_iter())?,
        }
    }
    Ok(Shape::Lines)
}

fn reasons(errors: &[FieldError]) -> String {
    let errors = errors.iter();
    reason(errors.map(|error| (&*error.field, &*error.message)))
}

fn push(by_time: &mut Sorter, line: u64, row: &Row) -> Result<(), Failure> {
    let mut key = ordered_time(row.time.0).to_vec();
    serde_json::to_writer(&mut key, row).map_err(io::Error::from)?;
    let at = line;
    Ok(by_time.push(Entry { key, at, line })?)
}

/// The rows in order, and the places in that order of those whose external id stood before.
fn number_all(by_time: Merge, kind: Kind, space: &Space) -> Result<(Run, Merge), Failure> {
    let mut ordered = Spool::create(&space.folder)?;
    let mut by_id = Sorter::new(&space.folder, space.memory);
    for (place, entry) in (0..).zip(by_time) {
        let mut entry = entry?;
        entry.key.drain(..TIME_BYTES);
        entry.at = place;
        if kind == Kind::Clicks {
            let row = row(&entry.key)?;
            let mut key = row.program.0.to_be_bytes().to_vec();
            key.extend(row.get("ExternalClickId").unwrap_or_default().bytes());
            by_id.push(Entry {
                key,
                at: place,
                line: entry.line,
            })?;
        }
        ordered.write(&entry)?;
    }
    let mut doubled = Sorter::new(&space.folder, space.memory);
    let mut first = Entry::default();
    let mut is_any = false;
    for entry in by_id.finish()? {
        let entry = entry?;
        if is_any && entry.key == first.key {
            doubled.push(Entry {
                key: entry.at.to_be_bytes().to_vec(),
                at: entry.at,
                // The line of the one that is kept.
                line: first.line,
            })?;
        } else {
            first = entry;
            is_any = true;
        }
    }
    Ok((ordered.read()?, doubled.finish()?))
}

/// Writes the rows that are not doubled, and their digest.
fn keep(
    ordered: Run,
    doubled: Merge,
    (kind, shape): (Kind, Shape),
    space: &Space,
    rejects: &mut Rejects,
) -> Result<Sorted, Failure> {
    let mut kept = Spool::create(&space.folder)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(DIGEST_PURPOSE);
    hasher.update(kind.name().as_bytes());
    let mut programs = BTreeSet::new();
    let mut count: u64 = 0;
    let mut doubled = doubled.peekable();
    for entry in ordered {
        let mut entry = entry?;
        let row = row(&entry.key)?;
        // An error is taken too, to be told.
        let is_here = |next: &io::Result<Entry>| next.as_ref().map_or(true, |n| n.at == entry.at);
        if let Some(other) = doubled.next_if(is_here).transpose()? {
            let reason = format!(
                "ExternalClickId: `{}` stands in lines {} and {}; the earlier by own time is \
                 taken, line {}",
                row.get("ExternalClickId").unwrap_or_default(),
                other.line.min(entry.line),
                other.line.max(entry.line),
                other.line
            );
            let values = shape.values(&row);
            rejects.add(entry.line, &reason, values.iter().map(String::as_bytes))?;
            continue;
        }
        count = count.saturating_add(1);
        entry.at = count;
        let length = u64::try_from(entry.key.len()).unwrap_or(u64::MAX);
        hasher.update(&length.to_le_bytes());
        hasher.update(&entry.key);
        programs.insert(row.program);
        kept.write(&entry)?;
    }
    Ok(Sorted {
        kind,
        shape,
        rows: kept.read()?,
        count,
        digest: hasher.finalize(),
        programs,
    })
}

const TIME_BYTES: usize = 8;

/// A time as bytes that sort as it does.
fn ordered_time(millis: i64) -> [u8; TIME_BYTES] {
    let [first, rest @ ..] = millis.to_be_bytes();
    let [a, b, c, d, e, f, g] = rest;
    [first ^ 0x80, a, b, c, d, e, f, g]
}

fn file_failed(error: &FileError) -> Failure {
    let exit = match error {
        FileError::Io(_) => 75,
        FileError::ByteOrderMark
        | FileError::Empty
        | FileError::Header
        | FileError::TooLong { .. }
        | FileError::OpenQuote { .. } => 1,
    };
    Failure::new(exit, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read_text(kind: Kind, text: &str, rejects: &mut Rejects) -> Result<Sorted, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let space = Space {
            folder: folder.path().to_owned(),
            memory: 1,
        };
        let meaning = Meaning {
            format: Format::Csv,
            kind,
            program: Some(ProgramId(7)),
        };
        read(text.as_bytes(), meaning, &space, rejects)
    }

    /// External ids in order, the job, and what was rejected.
    fn order(head: &str, lines: &[String]) -> (Vec<String>, JobId, String) {
        let text = format!("{head}\n{}\n", lines.join("\n"));
        let mut rejects = Rejects::default();
        let sorted = read_text(Kind::Clicks, &text, &mut rejects).unwrap();
        let job = sorted.job();
        let count = sorted.count;
        let ids: Vec<String> = sorted
            .rows
            .map(|entry| row(&entry.unwrap().key).unwrap())
            .map(|row| row.get("ExternalClickId").unwrap().to_owned())
            .collect();
        assert_eq!(u64::try_from(ids.len()).unwrap(), count);
        let mut said = Vec::new();
        rejects.finish(&mut said).unwrap();
        (ids, job, String::from_utf8(said).unwrap())
    }

    const HEAD: &str = "ExternalClickId,EventDate,MediaId,Visitor";

    fn clicks() -> Vec<String> {
        let click = |(id, second): (u32, u32)| format!("{id},15100470{second:02},280,v{id}");
        [(1, 30), (2, 10), (3, 20), (4, 10), (5, 59)]
            .map(click)
            .to_vec()
    }

    #[test]
    fn rows_are_in_the_order_of_own_time_and_bytes_whatever_that_of_the_lines() {
        let (ids, job, said) = order(HEAD, &clicks());
        assert_eq!(ids, ["2", "4", "3", "1", "5"]);
        assert_eq!(said, "");
        let reversed: Vec<String> = clicks().into_iter().rev().collect();
        assert_eq!(order(HEAD, &reversed), (ids, job, said));
        let other = order(HEAD, &clicks()[1..]);
        assert_ne!(other.1, job);
        assert_eq!(other.0, ["2", "4", "3", "5"]);
    }

    #[test]
    fn clicks_before_1970_would_sort_before_those_after() {
        let times = [i64::MIN, -1, 0, 1, 1_510_047_000_000, i64::MAX];
        assert!(times.map(ordered_time).is_sorted());
    }

    #[test]
    fn of_one_external_id_the_first_by_own_time_is_kept() {
        let mut lines = clicks();
        lines.push("3,1510047005,9,w".to_owned());
        lines.push("3,1510047070,9,w".to_owned());
        let (ids, job, said) = order(HEAD, &lines);
        assert_eq!(ids, ["3", "2", "4", "1", "5"]);
        let expected = "  line 4: ExternalClickId: `3` stands in lines 4 and 7; the earlier by own \
                        time is taken, line 7\n  line 8: ExternalClickId: `3` stands in lines 7 \
                        and 8; the earlier by own time is taken, line 7\n";
        assert_eq!(said, expected);
        lines.reverse();
        let reversed = order(HEAD, &lines);
        assert_eq!((reversed.0, reversed.1), (ids, job));
    }

    #[test]
    fn one_external_id_may_stand_in_two_programs() {
        let head = "ExternalClickId,EventDate,MediaId,Visitor,CampaignId";
        let text = format!("{head}\n1,1510047000,1,v,7\n1,1510047000,1,v,8\n");
        let meaning = Meaning {
            format: Format::Csv,
            kind: Kind::Clicks,
            program: None,
        };
        let space = Space {
            folder: std::env::temp_dir(),
            memory: 1 << 20,
        };
        let sorted = read(text.as_bytes(), meaning, &space, &mut Rejects::default()).unwrap();
        assert_eq!(sorted.count, 2);
        assert_eq!(sorted.programs, [ProgramId(7), ProgramId(8)].into());
    }

    #[test]
    fn lines_of_json_are_the_job_that_csv_is() {
        let csv = format!("{HEAD}\n{}\n", clicks().join("\n"));
        let mut rejects = Rejects::default();
        let expected = read_text(Kind::Clicks, &csv, &mut rejects).unwrap();
        let lines = clicks().into_iter().map(|click| {
            let names = HEAD.split(',').zip(click.split(','));
            let object: BTreeMap<&str, &str> = names.collect();
            serde_json::to_string(&object).unwrap()
        });
        let text = lines
            .chain(["{}".to_owned()])
            .collect::<Vec<_>>()
            .join("\n");
        let meaning = Meaning {
            format: Format::Ndjson,
            kind: Kind::Clicks,
            program: Some(ProgramId(7)),
        };
        let space = Space {
            folder: std::env::temp_dir(),
            memory: 1 << 20,
        };
        let found = read(text.as_bytes(), meaning, &space, &mut rejects).unwrap();
        assert_eq!((found.job(), found.count), (expected.job(), 5));
        assert_eq!(rejects.count(), 1, "the empty object");
    }

    #[test]
    fn conversions_keep_equal_rows() {
        let text = "OrderId,EventDate,EventTypeCode\nA,1510047000,x\nA,1510047000,x\n";
        let mut rejects = Rejects::default();
        let sorted = read_text(Kind::Conversions, text, &mut rejects).unwrap();
        assert_eq!((sorted.count, rejects.count()), (2, 0));
        let lines: Vec<u64> = sorted.rows.map(|entry| entry.unwrap().line).collect();
        assert_eq!(lines, [2, 3]);
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_what_is_allowed() {
        for (text, said) in [
            ("", "it is empty"),
            ("a,b\n", "`a` is unknown"),
            (
                "ExternalClickId,EventDate,MediaId,Visitor\n\"x",
                "never closed",
            ),
        ] {
            let failure = read_text(Kind::Clicks, text, &mut Rejects::default()).unwrap_err();
            assert!(failure.message.contains(said), "{}", failure.message);
            assert_eq!(failure.exit, 1);
        }
    }
}
