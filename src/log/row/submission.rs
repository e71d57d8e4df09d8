//! The rows of a submission and of its order key.
//!
//! A submission, with varints unless another size is given: format u8 (2), program and event type,
//! order id, where it came from ([`super::piece`]); event time (tag u8: 0 now, 1 start signed and
//! precision), claim (tag u8: 0 none, 1 forged, 2 the 21 covered bytes of the click id);
//! references: count, then each a tag u8 (1 partner, 2 external click 16 bytes, 3 person: kind u8
//! and 16 bytes, 4 promo code, 5 URL, 6 caller 16 bytes); amount (micros + 1, 0 when absent);
//! items: count, then each number, units, net (as the amount), rebate in micros, and six texts in
//! the order of [`Item`]; customer status (tag u8 and text), network (tag u8: 0 none, 4 or 6 and 3
//! or 6 bytes), call (tag u8: 0 none, 1 answered, 2 incomplete, then talk seconds + 1), payload
//! hash 16 bytes, then the count and the fields as pairs of texts.
//!
//! An order: format u8 (1), then per attempt slot u32, number u64 and payload hash, in the order
//! of their commits.

use crate::model::click::Network;
use crate::model::click_id::ClickId;
use crate::model::id::{EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::submission::order::{ITEM_NUMBER_MAX, UNITS_MAX};
use crate::model::submission::{
    Call, CallStatus, Claim, EventTime, Fingerprint, Item, Order, PayloadHash, Person, PersonKind,
    Reference, Submission,
};
use crate::model::time::Millis;

use super::bytes::{Corrupt, Cursor, put_bytes, put_signed, put_varint};
use super::piece::{
    Came, put_came, put_fields, put_money, put_text, read_came, read_fields, read_micros,
    read_money, read_text,
};
use crate::log::family;

/// Format of an order row.
const FORMAT: u8 = 1;
/// Format of a submission.
const SUBMISSION_FORMAT: u8 = 2;

/// One attempt to submit an order, as its order row names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The slot the submission lies in.
    pub slot: Slot,
    /// Its number.
    pub number: EventNumber,
    /// Hash of its business fields.
    pub payload: PayloadHash,
}

impl AttemptRow {
    /// The submission it stands for.
    #[must_use]
    pub fn submission(&self, program: ProgramId) -> SubmissionId {
        SubmissionId {
            slot: self.slot,
            program,
            number: self.number,
        }
    }
}

/// Appends the row of `submission`.
pub fn write(out: &mut Vec<u8>, submission: &Submission) {
    out.push(SUBMISSION_FORMAT);
    put_varint(out, u64::from(submission.program.0));
    put_varint(out, u64::from(submission.event_type.0));
    put_bytes(out, submission.order_id.as_bytes());
    put_came(
        out,
        Came {
            origin: submission.origin,
            is_test: submission.is_test,
            is_signed: submission.is_signed,
        },
    );
    put_event(out, submission.event);
    match &submission.claim {
        Claim::None => out.push(0),
        Claim::Forged => out.push(1),
        Claim::Verified(id) => {
            out.push(2);
            out.extend_from_slice(&id.body());
        }
    }
    put_varint(out, submission.references.len() as u64);
    for reference in &submission.references {
        write_reference(out, reference);
    }
    write_order_money(out, &submission.order);
    put_text(out, submission.customer_status.as_deref());
    match &submission.network {
        None => out.push(0),
        Some(Network::V4(bytes)) => {
            out.push(4);
            out.extend_from_slice(bytes);
        }
        Some(Network::V6(bytes)) => {
            out.push(6);
            out.extend_from_slice(bytes);
        }
    }
    match submission.call {
        None => out.push(0),
        Some(call) => {
            out.push(match call.status {
                CallStatus::Answered => 1,
                CallStatus::Incomplete => 2,
            });
            put_varint(out, call.talk_seconds.map_or(0, |talk| u64::from(talk) + 1));
        }
    }
    out.extend_from_slice(&submission.payload.0);
    put_fields(out, &submission.fields);
}

