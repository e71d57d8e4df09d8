//! CSV by RFC 4180: bytes in, records with the number of the line they begin on out.
//!
//! UTF-8 without a byte order mark, commas, fields in double quotes where they hold commas, quotes
//! or line ends; lines end in LF or CRLF, empty ones are skipped. The first record is the header.
//!
//! Invariants: a line number is that of the text editor, also after quoted line ends; a record
//! longer than [`RECORD_BYTES_MAX`] is an error and never read into memory. A field that is not
//! UTF-8 is its line's error, not the file's.

use std::cell::Cell;
use std::io::{self, Chain, Cursor, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

/// Longest record in bytes.
pub const RECORD_BYTES_MAX: u64 = 1 << 20;
/// Bytes read at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// The mark that some programs put before UTF-8 text.
pub(super) const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Why a file can't be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading failed.
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
    /// It begins with a byte order mark.
    #[error("it begins with a byte order mark; allowed is UTF-8 without one")]
    ByteOrderMark,
    /// There is no header.
    #[error("it is empty; allowed is CSV with a header line")]
    Empty,
    /// The header is no text.
    #[error("its header is not UTF-8; allowed is UTF-8 without a byte order mark")]
    Header,
    /// A record has no end in sight.
    #[error(
        "line {line}: the row is longer than {RECORD_BYTES_MAX} bytes; \
         perhaps a quote is never closed"
    )]
    TooLong {
        /// The line it begins on.
        line: u64,
    },
    /// The file ends inside quotes.
    #[error("line {line}: a quote is never closed")]
    OpenQuote {
        /// The line the row begins on.
        line: u64,
    },
}

/// One record of a file.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    fields: &'a ByteRecord,
}

impl<'a> Record<'a> {
    /// Its fields in order.
    #[must_use]
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        self.fields.iter()
    }
}

/// The records of one file.
#[derive(Debug)]
pub struct Records<R> {
    reader: Reader<Bounded<Chain<Cursor<Vec<u8>>, R>>>,
    record: ByteRecord,
    header: Vec<String>,
}

impl<R: Read> Records<R> {
    /// Reads the header of `input`.
    ///
    /// # Errors
    /// The file begins with a byte order mark, is empty, or can't be read.
    pub fn open(mut input: R) -> Result<Self, FileError> {
        let mut first = Vec::new();
        input.by_ref().take(3).read_to_end(&mut first)?;
        if first == BYTE_ORDER_MARK {
            return Err(FileError::ByteOrderMark);
        }
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // CRLF would be told as two line ends by the line counter.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Bounded::new(Cursor::new(first).chain(input)));
        let mut records = Self {
            reader,
            record: ByteRecord::new(),
            header: Vec::new(),
        };
        let header = match records.read()? {
            None => return Err(FileError::Empty),
            Some(record) => record
                .fields()
                .map(|field| String::from_utf8(field.to_vec()))
                .collect::<Result<_, _>>(),
        };
        records.header = header.map_err(|_| FileError::Header)?;
        Ok(records)
    }

    /// The fields of the first record.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The next record; nothing at the end of the file.
    ///
    /// # Errors
    /// The record has no end, or reading fails.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, FileError> {
        loop {
            self.reader.get_ref().mark();
            let before = self.reader.position().line();
            let read = self.reader.read_byte_record(&mut self.record);
            let more = read.map_err(|error| self.failed(before, error))?;
            if !more {
                return Ok(None);
            }
            self.drop_carriage_return();
            let is_blank = self.record.len() == 1 && self.record.get(0) == Some(b"");
            // A lone quoted empty field is as blank as an empty line.
            if !is_blank {
                break;
            }
        }
        let inside = self.record.as_slice();
        let inside = memchr::memchr_iter(b'\n', inside).count();
        let inside = u64::try_from(inside).unwrap_or(u64::MAX);
        // The reader stands behind the line end of the record.
        let line = self.reader.position().line().saturating_sub(1);
        let line = line.saturating_sub(inside);
        let ends_open = self.record.as_slice().ends_with(b"\n");
        if ends_open && self.reader.get_ref().is_quote_open() {
            // The line end that was added stands inside the quotes, so it ended no line.
            return Err(FileError::OpenQuote {
                line: line.saturating_add(1),
            });
        }
        Ok(Some(Record {
            line,
            fields: &self.record,
        }))
    }

    /// Takes the CR of a CRLF off the last field.
    fn drop_carriage_return(&mut self) {
        if self.record.as_slice().last() != Some(&b'\r') {
            return;
        }
        let last = self.record.len().saturating_sub(1);
        let fields = self.record.iter().enumerate().map(|(at, field)| {
            let end = field.strip_suffix(b"\r").filter(|_| at == last);
            end.unwrap_or(field)
        });
        self.record = fields.collect();
    }

    fn failed(&self, line: u64, error: csv::Error) -> FileError {
        if self.reader.get_ref().is_too_long() {
            return FileError::TooLong { line };
        }
        match error.into_kind() {
            csv::ErrorKind::Io(error) => FileError::Io(error),
            other => FileError::Io(io::Error::other(format!("{other:?}"))),
        }
    }
}

