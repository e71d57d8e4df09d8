//! The rows of a settlement.
//!
//! Format u8 (1), program and event type varints, order id, action u64, partner varint, date, day
//! and locking signed, amount (varint of micros + 1, 0 when absent), cost and gross cost varints of
//! micros, reversed u8.
//!
//! Its look-up row, by program, event type and action: an order row of [`super::submission`] with
//! one attempt.

use crate::log::family;
use crate::model::action::settlement::Settlement;
use crate::model::id::{EventTypeId, PartnerId, ProgramId};
use crate::model::money::Money;
use crate::model::time::{Day, Millis};

use super::bytes::{Corrupt, Cursor, put_bytes, put_signed, put_varint};
use super::piece::{put_money, read_micros, read_money};

const FORMAT: u8 = 1;

/// The key of the look-up row.
#[must_use]
pub fn key(settlement: &Settlement) -> [u8; 16] {
    let owner = u64::from(settlement.program.0) << 32 | u64::from(settlement.event_type.0);
    (u128::from(owner) << 64 | u128::from(settlement.action)).to_be_bytes()
}

/// Appends the row of `settlement`.
pub fn write(out: &mut Vec<u8>, settlement: &Settlement) {
    let micros = |money: Money| u64::try_from(money.0).unwrap_or(0);
    out.push(FORMAT);
    put_varint(out, u64::from(settlement.program.0));
    put_varint(out, u64::from(settlement.event_type.0));
    put_bytes(out, settlement.order_id.as_bytes());
    out.extend_from_slice(&settlement.action.to_be_bytes());
    put_varint(out, u64::from(settlement.partner.0));
    put_signed(out, settlement.date.0);
    put_signed(out, settlement.day.0.into());
    put_signed(out, settlement.locking.0);
    put_money(out, settlement.amount);
    put_varint(out, micros(settlement.cost));
    put_varint(out, micros(settlement.gross_cost));
    out.push(settlement.reversed.into());
}

/// Reads the row of a settlement.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Settlement, Corrupt> {
    let mut cursor = Cursor::new(family::SUBMISSIONS, row);
    if cursor.u8()? != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let settlement = Settlement {
        program: ProgramId(cursor.varint32()?),
        event_type: EventTypeId(cursor.varint32()?),
        order_id: cursor.text()?.into(),
        action: cursor.u64()?,
        partner: PartnerId(cursor.varint32()?),
        date: Millis(cursor.signed()?),
        day: match i32::try_from(cursor.signed()?) {
            Ok(day) => Day(day),
            Err(_) => return Err(cursor.corrupt("a day is out of range")),
        },
        locking: Millis(cursor.signed()?),
        amount: read_money(&mut cursor)?,
        cost: read_micros(&mut cursor)?,
        gross_cost: read_micros(&mut cursor)?,
        reversed: match cursor.u8()? {
            0 => false,
            1 => true,
            _ => return Err(cursor.corrupt("a state is unknown")),
        },
    };
    cursor.end()?;
    Ok(settlement)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn settlements_read_back() {
        let settlement = Settlement {
            program: ProgramId(7),
            event_type: EventTypeId(2),
            order_id: "o-1".into(),
            action: 1 << 51,
            partner: PartnerId(9),
            date: Millis(-1),
            day: Day(-1),
            locking: Millis(5),
            amount: Some(Money(0)),
            cost: Money(3),
            gross_cost: Money(4),
            reversed: true,
        };
        let bare = Settlement {
            amount: None,
            reversed: false,
            ..settlement.clone()
        };
        for settlement in [settlement, bare] {
            let mut row = Vec::new();
            write(&mut row, &settlement);
            assert_eq!(read(&row), Ok(settlement));
            assert!(read(&row[..row.len() - 1]).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut row: Vec<u8>) {
            if let Some(format) = row.first_mut() {
                *format = FORMAT;
            }
            prop_assert!(read(&row).is_err() || row.len() > 17);
        }
    }
}