/// Appends when an event happened.
pub(super) fn put_event(out: &mut Vec<u8>, event: EventTime) {
    match event {
        EventTime::Now => out.push(0),
        EventTime::At { start, precision } => {
            out.push(1);
            put_signed(out, start.0);
            put_varint(out, u64::try_from(precision).unwrap_or(0));
        }
    }
}

fn write_reference(out: &mut Vec<u8>, reference: &Reference) {
    match reference {
        Reference::Partner(partner) => {
            out.push(1);
            put_varint(out, u64::from(partner.0));
        }
        Reference::External(click) => {
            out.push(2);
            out.extend_from_slice(&click.0);
        }
        Reference::Person(person) => {
            out.extend_from_slice(&[3, person.kind.byte()]);
            out.extend_from_slice(&person.id.0);
        }
        Reference::PromoCode(code) => {
            out.push(4);
            put_bytes(out, code.as_bytes());
        }
        Reference::UniqueUrl(url) => {
            out.push(5);
            put_bytes(out, url.as_bytes());
        }
        Reference::Caller(caller) => {
            out.push(6);
            out.extend_from_slice(&caller.0);
        }
    }
}

fn write_order_money(out: &mut Vec<u8>, order: &Order) {
    put_money(out, order.amount);
    put_varint(out, order.items.len() as u64);
    for item in &order.items {
        put_varint(out, u64::from(item.number));
        put_varint(out, u64::from(item.units));
        put_money(out, item.net);
        put_varint(out, u64::try_from(item.rebate.0).unwrap_or(0));
        for text in [
            &item.sku,
            &item.category,
            &item.sub_category,
            &item.name,
            &item.brand,
            &item.promo_code,
        ] {
            put_bytes(out, text.as_bytes());
        }
    }
}

/// Reads the row of a submission.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Submission, Corrupt> {
    let mut cursor = Cursor::new(family::SUBMISSIONS, row);
    if cursor.u8()? != SUBMISSION_FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let mut submission = Submission {
        program: ProgramId(cursor.varint32()?),
        event_type: EventTypeId(cursor.varint32()?),
        order_id: cursor.text()?.into(),
        ..Submission::default()
    };
    let came = read_came(&mut cursor)?;
    submission.origin = came.origin;
    submission.is_test = came.is_test;
    submission.is_signed = came.is_signed;
    submission.event = read_event(&mut cursor)?;
    submission.claim = match cursor.u8()? {
        0 => Claim::None,
        1 => Claim::Forged,
        2 => match ClickId::from_body(&cursor.array()?) {
            Some(id) => Claim::Verified(id),
            None => return Err(cursor.corrupt("a click id has its reserved bit set")),
        },
        _ => return Err(cursor.corrupt("a claim is unknown")),
    };
    for _ in 0..cursor.varint()? {
        let reference = read_reference(&mut cursor)?;
        if submission
            .references
            .last()
            .is_some_and(|last| *last >= reference)
        {
            return Err(cursor.corrupt("its references are out of order"));
        }
        submission.references.push(reference);
    }
    submission.order = read_order_money(&mut cursor)?;
    submission.customer_status = read_text(&mut cursor)?;
    submission.network = match cursor.u8()? {
        0 => None,
        4 => Some(Network::V4(cursor.array()?)),
        6 => Some(Network::V6(cursor.array()?)),
        _ => return Err(cursor.corrupt("a network is unknown")),
    };
    submission.call = read_call(&mut cursor)?;
    submission.payload = PayloadHash(cursor.array()?);
    submission.fields = read_fields(&mut cursor)?;
    cursor.end()?;
    Ok(submission)
}

/// Reads what [`put_event`] writes.
pub(super) fn read_event(cursor: &mut Cursor<'_>) -> Result<EventTime, Corrupt> {
    match cursor.u8()? {
        0 => Ok(EventTime::Now),
        1 => {
            let start = Millis(cursor.signed()?);
            let precision = i64::try_from(cursor.varint()?)
                .map_err(|_| cursor.corrupt("a precision is out of range"))?;
            Ok(EventTime::At { start, precision })
        }
        _ => Err(cursor.corrupt("an event time is unknown")),
    }
}

