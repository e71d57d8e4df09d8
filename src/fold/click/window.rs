//! The unique-click rule, and the window rows it needs, kept in memory as far as they matter.
//!
//! A click is a duplicate when its own time is less than the program's window after the reference:
//! the visitor's last unique click (FIXED) or last click of any kind (ROLLING). A gap of exactly
//! the window is unique. A click older than its reference is a duplicate.

use std::hash::{Hash, Hasher};

use ahash::{AHashMap, RandomState};

use crate::derived::{Batch, Families, JobWindowKey, Window, WindowKey};
use crate::model::click::Visitor;
use crate::model::id::{JobId, PartnerId, ProgramId};
use crate::model::time::{Day, MINUTE, Millis};

use super::super::error::FoldError;
use super::known::Known;

/// Window rows held in each of two maps, as many as a table of 2^20 places takes: 60 MiB.
const HELD_MAX: usize = 917_504;

/// A program's unique-click rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fold) struct Rule {
    /// The window in milliseconds.
    pub(in crate::fold) window: i64,
    /// Whether every click prolongs it.
    pub(in crate::fold) rolling: bool,
}

impl Rule {
    /// For a program that the slot's catalogue does not know, which no answered click should name:
    /// 30 minutes, rolling.
    pub(in crate::fold) const FALLBACK: Self = Self {
        window: 30 * MINUTE,
        rolling: true,
    };

    /// Whether a click at `at` is unique for a visitor who was `seen` before, and what has been
    /// seen of the visitor after it.
    pub(in crate::fold) fn judge(self, at: Millis, seen: Option<Window>) -> (bool, Window) {
        let Some(seen) = seen else {
            let first = Window {
                unique: at,
                click: at,
            };
            return (true, first);
        };
        let reference = if self.rolling {
            seen.click
        } else {
            seen.unique
        };
        let unique = at.since(reference) >= self.window;
        let now = Window {
            unique: if unique {
                seen.unique.max(at)
            } else {
                seen.unique
            },
            click: seen.click.max(at),
        };
        (unique, now)
    }

    /// The earliest reference that can make a click at `at` a duplicate.
    fn earliest(self, at: Millis) -> Millis {
        at.plus(1_i64.saturating_sub(self.window.max(0)))
    }
}

/// What two rows of the same visitor, under two salts, say together.
pub(in crate::fold) fn later(a: Option<Window>, b: Option<Window>) -> Option<Window> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Window {
            unique: a.unique.max(b.unique),
            click: a.click.max(b.click),
        }),
        (one, None) | (None, one) => one,
    }
}

/// A key of window rows: of live clicks, or of an import.
pub(in crate::fold) trait WindowRow: Copy + Ord {
    /// The stored row.
    fn stored(self, families: &Families<'_>) -> Result<Option<Window>, FoldError>;

    /// Puts rows into the batch, keys rising.
    fn put(rows: &[(Self, Window)], batch: &mut Batch<'_>) -> Result<(), FoldError>;

    /// A number that few other keys have: visitors are as good as random.
    fn number(self) -> u64;
}

fn number(visitor: Visitor, partner: PartnerId, program: ProgramId) -> u64 {
    visitor.0 ^ (u64::from(partner.0) << 32 | u64::from(program.0))
}

/// A key in a map, found by its number: hashing every field by itself takes several times as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held<K>(K);

impl<K: WindowRow> Hash for Held<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.number());
    }
}

impl WindowRow for WindowKey {
    fn stored(self, families: &Families<'_>) -> Result<Option<Window>, FoldError> {
        Ok(families.window(self)?)
    }

    fn put(rows: &[(Self, Window)], batch: &mut Batch<'_>) -> Result<(), FoldError> {
        Ok(batch.windows(rows)?)
    }

    fn number(self) -> u64 {
        number(self.visitor, self.partner, self.program)
    }
}

impl WindowRow for JobWindowKey {
    fn stored(self, families: &Families<'_>) -> Result<Option<Window>, FoldError> {
        Ok(families.job_window(self)?)
    }

    fn put(rows: &[(Self, Window)], batch: &mut Batch<'_>) -> Result<(), FoldError> {
        Ok(batch.job_windows(rows)?)
    }

    fn number(self) -> u64 {
        number(self.visitor, self.partner, self.program)
    }
}

