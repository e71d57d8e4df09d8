//! Imports against a store in memory: nothing doubled, nothing lost, whatever is cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indicatif::ProgressBar;

use crate::command::Failure;
use crate::job::click;
use crate::job::column::Kind;
use crate::job::import::{
    CHUNK_BYTES_MAX, CHUNK_ROWS_MAX, Chunk, Finish, Finished, Open, Opened, RefusedRow, Stored,
};
use crate::job::line::Row;
use crate::model::id::{JobId, ProgramId};

use super::client::{Store, send};
use super::read::{Format, Meaning, Sorted, Space, read};
use super::reject::Rejects;

/// A job as the daemon keeps it.
#[derive(Default)]
struct Job {
    open: Option<Open>,
    done: Opened,
    totals: Finished,
}

/// A daemon in memory that knows one partner, and may break.
#[derive(Default)]
struct Memory {
    jobs: BTreeMap<JobId, Job>,
    externals: BTreeSet<(ProgramId, String)>,
    rows: Vec<Row>,
    /// Chunks that are still stored; the one after them breaks.
    left: Option<usize>,
    /// Whether a chunk that breaks is stored before its answer is lost.
    stores_what_breaks: bool,
    largest: usize,
}

impl Memory {
    fn one(
        job: &mut Job,
        rows: &mut Vec<Row>,
        known: &mut BTreeSet<(ProgramId, String)>,
        row: Row,
    ) {
        job.done.cursor += 1;
        let click = click::read(&row).unwrap();
        if click.partner.0 != 280 {
            let refused = |field: &str, message: &str| RefusedRow {
                row: job.done.cursor,
                field: field.to_owned(),
                message: message.to_owned(),
            };
            let both = [
                refused("MediaId", "there is no such partner"),
                refused("AdId", "nor such an ad"),
            ];
            job.done.refused.extend(both);
            job.totals.refused += 1;
        } else if known.insert((click.program, click.external.to_owned())) {
            job.totals.stored += 1;
            rows.push(row);
        } else {
            job.totals.known += 1;
        }
    }
}

