//! The rows of a submission and of its order key.
//!
//! A submission: format u8 (1), program and event type varints, order id, event time (tag u8: 0
//! now, 1 start signed and precision varint), claim (tag u8: 0 none, 1 forged, 2 the 21 covered
//! bytes of the click id), amount (varint of micros + 1, 0 when absent), customer id (tag u8),
//! payload hash 16 bytes, then the count and the fields as pairs of texts.
//!
//! An order: format u8 (1), then per attempt slot u32, number u64 and payload hash, in the order
//! of their commits.

use crate::model::click_id::ClickId;
use crate::model::id::{EventNumber, EventTypeId, ProgramId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::submission::{Claim, EventTime, PayloadHash, Submission};
use crate::model::time::Millis;

use super::bytes::{Corrupt, Cursor, put_bytes, put_signed, put_varint};
use crate::log::family;

const FORMAT: u8 = 1;

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
    out.push(FORMAT);
    put_varint(out, u64::from(submission.program.0));
    put_varint(out, u64::from(submission.event_type.0));
    put_bytes(out, submission.order_id.as_bytes());
    match submission.event {
        EventTime::Now => out.push(0),
        EventTime::At { start, precision } => {
            out.push(1);
            put_signed(out, start.0);
            put_varint(out, u64::try_from(precision).unwrap_or(0));
        }
    }
    match &submission.claim {
        Claim::None => out.push(0),
        Claim::Forged => out.push(1),
        Claim::Verified(id) => {
            out.push(2);
            out.extend_from_slice(&id.body());
        }
    }
    let amount = submission
        .amount
        .and_then(|money| u64::try_from(money.0).ok());
    put_varint(out, amount.map_or(0, |micros| micros.saturating_add(1)));
    match &submission.customer_id {
        None => out.push(0),
        Some(id) => {
            out.push(1);
            put_bytes(out, id.as_bytes());
        }
    }
    out.extend_from_slice(&submission.payload.0);
    put_varint(out, submission.fields.len() as u64);
    for (name, value) in &submission.fields {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
}

/// Reads the row of a submission.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Submission, Corrupt> {
    let mut cursor = Cursor::new(family::SUBMISSIONS, row);
    if cursor.u8()? != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let program = ProgramId(cursor.varint32()?);
    let event_type = EventTypeId(cursor.varint32()?);
    let order_id = cursor.text()?.into();
    let event = read_event(&mut cursor)?;
    let claim = match cursor.u8()? {
        0 => Claim::None,
        1 => Claim::Forged,
        2 => match ClickId::from_body(&cursor.array()?) {
            Some(id) => Claim::Verified(id),
            None => return Err(cursor.corrupt("a click id has its reserved bit set")),
        },
        _ => return Err(cursor.corrupt("a claim is unknown")),
    };
    let amount = match cursor.varint()?.checked_sub(1) {
        None => None,
        Some(micros) => match i64::try_from(micros) {
            Ok(micros) => Some(Money(micros)),
            Err(_) => return Err(cursor.corrupt("an amount is out of range")),
        },
    };
    let customer_id = match cursor.u8()? {
        0 => None,
        1 => Some(cursor.text()?.into()),
        _ => return Err(cursor.corrupt("a customer id is unknown")),
    };
    let payload = PayloadHash(cursor.array()?);
    let mut fields = Vec::new();
    for _ in 0..cursor.varint()? {
        fields.push((cursor.text()?.into(), cursor.text()?.into()));
    }
    cursor.end()?;
    Ok(Submission {
        program,
        event_type,
        order_id,
        event,
        claim,
        amount,
        customer_id,
        payload,
        fields,
    })
}

fn read_event(cursor: &mut Cursor<'_>) -> Result<EventTime, Corrupt> {
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::{AdId, PartnerId};

    fn sample() -> Submission {
        Submission {
            program: ProgramId(7),
            event_type: EventTypeId(2),
            order_id: "o-1".into(),
            event: EventTime::At {
                start: Millis(-1),
                precision: 1_000,
            },
            claim: Claim::Verified(ClickId {
                number: EventNumber(5),
                partner: PartnerId(1),
                ad: AdId(2),
                program: ProgramId(7),
                unrecorded: false,
                key_number: 1,
            }),
            amount: Some(Money(12_500_000)),
            customer_id: Some("c".into()),
            payload: PayloadHash([7; 16]),
            fields: vec![
                ("Amount".into(), "12.50".into()),
                ("Note".into(), "é".into()),
            ],
        }
    }

    #[test]
    fn submissions_read_back() {
        let mut all = vec![sample()];
        all.push(Submission {
            event: EventTime::Now,
            claim: Claim::None,
            ..sample()
        });
        all.push(Submission {
            amount: None,
            customer_id: None,
            ..sample()
        });
        all.push(Submission {
            claim: Claim::Forged,
            amount: Some(Money(0)),
            ..sample()
        });
        for submission in all {
            let mut row = Vec::new();
            write(&mut row, &submission);
            assert_eq!(read(&row), Ok(submission));
            assert!(read(&row[..row.len() - 1]).is_err());
        }
    }

    #[test]
    fn orders_read_back() {
        let attempt = |n| AttemptRow {
            slot: Slot(n),
            number: EventNumber(u64::from(n) << 32),
            payload: PayloadHash([1; 16]),
        };
        let attempts = vec![attempt(1), attempt(2)];
        assert_eq!(read_order(&write_order(&attempts)), Ok(attempts));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut row: Vec<u8>) {
            let first = read(&row).is_ok();
            prop_assert!(!first || row.len() > 20);
            if let Some(format) = row.first_mut() {
                *format = FORMAT;
            }
            prop_assert_eq!(read_order(&row).is_ok(), row.len() % 28 == 1);
            prop_assert!(read(&row).is_err() || row.len() > 20);
        }
    }
}
