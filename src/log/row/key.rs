//! Keys of the log store. All integers are big-endian, so byte order is the order of the numbers.
//!
//! | family | key |
//! |---|---|
//! | clicks | slot u32 · partner u32 · number u64 |
//! | submissions | slot u32 · program u32 · number u64 |
//! | visits | slot u32 · program u32 · number u64 |
//! | orders | program u32 · event type u32 · order id (1 to 64 bytes) · for tests a 0 byte |
//! | imported | slot u32 · partner u32 (0 for ends) · number u64 |
//! | externals | program u32 · 16 bytes |
//! | jobs | 0 · job u64; 1 · job u64 · row u64 |
//! | deliveries | see [`super::delivery`] |
//! | facts | slot u32 · sequence u32 |
//! | footers | slot u32 |
//! | catalog, rules, judgements | version u32 |
//! | strings | reference u32 |
//! | keys, meta | text |

use crate::model::id::{EventNumber, EventTypeId, JobId, PartnerId, ProgramId, Slot};
use crate::model::submission::Fingerprint;

use super::bytes::{Corrupt, Cursor};
use crate::log::family;

/// Bytes of a key of `clicks`, `submissions`, `imported` or `visits`.
pub const EVENT_KEY_LEN: usize = 16;

/// The key of an event: its slot, the partner or program it is filed under, its number.
#[must_use]
pub fn event(slot: Slot, owner: u32, number: EventNumber) -> [u8; EVENT_KEY_LEN] {
    let wide = u128::from(slot.0) << 96 | u128::from(owner) << 64 | u128::from(number.0);
    wide.to_be_bytes()
}

/// The key of a click.
#[must_use]
pub fn click(slot: Slot, partner: PartnerId, number: EventNumber) -> [u8; EVENT_KEY_LEN] {
    event(slot, partner.0, number)
}

/// The key of a submission or an arrival.
#[must_use]
pub fn submission(slot: Slot, program: ProgramId, number: EventNumber) -> [u8; EVENT_KEY_LEN] {
    event(slot, program.0, number)
}

/// Slot, owner and number of a key of `clicks`, `submissions`, `imported` or `visits`.
///
/// # Errors
/// The key has another length.
pub fn read_event(family: &'static str, key: &[u8]) -> Result<(Slot, u32, EventNumber), Corrupt> {
    let mut cursor = Cursor::new(family, key);
    let parts = (
        Slot(cursor.u32()?),
        cursor.u32()?,
        EventNumber(cursor.u64()?),
    );
    cursor.end()?;
    Ok(parts)
}

/// The key of an order.
#[must_use]
pub fn order(program: ProgramId, event_type: EventTypeId, order_id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(8 + order_id.len());
    key.extend_from_slice(&program.0.to_be_bytes());
    key.extend_from_slice(&event_type.0.to_be_bytes());
    key.extend_from_slice(order_id.as_bytes());
    key
}

/// The key of the attempts at an order. Those of tests have a byte more, which no order id holds:
/// they neither fill the row of the real ones nor are they found in it.
#[must_use]
pub fn attempts(
    program: ProgramId,
    event_type: EventTypeId,
    order_id: &str,
    is_test: bool,
) -> Vec<u8> {
    let mut key = order(program, event_type, order_id);
    if is_test {
        key.push(0);
    }
    key
}

/// The key of an imported click by its name in the other system.
#[must_use]
pub fn external(program: ProgramId, external: Fingerprint) -> [u8; 20] {
    let mut key = [0; 20];
    let (head, tail) = key.split_at_mut(4);
    head.copy_from_slice(&program.0.to_be_bytes());
    tail.copy_from_slice(&external.0);
    key
}

const JOB: u8 = 0;
const REFUSED_ROW: u8 = 1;
const BATCH: u8 = 2;
const BATCH_ERROR: u8 = 3;

/// The key of a job.
#[must_use]
pub fn job(job: JobId) -> [u8; 9] {
    let mut key = [JOB; 9];
    let (_, tail) = key.split_at_mut(1);
    tail.copy_from_slice(&job.0.to_be_bytes());
    key
}

/// The key of a row that a job refused.
#[must_use]
pub fn refused_row(job: JobId, row: u64) -> [u8; 17] {
    let mut key = [REFUSED_ROW; 17];
    let (_, tail) = key.split_at_mut(1);
    tail.copy_from_slice(&(u128::from(job.0) << 64 | u128::from(row)).to_be_bytes());
    key
}

