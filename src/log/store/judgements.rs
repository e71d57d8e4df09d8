//! Judgements: which version of the rules judges the clicks of the past.
//!
//! A footer names the rules that were in force when its slot was closed. A judgement names others
//! for every slot up to one. Each reaches at least as far as the one before it, so the newest
//! counts alone; the older ones say what figures of then were made by.
//!
//! | family | key | value |
//! |---|---|---|
//! | `judgements` | version `u32` | format u8 (2), own u8, slot `u32`, rules version `u32`, |
//! | | | when `i64`, settled slot `u32`, adjustments `u64` |
//!
//! Own rules are stored with their judgement and judge the past alone: they are never in force for
//! what comes. Both rows are in one commit, with the fact that the fold must see. What was paid
//! before is not changed by it, but adjusted ([`super::adjustments`]).

use rocksdb::{DB, IteratorMode};

use crate::model::id::{JudgementVersion, RulesVersion, Slot};
use crate::model::time::Millis;

use super::super::commit::Added;
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::recover::cf;
use super::super::row::Corrupt;
use super::super::row::bytes::Cursor;
use super::super::row::footer::Footer;

const FORMAT: u8 = 2;
const LEN: usize = 30;

/// Which rules judge the clicks of all slots up to one. The default, version 0, judges none: each
/// slot by the rules that its footer names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Its version.
    pub version: JudgementVersion,
    /// The last slot that it judges.
    pub until: Slot,
    /// The rules.
    pub rules: RulesVersion,
    /// Whether the rules are stored with it, and never were in force.
    pub is_own: bool,
    /// When it was made: the time of its adjustments.
    pub at: Millis,
    /// The last slot in which it adjusts a click.
    pub settled: Slot,
    /// How many adjustments it makes.
    pub adjustments: u64,
}

impl Judgement {
    /// The rules that judge the slot of a footer.
    #[must_use]
    pub fn rules_of(&self, footer: &Footer) -> RulesVersion {
        if self.version.0 > 0 && footer.slot <= self.until {
            self.rules
        } else {
            footer.rules
        }
    }

    fn write(&self) -> [u8; LEN] {
        let mut row = [FORMAT; LEN];
        let parts: [&[u8]; 6] = [
            &[u8::from(self.is_own)],
            &self.until.0.to_be_bytes(),
            &self.rules.0.to_be_bytes(),
            &self.at.0.to_be_bytes(),
            &self.settled.0.to_be_bytes(),
            &self.adjustments.to_be_bytes(),
        ];
        let bytes = parts.into_iter().flatten();
        for (place, byte) in row.iter_mut().skip(1).zip(bytes) {
            *place = *byte;
        }
        row
    }

    fn read(row_key: &[u8], row: &[u8]) -> Result<Self, Corrupt> {
        let mut cursor = Cursor::new(family::JUDGEMENTS, row_key);
        let version = JudgementVersion(cursor.u32()?);
        cursor.end()?;
        let mut cursor = Cursor::new(family::JUDGEMENTS, row);
        let [format, is_own] = cursor.array()?;
        if format != FORMAT || is_own > 1 {
            return Err(cursor.corrupt("its format is unknown"));
        }
        let judgement = Self {
            version,
            until: Slot(cursor.u32()?),
            rules: RulesVersion(cursor.u32()?),
            is_own: is_own == 1,
            at: Millis(cursor.u64()?.cast_signed()),
            settled: Slot(cursor.u32()?),
            adjustments: cursor.u64()?,
        };
        cursor.end()?;
        Ok(judgement)
    }
}

/// Every judgement, the newest first.
fn newest_first(db: &DB) -> Result<impl Iterator<Item = Result<Judgement, LogError>>, LogError> {
    let rows = db.iterator_cf(cf(db, family::JUDGEMENTS)?, IteratorMode::End);
    Ok(rows.map(|row| {
        let (row_key, value) = row.map_err(LogError::store("read a judgement"))?;
        Ok(Judgement::read(&row_key, &value)?)
    }))
}

/// The newest version of the rules, and the newest that is, or was, in force; 0 for none.
pub(in crate::log) fn newest_rules(db: &DB) -> Result<(RulesVersion, RulesVersion), LogError> {
    let mut own = Vec::new();
    for judgement in newest_first(db)? {
        let judgement = judgement?;
        if judgement.is_own {
            own.push(judgement.rules);
        }
    }
    let mut newest = RulesVersion(0);
    for row in db.iterator_cf(cf(db, family::RULES)?, IteratorMode::End) {
        let (row_key, _) = row.map_err(LogError::store("read the newest rules"))?;
        let mut cursor = Cursor::new(family::RULES, &row_key);
        let version = RulesVersion(cursor.u32()?);
        cursor.end()?;
        newest = newest.max(version);
        if !own.contains(&version) {
            return Ok((newest, version));
        }
    }
    Ok((newest, RulesVersion(0)))
}

