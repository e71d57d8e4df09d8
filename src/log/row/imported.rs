//! The rows of `imported`: clicks that another system recorded, and the ends of their imports; and
//! the rows of `externals`, which tell where such a click lies.
//!
//! | piece | form |
//! |---|---|
//! | format | u8, now 1 |
//! | kind | u8: 1 click, 2 end |
//! | job | u64 |
//! | click: own time, external id | i64, 16 bytes |
//! | click: the rest | the row of [`super::click`] |
//! | end: program | varint |
//!
//! An end lies after every click of its job and program, and says that none follows.

use crate::log::family;
use crate::model::click::{Click, Parameter};
use crate::model::id::{EventNumber, JobId, PartnerId, ProgramId, Slot};
use crate::model::submission::Fingerprint;
use crate::model::time::Millis;

use super::bytes::{Corrupt, Cursor, put_varint};
use super::click::{self as row_of_click, Parameters};

const FORMAT: u8 = 1;
const CLICK: u8 = 1;
const END: u8 = 2;
/// Bytes before the row of [`super::click`].
const HEAD_LEN: usize = 34;

/// A click of an import without its key.
#[derive(Clone, Debug)]
pub struct Imported<P> {
    /// The import.
    pub job: JobId,
    /// When it happened.
    pub time: Millis,
    /// Its name in the other system.
    pub external: Fingerprint,
    /// The click.
    pub click: Click<P>,
}

/// A row of `imported`.
#[derive(Clone, Debug)]
pub enum Row<'a> {
    /// A click.
    Click(Imported<Parameters<'a>>),
    /// An import has ended.
    End(JobId, ProgramId),
}

impl Row<'_> {
    /// The program it belongs to.
    #[must_use]
    pub fn program(&self) -> ProgramId {
        match self {
            Self::Click(imported) => imported.click.program,
            Self::End(_, program) => *program,
        }
    }
}

/// Appends the row of a click.
pub fn write_click<'p, P>(out: &mut Vec<u8>, imported: &Imported<P>)
where
    P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
{
    out.extend_from_slice(&[FORMAT, CLICK]);
    out.extend_from_slice(&imported.job.0.to_be_bytes());
    out.extend_from_slice(&imported.time.0.to_be_bytes());
    out.extend_from_slice(&imported.external.0);
    row_of_click::write(out, &imported.click);
}

/// The row that ends a job's clicks of a program.
#[must_use]
pub fn write_end(job: JobId, program: ProgramId) -> Vec<u8> {
    let mut row = vec![FORMAT, END];
    row.extend_from_slice(&job.0.to_be_bytes());
    put_varint(&mut row, program.0.into());
    row
}

/// Reads a row of `imported`.
///
/// # Errors
/// The row is not what [`write_click`] or [`write_end`] writes.
pub fn read(row: &[u8]) -> Result<Row<'_>, Corrupt> {
    let mut cursor = Cursor::new(family::IMPORTED, row);
    let [format, kind] = cursor.array()?;
    if format != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let job = JobId(cursor.u64()?);
    match kind {
        CLICK => Ok(Row::Click(Imported {
            job,
            time: Millis(i64::from_be_bytes(cursor.array()?)),
            external: Fingerprint(cursor.array()?),
            click: row_of_click::read(cursor.rest())?,
        })),
        END => {
            let program = ProgramId(cursor.varint32()?);
            cursor.end()?;
            Ok(Row::End(job, program))
        }
        _ => Err(cursor.corrupt("its kind is unknown")),
    }
}

/// The row of `clicks` inside a row of `imported`; none in that of an end.
///
/// # Errors
/// As [`read`].
pub fn click_row(row: &[u8]) -> Result<Option<&[u8]>, Corrupt> {
    match read(row)? {
        Row::Click(_) => Ok(row.get(HEAD_LEN..)),
        Row::End(..) => Ok(None),
    }
}

/// Where an imported click lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The slot it was committed in.
    pub slot: Slot,
    /// Its partner.
    pub partner: PartnerId,
    /// Its number.
    pub number: EventNumber,
}

impl Place {
    /// The row of `externals`.
    #[must_use]
    pub fn write(self) -> Vec<u8> {
        let mut row = vec![FORMAT];
        row.extend_from_slice(&self.slot.0.to_be_bytes());
        row.extend_from_slice(&self.partner.0.to_be_bytes());
        row.extend_from_slice(&self.number.0.to_be_bytes());
        row
    }

    /// Reads a row of `externals`.
    ///
    /// # Errors
    /// The row is not what [`Self::write`] writes.
    pub fn read(row: &[u8]) -> Result<Self, Corrupt> {
        let mut cursor = Cursor::new(family::EXTERNALS, row);
        if cursor.u8()? != FORMAT {
            return Err(cursor.corrupt("its format is unknown"));
        }
        let place = Self {
            slot: Slot(cursor.u32()?),
            partner: PartnerId(cursor.u32()?),
            number: EventNumber(cursor.u64()?),
        };
        cursor.end()?;
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::click::{ClickFlags, Network, Visitor};
    use crate::model::id::{AdId, StringRef};

    fn click() -> Imported<std::vec::IntoIter<(Parameter, &'static [u8])>> {
        let parameters: Vec<(Parameter, &[u8])> = vec![(Parameter::SubId(2), b"b")];
        Imported {
            job: JobId(0x0102_0304_0506_0708),
            time: Millis(-2),
            external: Fingerprint([9; 16]),
            click: Click {
                flags: ClickFlags::UNKNOWN_AD,
                program: ProgramId(7),
                ad: AdId(0),
                network: Network::V4([0; 3]),
                visitor: Visitor(5),
                visitor_before: None,
                cookie: None,
                user_agent: StringRef(1),
                referrer: StringRef(0),
                shape: StringRef(0),
                landing: StringRef(2),
                parameters: parameters.into_iter(),
            },
        }
    }

    #[test]
    fn clicks_and_ends_read_back() {
        let mut row = Vec::new();
        write_click(&mut row, &click());
        assert_eq!(
            row[..18],
            [
                1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 255, 255, 255, 254
            ]
        );
        let Row::Click(found) = read(&row).unwrap() else {
            panic!("no click");
        };
        let sent = click();
        assert_eq!((found.job, found.time), (sent.job, sent.time));
        assert_eq!(found.external, sent.external);
        assert_eq!(found.click.visitor, sent.click.visitor);
        assert_eq!(found.click.parameters.count(), 1);
        let inner = click_row(&row).unwrap().unwrap();
        assert_eq!(
            row_of_click::read(inner).unwrap().visitor,
            sent.click.visitor
        );
        let end = write_end(JobId(3), ProgramId(300));
        assert_eq!(click_row(&end), Ok(None));
        assert!(matches!(read(&end), Ok(Row::End(JobId(3), ProgramId(300)))));
        let place = Place {
            slot: Slot(1),
            partner: PartnerId(2),
            number: EventNumber(3),
        };
        assert_eq!(Place::read(&place.write()), Ok(place));
    }

    #[test]
    fn other_kinds_and_formats_are_refused() {
        let mut row = write_end(JobId(3), ProgramId(300));
        row[1] = 3;
        assert!(read(&row).is_err());
        row[..2].copy_from_slice(&[2, END]);
        assert!(read(&row).is_err());
        row[0] = FORMAT;
        row.push(0);
        assert!(read(&row).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(row: Vec<u8>) {
            std::hint::black_box((read(&row).is_ok(), Place::read(&row).is_ok()));
        }
    }
}
