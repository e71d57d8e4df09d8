//! The pieces that rows of `submissions` have in common: amounts, texts that may be absent, fields.

use crate::model::money::Money;

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