/// A reader that fails when far more than a record was read since the last mark, and adds a line
/// end to a file that lacks one.
#[derive(Debug)]
struct Bounded<R> {
    input: Option<R>,
    last: u8,
    quotes: u64,
    since: Cell<u64>,
}

impl<R: Read> Bounded<R> {
    fn new(input: R) -> Self {
        Self {
            input: Some(input),
            last: b'\n',
            quotes: 0,
            since: Cell::new(0),
        }
    }
}

impl<R> Bounded<R> {
    /// A record begins.
    fn mark(&self) {
        self.since.set(0);
    }

    fn is_too_long(&self) -> bool {
        self.since.get() > RECORD_BYTES_MAX
    }

    /// Whether the file has ended with an odd number of quotes.
    fn is_quote_open(&self) -> bool {
        self.input.is_none() && self.quotes % 2 == 1
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_too_long() {
            return Err(io::Error::other("the record is too long"));
        }
        let Some(input) = &mut self.input else {
            return Ok(0);
        };
        let count = input.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if let Some(last) = bytes.last() {
            self.last = *last;
            let quotes = memchr::memchr_iter(b'"', bytes).count();
            self.quotes = self.quotes.saturating_add(quotes.try_into().unwrap_or(0));
            let more = u64::try_from(count).unwrap_or(u64::MAX);
            self.since.set(self.since.get().saturating_add(more));
            return Ok(count);
        }
        self.input = None;
        match buffer.first_mut() {
            Some(first) if self.last != b'\n' || self.quotes % 2 == 1 => {
                *first = b'\n';
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, FileError> {
        let mut records = Records::open(text)?;
        let mut all = vec![(1, records.header().to_vec())];
        while let Some(record) = records.read()? {
            let fields = record.fields();
            let fields = fields.map(|field| String::from_utf8_lossy(field).into_owned());
            all.push((record.line, fields.collect()));
        }
        Ok(all)
    }

    fn fields(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|&field| field.into()).collect())
    }

    #[test]
    fn quotes_commas_and_line_ends_are_read_with_the_line_a_row_begins_on() {
        let text = "a,b\n1,\"x,y\"\n\n\"two\nlines\",\"say \"\"no\"\"\"\n3,\n\n\n4,z";
        let expected = [
            fields(1, &["a", "b"]),
            fields(2, &["1", "x,y"]),
            fields(4, &["two\nlines", "say \"no\""]),
            fields(6, &["3", ""]),
            fields(9, &["4", "z"]),
        ];
        assert_eq!(read(text.as_bytes()).unwrap(), expected);
        let ended = format!("{text}\n");
        assert_eq!(read(ended.as_bytes()).unwrap(), expected);
        let windows = ended.replace('\n', "\r\n");
        let mut expected = expected;
        expected[2].1[0] = "two\r\nlines".to_owned();
        assert_eq!(read(windows.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn rows_of_any_number_of_fields_are_handed_on() {
        assert_eq!(
            read(b"a,b\n1\n1,2,3\n").unwrap()[1..],
            [fields(2, &["1"]), fields(3, &["1", "2", "3"])]
        );
    }

    #[test]
    fn what_is_no_csv_text_is_refused() {
        let said = |text: &[u8]| read(text).unwrap_err().to_string();
        assert!(said(b"\xef\xbb\xbfa,b\n").contains("byte order mark"));
        assert!(said(b"").contains("empty"));
        assert!(said(b"\n\r\n").contains("empty"));
        assert!(said(b"\xff\xfea\0").contains("header is not UTF-8"));
        assert_eq!(
            said(b"a\n1\n2,\"x\n3\n4"),
            "line 3: a quote is never closed"
        );
        assert_eq!(
            said(b"a\n1\n2,\"x\n3\n4\n"),
            "line 3: a quote is never closed"
        );
        assert_eq!(read(b"a\n\"x\n\"\n").unwrap()[1..], [fields(2, &["x\n"])]);
        assert_eq!(read(b"a\n\"x\n\"").unwrap()[1..], [fields(2, &["x\n"])]);
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_is_in_memory() {
        let endless = io::repeat(b'x').take(1 << 40);
        let mut records = Records::open(b"a\n1\n\"".chain(endless)).unwrap();
        assert!(records.read().unwrap().is_some());
        let error = records.read().unwrap_err().to_string();
        assert!(error.starts_with("line 3: the row is longer"), "{error}");
        let fits = "y".repeat(900_000);
        let text = format!("a\n{fits}\n{fits}\n");
        assert_eq!(read(text.as_bytes()).unwrap().len(), 3);
    }
}
