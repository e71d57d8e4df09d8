//! The lines of a file, as names and values.
//!
//! In: bytes. Out: one row after the other, with the line it begins on. An empty value counts as
//! absent. What is wrong with one row is that row's error, not the file's.

use std::io::Read;

use crate::conversion::FieldError;
use crate::conversion::body::{self, ContentType};

use super::super::csv::{FileError, Record, Records};
use super::super::json_line::JsonLines;
use super::record::Form;

/// Names and values as sent.
pub type Pairs = Vec<(String, String)>;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u64,
    /// What it says.
    pub pairs: Result<Pairs, FieldError>,
}

/// The rows of one file.
#[derive(Debug)]
pub enum Source<R> {
    /// CSV, and the names of its header.
    Csv(Box<Records<R>>, Vec<String>),
    /// JSON.
    Lines(JsonLines<R>),
}

impl<R: Read> Source<R> {
    /// Begins to read `input`.
    ///
    /// # Errors
    /// A file of CSV without a header, or one that can't be read.
    pub fn open(form: Form, input: R) -> Result<Self, FileError> {
        Ok(match form {
            Form::Csv => {
                let records = Records::open(input)?;
                let header = records.header().to_vec();
                Self::Csv(Box::new(records), header)
            }
            Form::Lines => Self::Lines(JsonLines::new(input)),
        })
    }

    /// The next row; nothing at the end of the file.
    ///
    /// # Errors
    /// The file can't be read on.
    pub fn read(&mut self) -> Result<Option<Row>, FileError> {
        match self {
            Self::Csv(records, header) => Ok(records.read()?.map(|record| Row {
                line: record.line,
                pairs: pairs(header, &record),
            })),
            Self::Lines(lines) => Ok(lines.read()?.map(|line| Row {
                line: line.line,
                pairs: body::pairs(ContentType::Json, line.text).map(filled),
            })),
        }
    }

    /// Passes over the next row, if there is one.
    ///
    /// # Errors
    /// The file can't be read on.
    pub fn skip(&mut self) -> Result<(), FileError> {
        match self {
            Self::Csv(records, _) => records.read().map(drop),
            Self::Lines(lines) => lines.read().map(drop),
        }
    }
}

fn filled(mut pairs: Pairs) -> Pairs {
    pairs.retain(|(_, value)| !value.is_empty());
    pairs
}

fn pairs(header: &[String], record: &Record<'_>) -> Result<Pairs, FieldError> {
    let (named, found) = (header.len(), record.fields().len());
    if named != found {
        let message = format!("has {found} values; the header names {named} columns");
        return Err(FieldError::body(message));
    }
    let mut pairs = Vec::with_capacity(found);
    for (name, value) in header.iter().zip(record.fields()) {
        let value = std::str::from_utf8(value)
            .map_err(|_| FieldError::new(name.clone(), "is not UTF-8; send UTF-8 text"))?;
        if !value.is_empty() {
            pairs.push((name.clone(), value.to_owned()));
        }
    }
    Ok(pairs)
}