/// Window rows in two maps of bounded size, the young and the old one.
///
/// Everybody with a row that is held, or stored with a last click at `complete_from` or later, is
/// known, so for most clicks a visitor that is not known is new and the store need not be asked. A
/// row that is older can't make the click a duplicate, and what it says is overwritten by the later
/// times of that click: the rows are the same whether it was read or not.
#[derive(Debug)]
pub(in crate::fold) struct Windows<K> {
    young: AHashMap<Held<K>, Window>,
    old: AHashMap<Held<K>, Window>,
    known: Known,
    hasher: RandomState,
    complete_from: Millis,
    /// Keys of rows in the young map that are not stored as they are, some more than once. While
    /// rows are held back that is taken of all of them.
    changed: Vec<K>,
    held_max: usize,
    holds_back: bool,
}

impl<K: WindowRow> Windows<K> {
    /// Nothing held. `newest` is the latest own time of any click that has a stored row.
    pub(in crate::fold) fn new(newest: Option<Millis>) -> Self {
        Self {
            young: AHashMap::new(),
            old: AHashMap::new(),
            known: Known::default(),
            hasher: RandomState::new(),
            complete_from: newest.map_or(Millis(i64::MIN), |newest| newest.plus(1)),
            changed: Vec::new(),
            held_max: HELD_MAX,
            holds_back: false,
        }
    }

    /// What was seen of a visitor under the salt of the click's day and, where the click carries
    /// it, of the day before, as far as it matters to a click at `at` under `rule`.
    pub(in crate::fold) fn seen(
        &self,
        families: &Families<'_>,
        (today, before): (K, Option<K>),
        rule: Rule,
        at: Millis,
    ) -> Result<Option<Window>, FoldError> {
        let from = rule.earliest(at);
        let seen = self.row(families, today, from)?;
        Ok(match before {
            None => seen,
            Some(before) => later(seen, self.row(families, before, from)?),
        })
    }

    /// The row of `key`, if its last click is at `from` or later; what is older may be missing.
    fn row(
        &self,
        families: &Families<'_>,
        key: K,
        from: Millis,
    ) -> Result<Option<Window>, FoldError> {
        if self.known.may_hold(self.hash(key)) {
            let held = self.young.get(&Held(key));
            if let Some(held) = held.or_else(|| self.old.get(&Held(key))) {
                return Ok(Some(*held));
            }
        } else if from >= self.complete_from {
            return Ok(None);
        }
        key.stored(families)
    }

    fn hash(&self, key: K) -> u64 {
        self.hasher.hash_one(Held(key))
    }

    /// Notes what has been seen of a visitor.
    pub(in crate::fold) fn set(&mut self, key: K, window: Window) {
        self.young.insert(Held(key), window);
        self.known.put(self.hash(key), window.click);
        if !self.holds_back {
            self.changed.push(key);
        }
    }

    /// Has rows written no sooner than they leave the memory; most are forgotten before that. Only
    /// for a generation that does not serve: its rows say less than its watermark until
    /// [`Self::release`].
    pub(in crate::fold) fn hold_back(&mut self) {
        self.holds_back = true;
        self.changed.clear();
    }

    /// Puts every row that is held back into the batch, and holds nothing back any more.
    pub(in crate::fold) fn release(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        if self.holds_back {
            self.holds_back = false;
            self.write_all(batch)?;
        }
        Ok(())
    }

    /// Puts every changed row into the batch; those held back only when they are about to leave
    /// the memory.
    pub(in crate::fold) fn write(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        if self.holds_back {
            return if self.is_full() {
                self.write_all(batch)
            } else {
                Ok(())
            };
        }
        self.changed.sort_unstable();
        self.changed.dedup();
        let held = |key| Some((key, *self.young.get(&Held(key))?));
        let rows: Vec<_> = self.changed.drain(..).filter_map(held).collect();
        K::put(&rows, batch)
    }

    fn write_all(&self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        let rows = self.young.iter().map(|(Held(key), window)| (*key, *window));
        let mut rows: Vec<_> = rows.collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        K::put(&rows, batch)
    }

    /// A row of a click at `time` is stored and not held: it was judged before this start.
    pub(in crate::fold) fn is_stored(&mut self, time: Millis) {
        self.complete_from = self.complete_from.max(time.plus(1));
    }

