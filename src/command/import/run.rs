//! The arguments of `clickd import`, its steps in order, and what it says at the end.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::command::Failure;
use crate::command::ask::{Asker, ask};
use crate::command::line::{ConfigFile, load};
use crate::config::Config;
use crate::job::column::Kind;
use crate::job::import::{Finished, LIST, Listed};
use crate::model::id::{JobId, ProgramId};

use super::read::{Format, Meaning, Space};
use super::reject::Rejects;
use super::{client, read};

/// Exit code when rows were not taken.
const EXIT_REJECTED: u8 = 1;

/// What is imported.
#[derive(Debug, Subcommand)]
pub(in crate::command) enum ImportCommand {
    /// Import clicks; a file that was imported before adds nothing.
    Clicks(Arguments),
    /// Import conversions; those of imported clicks name them as `CustomClickId`.
    Conversions(Arguments),
    /// List every import, how far it is and what became of its rows.
    List(ConfigFile),
}

/// How it is imported.
#[derive(Debug, Args)]
pub(in crate::command) struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// How it is written [default: ndjson for names that end in .ndjson or .jsonl, else csv].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The program of rows that name none.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    program: Option<u32>,
    /// Where rows that are not taken go, with their reasons.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Folder for what does not fit into memory [default: that of the store].
    #[arg(long, value_name = "FOLDER")]
    temp: Option<PathBuf>,
    /// Mebibytes of memory for sorting.
    #[arg(long, value_name = "MIB", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=4096))]
    memory: u16,
}

/// Imports; 1 when rows were not taken, else 0.
pub(in crate::command) fn run(command: ImportCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let (kind, arguments) = match command {
        ImportCommand::Clicks(arguments) => (Kind::Clicks, arguments),
        ImportCommand::Conversions(arguments) => (Kind::Conversions, arguments),
        ImportCommand::List(file) => return list(&load(&file.config)?, out).map(|()| 0),
    };
    let config = load(&arguments.config.config)?;
    let mut asker = Asker::new(&config);
    let imported = import(kind, &arguments, &config, &mut asker, out);
    let ended = asker.end();
    let code = imported?;
    ended.map(|()| code)
}

fn list(config: &Config, out: &mut dyn Write) -> Result<(), Failure> {
    let answer = ask(config, LIST, Value::Null)?;
    let listed: Listed = serde_json::from_value(answer)
        .map_err(|error| Failure::new(75, format!("{LIST}: another version: {error}")))?;
    writeln!(
        out,
        "{:<18} {:<11} {:>9} {:>9} {:>9} {:>9} {:>9}  {:<24} file",
        "job", "of", "rows", "done", "stored", "known", "refused", "finished"
    )?;
    for job in listed.jobs {
        let Finished {
            stored,
            known,
            refused,
        } = job.so_far;
        let completed = job
            .completed
            .map_or_else(|| "-".to_owned(), |at| at.to_string());
        writeln!(
            out,
            "{:<18} {:<11} {:>9} {:>9} {stored:>9} {known:>9} {refused:>9}  {completed:<24} {}",
            job.job.to_string(),
            job.kind.name(),
            job.rows,
            job.cursor,
            job.file_name.escape_debug()
        )?;
    }
    Ok(())
}

fn import(
    kind: Kind,
    arguments: &Arguments,
    config: &Config,
    store: &mut dyn client::Store,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let space = space(arguments, config)?;
    let file = open(&arguments.file)?;
    let mut rejects = Rejects::create(arguments.rejects.as_deref(), file.as_ref())?;
    let reading = match &file {
        Some(file) => bytes_bar(file.metadata().map_or(0, |about| about.len())),
        None => bytes_bar(0),
    };
    let input: Box<dyn Read> = match file {
        Some(file) => Box::new(file),
        None => Box::new(io::stdin().lock()),
    };
    let meaning = Meaning {
        format: arguments
            .format
            .unwrap_or_else(|| format_of(&arguments.file)),
        kind,
        program: arguments.program.map(ProgramId),
    };
    let sorted = read::read(reading.wrap_read(input), meaning, &space, &mut rejects);
    reading.finish_and_clear();
    let sorted = sorted.map_err(|failure| {
        let named = format!("{}: {}", arguments.file.display(), failure.message);
        Failure::new(failure.exit, named)
    })?;
    let job = sorted.job();
    let unread = rejects.count();
    if sorted.count == 0 {
        return summary(kind, job, Finished::default(), unread, rejects, out);
    }
    let sending = rows_bar(sorted.count);
    let name = arguments.file.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let finished = client::send(store, sorted, name, &mut rejects, &sending);
    sending.finish_and_clear();
    match finished {
        Ok(finished) => summary(kind, job, finished, unread, rejects, out),
        Err(failure) => {
            rejects.finish(out)?;
            Err(failure)
        }
    }
}

