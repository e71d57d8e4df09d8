//! Adjustments: by how much a judgement of the past changes what was paid before it.
//!
//! What a click or a settled action came to stands on its day. Where a judgement makes something
//! else of it, the difference is stored with the judgement, and counts on the day on which that
//! was made. Rows of all judgements add up.
//!
//! | of | key in `adjustments`, after judgement `u32` |
//! |---|---|
//! | a click | 1 u8, slot `u32`, number `u64`, partner `u32` |
//! | a settled action | 2 u8, program `u32`, event type `u32`, action `u64`, partner `u32` |
//!
//! The value of both is format u8 (1), millionths `i64`.
//!
//! They are written before their judgement, a thousand in a commit, and its row says how many there
//! are. Rows without it are what a crash left behind: nothing reads them, and whoever tries again
//! removes them first.

use rocksdb::{Direction, IteratorMode, WriteBatch};

use crate::model::id::{EventNumber, EventTypeId, JudgementVersion, PartnerId, ProgramId, Slot};

use super::super::commit::Added;
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::Corrupt;
use super::super::row::bytes::Cursor;

const FORMAT: u8 = 1;
const CLICK: u8 = 1;
const ACTION: u8 = 2;

/// Rows of one commit.
pub const AT_ONCE: usize = 1_000;

/// What is adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Adjusted {
    /// What a click is paid by itself.
    Click {
        /// The slot of its row.
        slot: Slot,
        /// Its number.
        number: EventNumber,
        /// The partner number of its link.
        partner: PartnerId,
    },
    /// What a partner is paid for a settled action.
    Action {
        /// The program.
        program: ProgramId,
        /// The event type.
        event_type: EventTypeId,
        /// The number of the action.
        action: u64,
        /// The partner, which need not be the one it was settled for.
        partner: PartnerId,
    },
}

/// By how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Adjustment {
    /// Of what.
    pub of: Adjusted,
    /// Millionths that are paid more; never 0.
    pub more: i64,
}

impl Adjusted {
    fn write(self, judgement: JudgementVersion) -> Vec<u8> {
        let mut key = judgement.0.to_be_bytes().to_vec();
        match self {
            Self::Click {
                slot,
                number,
                partner,
            } => {
                key.push(CLICK);
                key.extend_from_slice(&slot.0.to_be_bytes());
                key.extend_from_slice(&number.0.to_be_bytes());
                key.extend_from_slice(&partner.0.to_be_bytes());
            }
            Self::Action {
                program,
                event_type,
                action,
                partner,
            } => {
                key.push(ACTION);
                key.extend_from_slice(&program.0.to_be_bytes());
                key.extend_from_slice(&event_type.0.to_be_bytes());
                key.extend_from_slice(&action.to_be_bytes());
                key.extend_from_slice(&partner.0.to_be_bytes());
            }
        }
        key
    }

    fn read(row_key: &[u8]) -> Result<(JudgementVersion, Self), Corrupt> {
        let mut cursor = Cursor::new(family::ADJUSTMENTS, row_key);
        let judgement = JudgementVersion(cursor.u32()?);
        let of = match cursor.u8()? {
            CLICK => Self::Click {
                slot: Slot(cursor.u32()?),
                number: EventNumber(cursor.u64()?),
                partner: PartnerId(cursor.u32()?),
            },
            ACTION => Self::Action {
                program: ProgramId(cursor.u32()?),
                event_type: EventTypeId(cursor.u32()?),
                action: cursor.u64()?,
                partner: PartnerId(cursor.u32()?),
            },
            _ => return Err(cursor.corrupt("what it adjusts is unknown")),
        };
        cursor.end()?;
        Ok((judgement, of))
    }
}

impl Adjustment {
    fn write(self) -> Vec<u8> {
        [&[FORMAT][..], &self.more.to_be_bytes()].concat()
    }

    fn read(row_key: &[u8], row: &[u8]) -> Result<Self, Corrupt> {
        let (_, of) = Adjusted::read(row_key)?;
        let mut cursor = Cursor::new(family::ADJUSTMENTS, row);
        if cursor.u8()? != FORMAT {
            return Err(cursor.corrupt("its format is unknown"));
        }
        let more = cursor.u64()?.cast_signed();
        cursor.end()?;
        if more == 0 {
            return Err(cursor.corrupt("it adjusts nothing"));
        }
        Ok(Self { of, more })
    }
}

impl Log {
    /// Removes what is left of adjustments whose judgement was never stored.
    ///
    /// # Errors
    /// The store failed.
    pub fn clear_adjustments(&self, judgement: JudgementVersion) -> Result<(), LogError> {
        let family = self.shared.cf(family::ADJUSTMENTS)?;
        let first = judgement.0.to_be_bytes();
        let end = judgement.0.saturating_add(1).to_be_bytes();
        self.shared.commit_patiently(|_, _, batch| {
            batch.delete_range_cf(family, first, end);
            Added::default()
        })?;
        Ok(())
    }