/// The key of an uploaded file.
#[must_use]
pub fn batch(job: JobId) -> [u8; 9] {
    let mut key = [BATCH; 9];
    let (_, tail) = key.split_at_mut(1);
    tail.copy_from_slice(&job.0.to_be_bytes());
    key
}

/// The uploaded file that a key of `jobs` names; none if it is that of something else.
///
/// # Errors
/// The key has another length.
pub fn read_batch(key: &[u8]) -> Result<Option<JobId>, Corrupt> {
    let mut cursor = Cursor::new(family::JOBS, key);
    if cursor.u8()? != BATCH {
        return Ok(None);
    }
    let job = JobId(cursor.u64()?);
    cursor.end()?;
    Ok(Some(job))
}

/// The key of what is wrong with a line of an uploaded file.
#[must_use]
pub fn batch_error(job: JobId, line: u64) -> [u8; 17] {
    let mut key = refused_row(job, line);
    key[0] = BATCH_ERROR;
    key
}

/// The job that a key of `jobs` names; none if it is that of a refused row or of an uploaded file.
///
/// # Errors
/// The key is neither.
pub fn read_job(key: &[u8]) -> Result<Option<JobId>, Corrupt> {
    let mut cursor = Cursor::new(family::JOBS, key);
    match cursor.u8()? {
        JOB => {
            let job = JobId(cursor.u64()?);
            cursor.end()?;
            Ok(Some(job))
        }
        REFUSED_ROW | BATCH_ERROR => {
            cursor.array::<16>()?;
            cursor.end()?;
            Ok(None)
        }
        BATCH => {
            cursor.u64()?;
            cursor.end()?;
            Ok(None)
        }
        _ => Err(cursor.corrupt("its kind is unknown")),
    }
}

/// The key of a fact.
#[must_use]
pub fn fact(slot: Slot, sequence: u32) -> [u8; 8] {
    (u64::from(slot.0) << 32 | u64::from(sequence)).to_be_bytes()
}

/// The slot a key of `footers` names.
///
/// # Errors
/// The key has another length.
pub fn read_footer(key: &[u8]) -> Result<Slot, Corrupt> {
    let mut cursor = Cursor::new(family::FOOTERS, key);
    let slot = Slot(cursor.u32()?);
    cursor.end()?;
    Ok(slot)
}

/// Folds one event into a slot's checksum. The sum does not depend on the order of events.
#[must_use]
pub fn checksum(sum: u64, owner: u32, number: EventNumber) -> u64 {
    // splitmix64's finaliser: every input bit reaches every output bit.
    let mut z = number.0 ^ u64::from(owner).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    sum.wrapping_add(z ^ (z >> 31))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn event_keys_keep_the_order_of_their_parts(a: (u32, u32, u64), b: (u32, u32, u64)) {
            let key = |(slot, owner, number)| event(Slot(slot), owner, EventNumber(number));
            prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
            let parts = (Slot(a.0), a.1, EventNumber(a.2));
            prop_assert_eq!(read_event("clicks", &key(a)), Ok(parts));
        }

        #[test]
        fn order_keys_keep_the_order_of_their_parts(
            a: (u32, u32, String),
            b: (u32, u32, String),
        ) {
            let key = |(program, kind, id): &(u32, u32, String)| {
                order(ProgramId(*program), EventTypeId(*kind), id)
            };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }

        #[test]
        fn any_bytes_are_survived(key: Vec<u8>) {
            prop_assert_eq!(read_event("clicks", &key).is_ok(), key.len() == EVENT_KEY_LEN);
            prop_assert_eq!(read_footer(&key).is_ok(), key.len() == 4);
        }
    }

    #[test]
    fn fact_keys_sort_by_slot_then_sequence() {
        assert!(fact(Slot(1), u32::MAX) < fact(Slot(2), 0));
    }

    #[test]
    fn the_checksum_sees_every_part_and_no_order() {
        let (a, b) = (EventNumber(1), EventNumber(2));
        assert_eq!(
            checksum(checksum(0, 1, a), 1, b),
            checksum(checksum(0, 1, b), 1, a)
        );
        assert_ne!(checksum(0, 1, a), checksum(0, 2, a));
        assert_ne!(checksum(0, 1, a), checksum(0, 1, b));
    }
}