impl Log {
    /// The judgement that counts; version 0 when there is none.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn current_judgement(&self) -> Result<Judgement, LogError> {
        let newest = newest_first(&self.shared.db)?.next().transpose()?;
        Ok(newest.unwrap_or_default())
    }

    /// A judgement; version 0 judges nothing.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn judgement(&self, version: JudgementVersion) -> Result<Option<Judgement>, LogError> {
        if version == JudgementVersion(0) {
            return Ok(Some(Judgement::default()));
        }
        let row_key = version.0.to_be_bytes();
        let row = self.value(family::JUDGEMENTS, &row_key)?;
        let read = row.map(|row| Judgement::read(&row_key, &row));
        Ok(read.transpose()?)
    }

    /// What the next judgement would be, were it to judge all slots up to `until` by these rules.
    /// Rules that are in force keep their version.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn next_judgement(&self, until: Slot, rules: &[u8]) -> Result<Judgement, LogError> {
        let before = self.current_judgement()?;
        let in_force = self.current_rules();
        let is_own = self.rules(in_force)?.as_deref() != Some(rules);
        let (newest, _) = newest_rules(&self.shared.db)?;
        Ok(Judgement {
            version: JudgementVersion(before.version.0.saturating_add(1)),
            until: until.max(before.until),
            rules: if is_own {
                RulesVersion(newest.0.saturating_add(1))
            } else {
                in_force
            },
            is_own,
            ..Judgement::default()
        })
    }

    /// Every judgement up to a version that makes adjustments, the oldest first.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn adjusting(&self, last: JudgementVersion) -> Result<Vec<Judgement>, LogError> {
        let mut found = Vec::new();
        for judgement in newest_first(&self.shared.db)? {
            let judgement = judgement?;
            if judgement.version <= last && judgement.adjustments > 0 {
                found.push(judgement);
            }
        }
        found.reverse();
        Ok(found)
    }

    /// Stores a judgement with its rules, after its adjustments; it is durable on return, and what
    /// is folded again from then on is folded by it.
    ///
    /// # Errors
    /// It is not the next one any more, or the store failed.
    pub fn put_judgement(&self, judgement: &Judgement, rules: &[u8]) -> Result<(), LogError> {
        let _turn = self.shared.changes.lock();
        let next = self.next_judgement(judgement.until, rules)?;
        let named = |of: &Judgement| (of.version, of.until, of.rules, of.is_own);
        if named(&next) != named(judgement) {
            return Err(LogError::JudgementMoved);
        }
        let own = (family::RULES, judgement.rules.0, rules);
        let row = judgement.write();
        self.put_fact(
            (family::JUDGEMENTS, judgement.version.0, &row),
            judgement.is_own.then_some(own),
            Added::default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::{Clock, Options};

    fn open(folder: &std::path::Path) -> Log {
        Log::open(&Options::new(folder), Clock::start()).unwrap()
    }

    fn judge(log: &Log, until: u32, rules: &[u8]) -> Judgement {
        let next = log.next_judgement(Slot(until), rules).unwrap();
        log.put_judgement(&next, rules).unwrap();
        next
    }

    #[test]
    fn rules_of_a_judgement_judge_the_past_and_are_never_in_force() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        assert_eq!(log.current_judgement().unwrap(), Judgement::default());
        log.put_rules(b"one").unwrap();
        let first = judge(&log, 4, b"two");
        assert_eq!((first.version.0, first.rules.0, first.is_own), (1, 2, true));
        assert_eq!(log.current_rules(), RulesVersion(1));
        // The open slot tears here: its footer must name the rules in force.
        let last = log.seal().unwrap();
        let second = judge(&log, 3, b"one");
        assert_eq!(
            (second.until.0, second.rules.0, second.is_own),
            (4, 1, false)
        );
        log.stop().unwrap();
        drop(log);
        let log = open(folder.path());
        assert_eq!(log.current_rules(), RulesVersion(1));
        let footer = log.footer(last).unwrap().unwrap();
        assert_eq!((footer.rules, footer.facts), (RulesVersion(1), 2));
        assert_eq!(log.current_judgement().unwrap(), second);
        assert_eq!(log.judgement(first.version).unwrap(), Some(first));
        assert_eq!(log.judgement(JudgementVersion(3)).unwrap(), None);
        assert_eq!(
            log.rules(first.rules).unwrap().as_deref(),
            Some(&b"two"[..])
        );
        assert_eq!(log.put_rules(b"three").unwrap(), RulesVersion(3));
        assert_eq!(log.current_rules(), RulesVersion(3));
    }

    #[test]
    fn a_judgement_that_is_not_the_next_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        log.put_rules(b"one").unwrap();
        let next = log.next_judgement(Slot(1), b"two").unwrap();
        log.put_rules(b"between").unwrap();
        let refused = log.put_judgement(&next, b"two");
        assert!(matches!(refused, Err(LogError::JudgementMoved)));
        assert_eq!(log.current_judgement().unwrap(), Judgement::default());
        let next = judge(&log, 1, b"two");
        let again = log.put_judgement(&next, b"two");
        assert!(matches!(again, Err(LogError::JudgementMoved)));
    }

    #[test]
    fn it_judges_up_to_its_slot_and_no_further() {
        let judgement = Judgement {
            version: JudgementVersion(1),
            until: Slot(4),
            rules: RulesVersion(9),
            is_own: true,
            ..Judgement::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        log.put_rules(b"one").unwrap();
        let first = log.footer(log.seal().unwrap()).unwrap().unwrap();
        let of = |slot| {
            let footer = Footer {
                slot: Slot(slot),
                ..first.clone()
            };
            let none = Judgement::default();
            (judgement.rules_of(&footer).0, none.rules_of(&footer).0)
        };
        assert_eq!([of(0), of(4), of(5)], [(9, 1), (9, 1), (1, 1)]);
    }

    proptest! {
        #[test]
        fn whatever_reads_writes_the_same_bytes(
            key: [u8; 4],
            own in 0_u8..3,
            rest: [u8; 28],
            cut in 0_usize..LEN + 2,
        ) {
            let row = [&[FORMAT, own][..], &rest, &[0]].concat();
            let row = &row[..cut.min(row.len())];
            match Judgement::read(&key, row) {
                Ok(judgement) => prop_assert_eq!(&judgement.write()[..], row),
                Err(_) => prop_assert!(own > 1 || row.len() != LEN),
            }
        }
    }
}