    /// Stores adjustments of a judgement that is not stored yet; they count once it is.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_adjustments(
        &self,
        judgement: JudgementVersion,
        adjustments: &[Adjustment],
    ) -> Result<(), LogError> {
        let family = self.shared.cf(family::ADJUSTMENTS)?;
        for rows in adjustments.chunks(AT_ONCE) {
            self.shared
                .commit_patiently(|_, _, batch: &mut WriteBatch| {
                    for row in rows {
                        batch.put_cf(family, row.of.write(judgement), row.write());
                    }
                    Added::default()
                })?;
        }
        Ok(())
    }

    /// Hands every adjustment of a judgement to `each`, those of clicks first and by slot.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn for_each_adjustment(
        &self,
        judgement: JudgementVersion,
        each: &mut dyn FnMut(Adjustment),
    ) -> Result<(), LogError> {
        self.adjustments(&judgement.0.to_be_bytes(), each)
    }

    /// Hands those of the clicks of one slot to `each`.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn for_each_adjusted_click(
        &self,
        judgement: JudgementVersion,
        slot: Slot,
        each: &mut dyn FnMut(EventNumber, PartnerId, i64),
    ) -> Result<(), LogError> {
        let [a, b, c, d] = judgement.0.to_be_bytes();
        let [e, f, g, h] = slot.0.to_be_bytes();
        self.adjustments(&[a, b, c, d, CLICK, e, f, g, h], &mut |row| {
            if let Adjusted::Click {
                number, partner, ..
            } = row.of
            {
                each(number, partner, row.more);
            }
        })
    }

    /// Hands those of one settled action to `each`.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn for_each_adjusted_action(
        &self,
        judgement: JudgementVersion,
        (program, event_type, action): (ProgramId, EventTypeId, u64),
        each: &mut dyn FnMut(PartnerId, i64),
    ) -> Result<(), LogError> {
        let of = Adjusted::Action {
            program,
            event_type,
            action,
            partner: PartnerId(0),
        };
        let mut prefix = of.write(judgement);
        prefix.truncate(prefix.len() - size_of::<u32>());
        self.adjustments(&prefix, &mut |row| {
            if let Adjusted::Action { partner, .. } = row.of {
                each(partner, row.more);
            }
        })
    }

    fn adjustments(&self, prefix: &[u8], each: &mut dyn FnMut(Adjustment)) -> Result<(), LogError> {
        let from = IteratorMode::From(prefix, Direction::Forward);
        let family = self.shared.cf(family::ADJUSTMENTS)?;
        for row in self.shared.db.iterator_cf(family, from) {
            let (row_key, value) = row.map_err(LogError::store("read an adjustment"))?;
            if !row_key.starts_with(prefix) {
                break;
            }
            each(Adjustment::read(&row_key, &value)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::{Clock, Options};

    fn click(slot: u32, number: u64, more: i64) -> Adjustment {
        let of = Adjusted::Click {
            slot: Slot(slot),
            number: EventNumber(number),
            partner: PartnerId(7),
        };
        Adjustment { of, more }
    }

    fn action(action: u64, partner: u32, more: i64) -> Adjustment {
        let of = Adjusted::Action {
            program: ProgramId(1),
            event_type: EventTypeId(2),
            action,
            partner: PartnerId(partner),
        };
        Adjustment { of, more }
    }

    fn all(log: &Log, judgement: u32) -> Vec<Adjustment> {
        let mut found = Vec::new();
        let version = JudgementVersion(judgement);
        log.for_each_adjustment(version, &mut |row| found.push(row))
            .unwrap();
        found
    }

    #[test]
    fn adjustments_are_found_by_judgement_slot_and_action_and_cleared_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&Options::new(folder.path()), Clock::start()).unwrap();
        let mut rows: Vec<_> = (0..2_500).map(|number| click(4, number, -1)).collect();
        rows.extend([click(5, 1, 3), action(9, 1, -5), action(9, 2, 5)]);
        log.put_adjustments(JudgementVersion(1), &rows).unwrap();
        log.put_adjustments(JudgementVersion(2), &[click(4, 3, 8)])
            .unwrap();
        assert_eq!(all(&log, 1), rows);
        let mut found = Vec::new();
        let version = JudgementVersion(1);
        log.for_each_adjusted_click(version, Slot(5), &mut |number, _, more| {
            found.push((number.0, more));
        })
        .unwrap();
        assert_eq!(found, [(1, 3)]);
        let mut found = Vec::new();
        let of = |action| (ProgramId(1), EventTypeId(2), action);
        for number in [8, 9, 10] {
            log.for_each_adjusted_action(version, of(number), &mut |partner, more| {
                found.push((partner.0, more));
            })
            .unwrap();
        }
        assert_eq!(found, [(1, -5), (2, 5)]);
        log.clear_adjustments(version).unwrap();
        assert!(all(&log, 1).is_empty());
        assert_eq!(all(&log, 2), [click(4, 3, 8)]);
    }

    proptest! {
        #[test]
        fn whatever_reads_writes_the_same_bytes(
            kind in 0_u8..4,
            rest in prop::collection::vec(any::<u8>(), 14..24),
            value in prop::collection::vec(prop_oneof![0_u8..3, any::<u8>()], 8..11),
        ) {
            let key = [&[0, 0, 0, 1, kind][..], &rest].concat();
            if let Ok(row) = Adjustment::read(&key, &value) {
                prop_assert_eq!(row.of.write(JudgementVersion(1)), key);
                prop_assert_eq!(row.write(), value);
            }
        }
    }
}
