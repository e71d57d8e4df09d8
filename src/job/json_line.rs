//! Lines of JSON: one object a line, its members named and written as the columns of CSV are.
//!
//! In: bytes. Out: the text of each line with its number, and the row of a line. Numbers and
//! booleans keep the very text that was sent, `null` counts as absent. Lines that are empty are
//! skipped; one longer than [`RECORD_BYTES_MAX`] is an error and never read into memory.

use std::io::{BufRead, BufReader, Read};

use crate::conversion::body::{self, ContentType};
use crate::conversion::{FieldError, fields};
use crate::model::id::ProgramId;

use super::column::Kind;
use super::csv::{BYTE_ORDER_MARK, FileError, RECORD_BYTES_MAX};
use super::line::{self, Row};

/// One line of a file.
#[derive(Clone, Copy, Debug)]
pub struct JsonLine<'a> {
    /// Its number, from 1.
    pub line: u64,
    /// What stands on it, without the line end.
    pub text: &'a [u8],
}

/// The lines of one file.
#[derive(Debug)]
pub struct JsonLines<R> {
    input: BufReader<R>,
    line: u64,
    text: Vec<u8>,
}

impl<R: Read> JsonLines<R> {
    /// Begins to read `input`.
    #[must_use]
    pub fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 << 10, input),
            line: 0,
            text: Vec::new(),
        }
    }

    /// The next line; nothing at the end of the file.
    ///
    /// # Errors
    /// The file begins with a byte order mark, a line is too long, or reading fails.
    pub fn read(&mut self) -> Result<Option<JsonLine<'_>>, FileError> {
        loop {
            self.text.clear();
            self.line = self.line.saturating_add(1);
            let mut input = self.input.by_ref().take(RECORD_BYTES_MAX);
            if input.read_until(b'\n', &mut self.text)? == 0 {
                return Ok(None);
            }
            if self.line == 1 && self.text.starts_with(&BYTE_ORDER_MARK) {
                return Err(FileError::ByteOrderMark);
            }
            let is_whole = self.text.ends_with(b"\n") || self.input.fill_buf()?.is_empty();
            if !is_whole {
                return Err(FileError::TooLong { line: self.line });
            }
            if !self.text.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(JsonLine {
            line: self.line,
            text: self.text.trim_ascii(),
        }))
    }
}

/// The row of a line; `program` is that of rows that name none.
///
/// # Errors
/// The line is no object, or every field that is wrong, and what is allowed.
pub fn row(kind: Kind, program: Option<ProgramId>, text: &[u8]) -> Result<Row, Vec<FieldError>> {
    let pairs = body::pairs(ContentType::Json, text).map_err(|error| {
        let error = FieldError::new(line::WHOLE, error.message);
        vec![error]
    })?;
    if pairs.len() > fields::FIELDS_MAX {
        let (count, max) = (pairs.len(), fields::FIELDS_MAX);
        let error = format!("has {count} fields; at most {max} are read");
        return Err(vec![FieldError::new(line::WHOLE, error)]);
    }
    let mut errors = Vec::new();
    let mut named: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    for (sent, value) in pairs {
        match kind.column(&sent) {
            None => errors.push(FieldError::new(sent, "is unknown; see the list of columns")),
            Some(name) if named.iter().any(|(known, _)| *known == name) => {
                errors.push(FieldError::new(name, "is there twice"));
            }
            Some(name) => named.push((name, value)),
        }
    }
    named.retain(|(_, value)| !value.is_empty());
    line::finish(kind, program, named, errors)
}

/// `row` as a line.
#[must_use]
pub fn text(row: &Row) -> String {
    let fields = row.fields.iter();
    let fields = fields.map(|(name, value)| (name.clone(), value.clone().into()));
    serde_json::Value::Object(fields.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::csv::Records;
    use super::super::line::Layout;
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Vec<(u64, String)>, FileError> {
        let mut lines = JsonLines::new(bytes);
        let mut all = Vec::new();
        while let Some(line) = lines.read()? {
            let text = String::from_utf8_lossy(line.text).into_owned();
            all.push((line.line, text));
        }
        Ok(all)
    }

    #[test]
    fn lines_have_their_numbers_and_empty_ones_are_skipped() {
        let found = lines(b"{\"a\":1}\r\n\n  \n{}\n\n[x]").unwrap();
        let found: Vec<(u64, &str)> = found.iter().map(|(n, text)| (*n, &**text)).collect();
        assert_eq!(found, [(1, "{\"a\":1}"), (4, "{}"), (6, "[x]")]);
        assert_eq!(lines(b"").unwrap(), []);
        let error = lines(b"\xef\xbb\xbf{}\n").unwrap_err();
        assert!(error.to_string().contains("byte order mark"));
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_in_memory() {
        let fits = vec![b' '; usize::try_from(RECORD_BYTES_MAX).unwrap()];
        assert_eq!(lines(&fits).unwrap(), []);
        let endless = std::io::repeat(b'x').take(1 << 40);
        let mut lines = JsonLines::new(b"{}\n".chain(endless));
        assert!(lines.read().unwrap().is_some());
        let error = lines.read().unwrap_err().to_string();
        assert!(error.starts_with("line 2: the row is longer"), "{error}");
    }

    #[test]
    fn a_line_is_the_row_that_csv_has() {
        let csv = "ExternalClickId,EventDate,MediaId,Visitor,SubId1\n17,1510047000,280,v,\n";
        let mut records = Records::open(csv.as_bytes()).unwrap();
        let layout = Layout::new(Kind::Clicks, records.header(), Some(ProgramId(7))).unwrap();
        let expected = layout.read(&records.read().unwrap().unwrap()).unwrap();
        let line = br#"{"visitor": "v", "mediaid": 280, "EventDate": 1510047000, "SubId1": null,
                        "ExternalClickId": "17"}"#;
        let found = row(Kind::Clicks, Some(ProgramId(7)), line).unwrap();
        assert_eq!(found, expected);
        assert_eq!(row(Kind::Clicks, None, text(&found).as_bytes()), Ok(found));
    }

    #[test]
    fn lines_name_what_is_wrong_with_them() {
        let said = |line: &str| {
            let errors = row(Kind::Conversions, Some(ProgramId(7)), line.as_bytes()).unwrap_err();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(said("[]")[0].starts_with("row: not one JSON object"));
        let event = r#""EventDate": "2017-11-07T09:30Z", "EventTypeCode": "x""#;
        let line = format!("{{\"Oid\": \"1\", \"OrderId\": \"1\", {event}, \"my_own\": 1}}");
        let expected = [
            "OrderId: is there twice",
            "my_own: is unknown; see the list of columns",
        ];
        assert_eq!(said(&line), expected);
        assert_eq!(said(&format!("{{{event}}}")), ["OrderId: is missing"]);
    }
}