    /// Whether no row is held.
    pub(in crate::fold) fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }

    /// No row is stored, and none is held.
    pub(in crate::fold) fn begin_anew(&mut self) {
        self.complete_from = Millis(i64::MIN);
        self.known = Known::default();
    }

    /// Ends the slot: lets go of the old map when the young one is full. Only between slots, since
    /// a changed row must be in the young map until it is written; comes after [`Self::write`].
    pub(in crate::fold) fn rotate(&mut self) {
        if let Some(forgotten) = self.known.make_room() {
            self.complete_from = self.complete_from.max(forgotten.plus(1));
        }
        if !self.is_full() {
            return;
        }
        // The room of the one is used again, for it is large.
        std::mem::swap(&mut self.old, &mut self.young);
        self.young.clear();
    }

    fn keep(&mut self, keep: impl Fn(&K) -> bool) {
        self.young.retain(|Held(key), _| keep(key));
        self.old.retain(|Held(key), _| keep(key));
        self.changed.retain(keep);
    }

    fn is_full(&self) -> bool {
        self.young.len() >= self.held_max
    }

    /// Holds at most `held_max` rows a map, and knows eight times as many visitors.
    pub(in crate::fold) fn hold(&mut self, held_max: usize) {
        self.held_max = held_max;
        self.known = Known::of_at_most(held_max);
    }
}

impl Windows<WindowKey> {
    /// Forgets every row of salt days up to `last`, stored ones, those of this slot's batch, and
    /// those in memory. Comes after [`Self::write`].
    pub(in crate::fold) fn forget(
        &mut self,
        families: &Families<'_>,
        last: Day,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
        let mut programs = families.programs_with_windows(last)?;
        let held = self.young.keys().filter(|Held(key)| key.day <= last);
        programs.extend(held.map(|Held(key)| key.program));
        programs.sort_unstable();
        programs.dedup();
        for program in programs {
            batch.forget_windows(program, last);
        }
        self.keep(|key| key.day > last);
        Ok(())
    }
}

impl Windows<JobWindowKey> {
    /// Forgets every row of a job on a program, as [`Windows::forget`] does.
    pub(in crate::fold) fn forget_job(
        &mut self,
        job: JobId,
        program: ProgramId,
        batch: &mut Batch<'_>,
    ) {
        batch.forget_job(program, job);
        self.keep(|key| (key.job, key.program) != (job, program));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folds own times in order; which are unique.
    fn fold(rule: Rule, times: &[i64]) -> Vec<bool> {
        let mut seen = None;
        let mut unique = Vec::new();
        for at in times {
            let (is_unique, now) = rule.judge(Millis(*at), seen);
            unique.push(is_unique);
            seen = Some(now);
        }
        unique
    }

    #[test]
    fn a_gap_of_exactly_the_window_is_unique() {
        for rolling in [false, true] {
            let rule = Rule {
                window: 100,
                rolling,
            };
            assert_eq!(fold(rule, &[0, 99]), [true, false]);
            assert_eq!(fold(rule, &[0, 100]), [true, true]);
            assert_eq!(fold(rule, &[0, 0]), [true, false]);
        }
    }

    #[test]
    fn every_click_prolongs_a_rolling_window_and_none_a_fixed_one() {
        let times = [0, 60, 120, 180, 280];
        let rule = |rolling| Rule {
            window: 100,
            rolling,
        };
        assert_eq!(fold(rule(true), &times), [true, false, false, false, true]);
        assert_eq!(fold(rule(false), &times), [true, false, true, false, true]);
    }

    #[test]
    fn a_late_click_is_a_duplicate_and_moves_nothing_back() {
        let rule = Rule {
            window: 100,
            rolling: true,
        };
        assert_eq!(
            fold(rule, &[500, 100, 590, 690]),
            [true, false, false, true]
        );
    }

    #[test]
    fn a_window_of_nothing_makes_every_click_unique() {
        let rule = Rule {
            window: 0,
            rolling: true,
        };
        assert_eq!(fold(rule, &[5, 5, 6]), [true, true, true]);
    }

    #[test]
    fn the_later_of_two_salts_counts() {
        let window = |unique, click| Window {
            unique: Millis(unique),
            click: Millis(click),
        };
        let both = later(Some(window(1, 9)), Some(window(5, 6)));
        assert_eq!(both, Some(window(5, 9)));
        assert_eq!(later(None, Some(window(1, 2))), Some(window(1, 2)));
        assert_eq!(later(Some(window(1, 2)), None), Some(window(1, 2)));
        assert_eq!(later(None, None), None);
    }
}
