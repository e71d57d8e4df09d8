//! The pieces that rows of `submissions` have in common: amounts, texts that may be absent, fields,
//! where an entry came from.
//!
//! Where from: a varint of flags (1 test, 2 signed, 4 of an uploaded file, 8 of an import), for the
//! last two followed by the job u64 and the varint of its line or row.

use crate::model::id::JobId;
use crate::model::money::Money;
use crate::model::submission::Origin;

use super::bytes::{Corrupt, Cursor, put_bytes, put_varint};

/// Appends an amount: a varint of millionths + 1, 0 when absent.
pub(super) fn put_money(out: &mut Vec<u8>, money: Option<Money>) {
    let micros = money.and_then(|money| u64::try_from(money.0).ok());
    put_varint(out, micros.map_or(0, |micros| micros.saturating_add(1)));
}

/// Reads what [`put_money`] writes.
pub(super) fn read_money(cursor: &mut Cursor<'_>) -> Result<Option<Money>, Corrupt> {
    let micros = cursor.varint()?.checked_sub(1);
    micros.map(|micros| money(cursor, micros)).transpose()
}

/// Reads an amount that is always there: a varint of millionths.
pub(super) fn read_micros(cursor: &mut Cursor<'_>) -> Result<Money, Corrupt> {
    let micros = cursor.varint()?;
    money(cursor, micros)
}

fn money(cursor: &Cursor<'_>, micros: u64) -> Result<Money, Corrupt> {
    match i64::try_from(micros) {
        Ok(micros) => Ok(Money(micros)),
        Err(_) => Err(cursor.corrupt("an amount is out of range")),
    }
}

/// Appends a text that may be absent: 0, or 1 and the text.
pub(super) fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    out.push(u8::from(text.is_some()));
    if let Some(text) = text {
        put_bytes(out, text.as_bytes());
    }
}

/// Reads what [`put_text`] writes.
pub(super) fn read_text(cursor: &mut Cursor<'_>) -> Result<Option<Box<str>>, Corrupt> {
    match cursor.u8()? {
        0 => Ok(None),
        1 => Ok(Some(cursor.text()?.into())),
        _ => Err(cursor.corrupt("a presence is unknown")),
    }
}

/// Fields as they were received.
pub(super) type Fields = Vec<(Box<str>, Box<str>)>;

/// Appends fields: their count, then pairs of texts.
pub(super) fn put_fields(out: &mut Vec<u8>, fields: &[(Box<str>, Box<str>)]) {
    put_varint(out, fields.len() as u64);
    for (name, value) in fields {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
}

/// Reads what [`put_fields`] writes.
pub(super) fn read_fields(cursor: &mut Cursor<'_>) -> Result<Fields, Corrupt> {
    let mut fields = Vec::new();
    for _ in 0..cursor.varint()? {
        fields.push((cursor.text()?.into(), cursor.text()?.into()));
    }
    Ok(fields)
}

const TEST: u64 = 1;
const SIGNED: u64 = 2;
const BATCH: u64 = 4;
const IMPORT: u64 = 8;

/// Where an entry came from, and how.
#[derive(Clone, Copy)]
pub(super) struct Came {
    pub(super) origin: Origin,
    pub(super) is_test: bool,
    pub(super) is_signed: bool,
}

/// Appends where an entry came from.
pub(super) fn put_came(out: &mut Vec<u8>, came: Came) {
    let (origin, place) = match came.origin {
        Origin::Api => (0, None),
        Origin::Batch { job, line } => (BATCH, Some((job, line))),
        Origin::Import { job, row } => (IMPORT, Some((job, row))),
    };
    let test = if came.is_test { TEST } else { 0 };
    let signed = if came.is_signed { SIGNED } else { 0 };
    put_varint(out, test | signed | origin);
    if let Some((job, place)) = place {
        out.extend_from_slice(&job.0.to_be_bytes());
        put_varint(out, place);
    }
}

/// Reads what [`put_came`] writes.
pub(super) fn read_came(cursor: &mut Cursor<'_>) -> Result<Came, Corrupt> {
    let flags = cursor.varint()?;
    let origin = match flags & !(TEST | SIGNED) {
        0 => Origin::Api,
        BATCH => Origin::Batch {
            job: JobId(cursor.u64()?),
            line: cursor.varint()?,
        },
        IMPORT => Origin::Import {
            job: JobId(cursor.u64()?),
            row: cursor.varint()?,
        },
        _ => return Err(cursor.corrupt("a flag is unknown")),
    };
    Ok(Came {
        origin,
        is_test: flags & TEST != 0,
        is_signed: flags & SIGNED != 0,
    })
}
