//! The row of a change.
//!
//! Format u8 (2), program and event type varints, order id, action (varint + 1, 0 when absent),
//! where it came from ([`super::piece`], never a test), then 0 for a reversal, or 1, amount (varint
//! of micros + 1, 0 when absent), customer status (tag u8) and the items: count, and each its SKU,
//! category (tag u8), pieces (varint + 1), amount (varint of micros + 1) and difference (tag u8,
//! signed). Then reason, payload hash 16 bytes, the count and the fields as pairs of texts.

use crate::log::family;
use crate::model::action::change::{Change, ItemChange, What};
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::PayloadHash;

use super::bytes::{Corrupt, Cursor, put_bytes, put_signed, put_varint};
use super::piece::{
    Came, put_came, put_fields, put_money, put_text, read_came, read_fields, read_money, read_text,
};

const FORMAT: u8 = 2;

/// Appends the row of `change`.
pub fn write(out: &mut Vec<u8>, change: &Change) {
    out.push(FORMAT);
    put_varint(out, u64::from(change.program.0));
    put_varint(out, u64::from(change.event_type.0));
    put_bytes(out, change.order_id.as_bytes());
    put_varint(
        out,
        change.action.map_or(0, |action| action.saturating_add(1)),
    );
    put_came(
        out,
        Came {
            origin: change.origin,
            is_test: false,
            is_signed: change.is_signed,
        },
    );
    match &change.what {
        What::Reverse => out.push(0),
        What::Modify {
            amount,
            customer_status,
            items,
        } => {
            out.push(1);
            put_money(out, *amount);
            put_text(out, customer_status.as_deref());
            put_varint(out, items.len() as u64);
            for item in items {
                put_item(out, item);
            }
        }
    }
    put_bytes(out, change.reason.as_bytes());
    out.extend_from_slice(&change.payload.0);
    put_fields(out, &change.fields);
}

fn put_item(out: &mut Vec<u8>, item: &ItemChange) {
    put_bytes(out, item.sku.as_bytes());
    put_text(out, item.category.as_deref());
    put_varint(out, item.units.map_or(0, |units| u64::from(units) + 1));
    put_money(out, item.amount);
    match item.delta {
        None => out.push(0),
        Some(delta) => {
            out.push(1);
            put_signed(out, delta);
        }
    }
}

/// Reads the row of a change.
///
/// # Errors
/// The row is not what [`write()`] writes.
pub fn read(row: &[u8]) -> Result<Change, Corrupt> {
    let mut cursor = Cursor::new(family::SUBMISSIONS, row);
    if cursor.u8()? != FORMAT {
        return Err(cursor.corrupt("its format is unknown"));
    }
    let program = ProgramId(cursor.varint32()?);
    let event_type = EventTypeId(cursor.varint32()?);
    let order_id = cursor.text()?.into();
    let action = cursor.varint()?.checked_sub(1);
    let came = read_came(&mut cursor)?;
    if came.is_test {
        return Err(cursor.corrupt("a change is no test"));
    }
    let what = match cursor.u8()? {
        0 => What::Reverse,
        1 => What::Modify {
            amount: read_money(&mut cursor)?,
            customer_status: read_text(&mut cursor)?,
            items: read_items(&mut cursor)?,
        },
        _ => return Err(cursor.corrupt("a change is unknown")),
    };
    let reason = cursor.text()?.into();
    let payload = PayloadHash(cursor.array()?);
    let fields = read_fields(&mut cursor)?;
    cursor.end()?;
    Ok(Change {
        program,
        event_type,
        order_id,
        action,
        what,
        reason,
        origin: came.origin,
        is_signed: came.is_signed,
        payload,
        fields,
    })
}

fn read_items(cursor: &mut Cursor<'_>) -> Result<Vec<ItemChange>, Corrupt> {
    let mut items = Vec::new();
    for _ in 0..cursor.varint()? {
        let sku = cursor.text()?.into();
        let category = read_text(cursor)?;
        let units = match cursor.varint()?.checked_sub(1).map(u32::try_from) {
            None => None,
            Some(Ok(units)) => Some(units),
            Some(Err(_)) => return Err(cursor.corrupt("a quantity is out of range")),
        };
        items.push(ItemChange {
            sku,
            category,
            units,
            amount: read_money(cursor)?,
            delta: match cursor.u8()? {
                0 => None,
                1 => Some(cursor.signed()?),
                _ => return Err(cursor.corrupt("a difference is unknown")),
            },
        });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::JobId;
    use crate::model::money::Money;
    use crate::model::submission::Origin;

    fn sample(what: What) -> Change {
        Change {
            program: ProgramId(7),
            event_type: EventTypeId(2),
            order_id: "o-1".into(),
            action: Some(0),
            what,
            reason: "ITEM_RETURNED".into(),
            origin: Origin::Api,
            is_signed: false,
            payload: PayloadHash([7; 16]),
            fields: vec![("Reason".into(), "ITEM_RETURNED".into())],
        }
    }

    #[test]
    fn changes_read_back() {
        let item = ItemChange {
            sku: "A".into(),
            ..ItemChange::default()
        };
        let full = ItemChange {
            category: Some("Shoes".into()),
            units: Some(0),
            amount: Some(Money(0)),
            delta: Some(-5),
            ..item.clone()
        };
        for change in [
            sample(What::Reverse),
            Change {
                action: None,
                origin: Origin::Batch {
                    job: JobId(3),
                    line: 500,
                },
                is_signed: true,
                ..sample(What::Reverse)
            },
            sample(What::Modify {
                amount: Some(Money(12_500_000)),
                customer_status: Some("NEW".into()),
                items: vec![item, full],
            }),
            sample(What::Modify {
                amount: None,
                customer_status: None,
                items: Vec::new(),
            }),
        ] {
            let mut row = Vec::new();
            write(&mut row, &change);
            assert_eq!(read(&row), Ok(change));
            assert!(read(&row[..row.len() - 1]).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut row: Vec<u8>) {
            if let Some(format) = row.first_mut() {
                *format = FORMAT;
            }
            prop_assert!(read(&row).is_err() || row.len() > 20);
        }
    }
}