fn read_reference(cursor: &mut Cursor<'_>) -> Result<Reference, Corrupt> {
    Ok(match cursor.u8()? {
        1 => Reference::Partner(PartnerId(cursor.varint32()?)),
        2 => Reference::External(Fingerprint(cursor.array()?)),
        3 => {
            let kind = PersonKind::from_byte(cursor.u8()?)
                .ok_or_else(|| cursor.corrupt("a person is unknown"))?;
            let id = Fingerprint(cursor.array()?);
            Reference::Person(Person { kind, id })
        }
        4 => Reference::PromoCode(cursor.text()?.into()),
        5 => Reference::UniqueUrl(cursor.text()?.into()),
        6 => Reference::Caller(Fingerprint(cursor.array()?)),
        _ => return Err(cursor.corrupt("a reference is unknown")),
    })
}

fn read_order_money(cursor: &mut Cursor<'_>) -> Result<Order, Corrupt> {
    let mut order = Order {
        amount: read_money(cursor)?,
        items: Vec::new(),
    };
    for _ in 0..cursor.varint()? {
        let above = order.items.last().map_or(0, |item: &Item| item.number);
        let number = u16::try_from(cursor.varint()?).unwrap_or(0);
        if number <= above || number > ITEM_NUMBER_MAX {
            return Err(cursor.corrupt("an item's number is out of range"));
        }
        let units = cursor.varint32()?;
        if !(1..=UNITS_MAX).contains(&units) {
            return Err(cursor.corrupt("an item's units are out of range"));
        }
        order.items.push(Item {
            number,
            units,
            net: read_money(cursor)?,
            rebate: read_micros(cursor)?,
            sku: cursor.text()?.into(),
            category: cursor.text()?.into(),
            sub_category: cursor.text()?.into(),
            name: cursor.text()?.into(),
            brand: cursor.text()?.into(),
            promo_code: cursor.text()?.into(),
        });
    }
    Ok(order)
}

fn read_call(cursor: &mut Cursor<'_>) -> Result<Option<Call>, Corrupt> {
    let status = match cursor.u8()? {
        0 => return Ok(None),
        1 => CallStatus::Answered,
        2 => CallStatus::Incomplete,
        _ => return Err(cursor.corrupt("a call is unknown")),
    };
    let talk_seconds = match cursor.varint()?.checked_sub(1) {
        None => None,
        Some(talk) => {
            let talk = u32::try_from(talk);
            Some(talk.map_err(|_| cursor.corrupt("a call is too long"))?)
        }
    };
    Ok(Some(Call {
        status,
        talk_seconds,
    }))
}

/// The row of an order with these attempts.
#[must_use]
pub fn write_order(attempts: &[AttemptRow]) -> Vec<u8> {
    let mut row = Vec::with_capacity(1 + attempts.len() * 28);
    row.push(FORMAT);
    for attempt in attempts {
        row.extend_from_slice(&attempt.slot.0.to_be_bytes());
        row.extend_from_slice(&attempt.number.0.to_be_bytes());
        row.extend_from_slice(&attempt.payload.0);
    }
    row
}

/// The attempts of an order row.
///
/// # Errors
/// The row is not what [`write_order`] writes.
pub fn read_order(row: &[u8]) -> Result<Vec<AttemptRow>, Corrupt> {
    let mut cursor = Cursor::new(family::ORDERS, row);
    if cursor.u8()? != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let mut attempts = Vec::new();
    while !cursor.rest().is_empty() {
        attempts.push(AttemptRow {
            slot: Slot(cursor.u32()?),
            number: EventNumber(cursor.u64()?),
            payload: PayloadHash(cursor.array()?),
        });
    }
    Ok(attempts)
}

#[cfg(test)]
#[path = "submission_tests.rs"]
mod tests;