impl Store for Memory {
    fn open(&mut self, open: &Open) -> Result<Opened, Failure> {
        let job = self.jobs.entry(open.job).or_default();
        let first = job.open.get_or_insert_with(|| open.clone());
        assert_eq!((&first.digest, first.rows), (&open.digest, open.rows));
        Ok(job.done.clone())
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<Stored, Failure> {
        let breaks = self.left == Some(0);
        self.left = self.left.map(|left| left.saturating_sub(1));
        let lost = || Failure::new(75, "the daemon went away");
        if breaks && !self.stores_what_breaks {
            return Err(lost());
        }
        let bytes: usize = chunk
            .rows
            .iter()
            .map(|row| serde_json::to_vec(row).unwrap().len())
            .sum();
        assert!(chunk.rows.len() <= CHUNK_ROWS_MAX);
        assert!(bytes <= CHUNK_BYTES_MAX || chunk.rows.len() == 1, "{bytes}");
        self.largest = self.largest.max(chunk.rows.len());
        let job = self.jobs.get_mut(&chunk.job).unwrap();
        assert_eq!(
            chunk.cursor, job.done.cursor,
            "a row is sent twice or left out"
        );
        let refused = job.done.refused.len();
        for row in &chunk.rows {
            Self::one(job, &mut self.rows, &mut self.externals, row.clone());
        }
        let stored = Stored {
            cursor: job.done.cursor,
            refused: job.done.refused[refused..].to_vec(),
        };
        if breaks { Err(lost()) } else { Ok(stored) }
    }

    fn finish(&mut self, finish: Finish) -> Result<Finished, Failure> {
        let job = self.jobs.get_mut(&finish.job).unwrap();
        assert_eq!(job.done.cursor, job.open.as_ref().unwrap().rows);
        job.done.finished = true;
        Ok(job.totals)
    }
}

/// A file of `count` clicks; every hundredth names a partner that is not there.
fn lines(count: u32) -> Vec<String> {
    let line = |id: u32| {
        let partner = if id % 100 == 7 { 9 } else { 280 };
        let time = 1_510_000_000 + u64::from(id.wrapping_mul(7_919) % 300_000);
        format!(
            "{id},{time},{partner},192.0.2.{},{}",
            id % 250,
            "l".repeat(200)
        )
    };
    (0..count).map(line).collect()
}

const HEAD: &str = "ExternalClickId,EventDate,MediaId,IpAddress,SubId1";

fn sorted(lines: &[String], rejects: &mut Rejects) -> Sorted {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{HEAD}\n{}\n", lines.join("\n"));
    let space = Space {
        folder: folder.path().to_owned(),
        memory: 1 << 20,
    };
    let meaning = Meaning {
        format: Format::Csv,
        kind: Kind::Clicks,
        program: Some(ProgramId(7)),
    };
    read(text.as_bytes(), meaning, &space, rejects).unwrap()
}

fn import(store: &mut Memory, lines: &[String], file: Option<&Path>) -> Result<Finished, Failure> {
    let mut rejects = Rejects::create(file, None).unwrap();
    let sorted = sorted(lines, &mut rejects);
    let bar = ProgressBar::hidden();
    let sent = send(store, sorted, "x.csv".to_owned(), &mut rejects, &bar);
    rejects.finish(&mut Vec::new()).unwrap();
    sent
}

#[test]
fn rows_arrive_in_order_and_a_second_import_adds_nothing() {
    let lines = lines(4_500);
    let mut store = Memory::default();
    let totals = import(&mut store, &lines, None).unwrap();
    let expected = Finished {
        stored: 4_455,
        known: 0,
        refused: 45,
    };
    assert_eq!(totals, expected);
    assert_eq!(store.largest, CHUNK_ROWS_MAX);
    assert!(store.rows.is_sorted_by_key(|row| row.time));
    let rows = store.rows.clone();
    store.left = Some(0);
    assert_eq!(
        import(&mut store, &lines, None).unwrap(),
        expected,
        "nothing is sent"
    );
    assert!(store.rows == rows);
}

#[test]
fn an_import_that_is_cut_off_goes_on_and_ends_as_one_that_is_not() {
    let mut lines = lines(4_100);
    let mut whole = Memory::default();
    let expected = import(&mut whole, &lines, None).unwrap();
    for (chunks, stores_what_breaks) in [(0, false), (0, true), (1, true), (2, false)] {
        lines.reverse();
        let mut store = Memory {
            left: Some(chunks),
            stores_what_breaks,
            ..Memory::default()
        };
        let failure = import(&mut store, &lines, None).unwrap_err();
        let said = format!("{} of 4100 rows are stored", chunks * CHUNK_ROWS_MAX);
        assert!(failure.message.contains(&said), "{}", failure.message);
        assert_eq!(failure.exit, 75);
        store.left = None;
        assert_eq!(import(&mut store, &lines, None).unwrap(), expected);
        assert!(store.rows == whole.rows);
        assert_eq!(store.jobs.len(), 1);
    }
}

#[test]
fn the_reject_file_is_whole_also_after_a_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejects.csv");
    let mut lines = lines(2_500);
    lines[3] = "3,yesterday,280,,x".to_owned();
    let mut store = Memory {
        left: Some(1),
        stores_what_breaks: true,
        ..Memory::default()
    };
    import(&mut store, &lines, Some(&path)).unwrap_err();
    store.left = None;
    let totals = import(&mut store, &lines, Some(&path)).unwrap();
    assert_eq!(totals.refused, 25);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut found: Vec<&str> = text.lines().collect();
    assert_eq!(found.remove(0), format!("Line,Reason,{HEAD}"));
    assert_eq!(found.len(), 26);
    assert!(found[0].starts_with("5,\"EventDate: is not a date;"));
    assert!(found[0].ends_with("one of `IpAddress`, `Visitor` is missing\",3,yesterday,280,,x"));
    let line = found.iter().find(|line| line.starts_with("109,")).unwrap();
    let reason = "MediaId: there is no such partner; AdId: nor such an ad";
    assert!(
        line.starts_with(&format!("109,{reason},107,2017-11-")),
        "{line}"
    );
    let numbers = found.iter().map(|line| line.split(',').next().unwrap());
    assert_eq!(
        numbers.collect::<BTreeSet<_>>().len(),
        26,
        "a row is there twice"
    );
}

#[test]
fn a_second_file_with_known_clicks_adds_only_the_new_ones() {
    let all = lines(300);
    let mut store = Memory::default();
    import(&mut store, &all[..200], None).unwrap();
    let totals = import(&mut store, &all, None).unwrap();
    assert_eq!((totals.stored, totals.known, totals.refused), (99, 198, 3));
    assert_eq!(store.jobs.len(), 2);
}

#[test]
fn another_import_of_the_file_at_the_same_time_is_noticed() {
    struct Ahead(Memory);
    impl Store for Ahead {
        fn open(&mut self, open: &Open) -> Result<Opened, Failure> {
            self.0.open(open)
        }
        fn chunk(&mut self, chunk: &Chunk) -> Result<Stored, Failure> {
            let mut stored = self.0.chunk(chunk)?;
            stored.cursor += 10;
            Ok(stored)
        }
        fn finish(&mut self, finish: Finish) -> Result<Finished, Failure> {
            self.0.finish(finish)
        }
    }
    let mut rejects = Rejects::default();
    let sorted = sorted(&lines(50), &mut rejects);
    let mut store = Ahead(Memory::default());
    let bar = ProgressBar::hidden();
    let failure = send(&mut store, sorted, String::new(), &mut rejects, &bar).unwrap_err();
    assert!(
        failure.message.contains("imported twice at once"),
        "{}",
        failure.message
    );
}

#[test]
fn the_reject_file_is_never_the_input_and_readable_by_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.csv");
    std::fs::write(&path, "kept").unwrap();
    let input = std::fs::File::open(&path).unwrap();
    let failure = Rejects::create(Some(&path), Some(&input)).unwrap_err();
    assert!(
        failure.message.contains("the file to import"),
        "{}",
        failure.message
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
    let other = folder.path().join("out.csv");
    Rejects::create(Some(&other), Some(&input)).unwrap();
    let mode = std::fs::metadata(&other).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
