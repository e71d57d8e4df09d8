//! The rows of `submissions`: everything a brand says.
//!
//! A row begins with what kind of entry it is (1 conversion, 2 change, 3 settlement); what
//! follows is the row of [`super::submission`], [`super::change`] or [`super::settlement`].

use crate::log::family;
use crate::model::entry::Entry;

use super::bytes::{Corrupt, Cursor};
use super::{change, settlement, submission};
use crate::model::arrival::Stream;

const CONVERSION: u8 = 1;
const CHANGE: u8 = 2;
const SETTLEMENT: u8 = 3;

/// Appends the row of `entry`.
pub fn write(out: &mut Vec<u8>, entry: &Entry) {
    match entry {
        Entry::Conversion(conversion) => {
            out.push(CONVERSION);
            submission::write(out, conversion);
        }
        Entry::Change(entry) => {
            out.push(CHANGE);
            change::write(out, entry);
        }
        Entry::Settlement(entry) => {
            out.push(SETTLEMENT);
            settlement::write(out, entry);
        }
    }
}

/// Reads the row of an entry.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Entry, Corrupt> {
    let stream = stream(row)?;
    let rest = row.get(1..).unwrap_or_default();
    match stream {
        Stream::Modification => Ok(Entry::Change(change::read(rest)?)),
        Stream::Settlement => Ok(Entry::Settlement(settlement::read(rest)?)),
        Stream::Click | Stream::ImportedClick | Stream::PageLoad | Stream::Conversion => {
            Ok(Entry::Conversion(submission::read(rest)?))
        }
    }
}

/// The stream that an entry came in by.
///
/// # Errors
/// The row begins with no kind of entry.
pub fn stream(row: &[u8]) -> Result<Stream, Corrupt> {
    match row.first() {
        Some(&CONVERSION) => Ok(Stream::Conversion),
        Some(&CHANGE) => Ok(Stream::Modification),
        Some(&SETTLEMENT) => Ok(Stream::Settlement),
        _ => Err(Cursor::new(family::SUBMISSIONS, row).corrupt("its kind is unknown")),
    }
}