/// What became of the rows, and the exit code that says whether all were taken.
fn summary(
    kind: Kind,
    job: JobId,
    finished: Finished,
    unread: u64,
    rejects: Rejects,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let rejected = unread.saturating_add(finished.refused);
    let Finished { stored, known, .. } = finished;
    writeln!(
        out,
        "{job}: {stored} {} stored, {known} known before, {rejected} rejected",
        kind.name()
    )?;
    rejects.finish(out)?;
    Ok(if rejected == 0 { 0 } else { EXIT_REJECTED })
}

fn format_of(path: &Path) -> Format {
    let end = path.extension().unwrap_or_default();
    if end.eq_ignore_ascii_case("ndjson") || end.eq_ignore_ascii_case("jsonl") {
        Format::Ndjson
    } else {
        Format::Csv
    }
}

/// The file; nothing for standard input.
fn open(path: &Path) -> Result<Option<File>, Failure> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let file = File::open(path);
    let file = file.map_err(|error| Failure::new(1, format!("{}: {error}", path.display())))?;
    Ok(Some(file))
}

fn space(arguments: &Arguments, config: &Config) -> Result<Space, Failure> {
    let folder = arguments.temp.as_deref();
    let folder = folder.unwrap_or(&config.store.directory);
    // Told before the file is read, which may take long.
    tempfile::tempfile_in(folder).map_err(|error| {
        let message = format!(
            "no temporary file in {}: {error}; --temp names another folder",
            folder.display()
        );
        Failure::new(75, message)
    })?;
    Ok(Space {
        folder: folder.to_owned(),
        memory: usize::from(arguments.memory) << 20,
    })
}

/// Shown on standard error, and only if that is a terminal.
fn bytes_bar(length: u64) -> ProgressBar {
    styled(length, "reading  {bar:30} {binary_bytes} {eta}")
}

fn rows_bar(rows: u64) -> ProgressBar {
    styled(
        rows,
        "sending  {bar:30} {human_pos} of {human_len} rows, {per_sec} {eta}",
    )
}

fn styled(length: u64, template: &str) -> ProgressBar {
    let bar = match length {
        0 => ProgressBar::new_spinner(),
        length => ProgressBar::new(length),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_lines_of_json_from_csv() {
        for (name, format) in [
            ("clicks.csv", Format::Csv),
            ("-", Format::Csv),
            ("ndjson", Format::Csv),
            ("x/clicks.NDJSON", Format::Ndjson),
            ("clicks.jsonl", Format::Ndjson),
        ] {
            assert_eq!(format_of(Path::new(name)), format, "{name}");
        }
    }

    #[test]
    fn rows_that_were_not_taken_make_the_exit_code() {
        let code = |unread, refused| {
            let finished = Finished {
                stored: 5,
                known: 1,
                refused,
            };
            let mut out = Vec::new();
            let rejects = Rejects::default();
            let code = summary(Kind::Clicks, JobId(1), finished, unread, rejects, &mut out);
            (code.unwrap(), String::from_utf8(out).unwrap())
        };
        let said = "J-0000000000000001: 5 clicks stored, 1 known before, 3 rejected\n";
        assert_eq!(code(1, 2), (1, said.to_owned()));
        assert_eq!(code(0, 1).0, 1);
        assert_eq!(code(1, 0).0, 1);
        assert_eq!(code(0, 0).0, 0);
    }
}
