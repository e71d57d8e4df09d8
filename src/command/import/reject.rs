//! Rows that were not taken: counted, written to a file with their reasons, the first ones shown.
//!
//! The file is CSV: the line, the reason, and the row as the input has it, so that it can be put
//! right and imported without the first two columns.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::command::Failure;

/// Rejected rows that are shown on the terminal.
const SHOWN_MAX: usize = 20;

/// The rejected rows of one import.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    file: Option<csv::Writer<File>>,
    count: u64,
    shown: Vec<String>,
}

impl Rejects {
    /// Rejects that go to `path`, if there is one; `input` is what must not be written over.
    pub(super) fn create(path: Option<&Path>, input: Option<&File>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let named = |error: io::Error| Failure::new(1, format!("{}: {error}", path.display()));
        let mut options = std::fs::OpenOptions::new();
        // Rows hold addresses of customers.
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(named)?;
        let about = file.metadata().map_err(named)?;
        let same = |other: &File| {
            let other = other.metadata();
            other.is_ok_and(|other| (other.dev(), other.ino()) == (about.dev(), about.ino()))
        };
        if input.is_some_and(same) {
            let message = format!("{}: it is the file to import", path.display());
            return Err(Failure::new(1, message));
        }
        if about.is_file() {
            file.set_len(0).map_err(named)?;
        }
        let writer = csv::WriterBuilder::new().flexible(true).from_writer(file);
        Ok(Self {
            file: Some(writer),
            ..Self::default()
        })
    }

    /// Writes the header of the file.
    pub(super) fn header(&mut self, names: &[String]) -> Result<(), Failure> {
        let names = names.iter().map(String::as_bytes);
        self.write("Line", "Reason", names)
    }

    /// One row was not taken.
    pub(super) fn add<'a>(
        &mut self,
        line: u64,
        reason: &str,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Failure> {
        self.count = self.count.saturating_add(1);
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(format!("line {line}: {reason}"));
        }
        self.write(&line.to_string(), reason, fields)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Closes the file and shows the first rows.
    pub(super) fn finish(self, out: &mut dyn Write) -> Result<(), Failure> {
        let is_written = self.file.is_some();
        if let Some(mut file) = self.file {
            file.flush()?;
        }
        for line in &self.shown {
            writeln!(out, "  {line}")?;
        }
        let shown = u64::try_from(self.shown.len()).unwrap_or(u64::MAX);
        match self.count.saturating_sub(shown) {
            0 => {}
            more if is_written => writeln!(out, "  and {more} more")?,
            more => writeln!(out, "  and {more} more; --rejects FILE writes them all")?,
        }
        Ok(())
    }

    fn write<'a>(
        &mut self,
        line: &str,
        reason: &str,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Failure> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let written = file
            .write_field(line)
            .and_then(|()| file.write_field(reason))
            .and_then(|()| file.write_record(fields));
        written.map_err(|error| Failure::new(75, format!("the reject file: {error}")))
    }
}
