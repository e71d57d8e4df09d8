//! Reads of one moment: a snapshot, so that a report never sees half a slot.

use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rocksdb::{DB, ReadOptions, SnapshotWithThreadMode};

use crate::model::id::{EventNumber, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::tally::{Facet, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{Buckets, CubeId, Granularity};

use super::error::DerivedError;
use super::family::Family;
use super::generation::{Families, read};
use super::handle::Watermark;
use super::row::bytes::Why;
use super::row::cell;
use super::row::key::{CellKey, OutcomeKey, VerdictKey, WaitingKey};
use super::row::mark::{Begun, Mark};
use super::row::outcome::{Settled, decode_waiting};
use super::row::verdict::{Judged, Verdict};

/// Ends reads that nobody waits for any more. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Nobody waits any more.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether nobody waits any more.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Rows read before it is asked whether anybody still waits, a few milliseconds at the most.
const ASK_AFTER: usize = 1_024;

/// One cell of a cube.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The program.
    pub program: ProgramId,
    /// The length of the stretch of time.
    pub granularity: Granularity,
    /// Its first day in the program's zone.
    pub day: Day,
    /// The partner; 0 for all that the catalogue does not know.
    pub partner: PartnerId,
    /// What it is for besides.
    pub facet: Facet,
    /// Its sums.
    pub tally: Tally,
}

/// Takes one cell, which is written over by the next one.
pub type TakeCell<'a> = dyn FnMut(&Cell) + 'a;

/// Takes one row; says whether to go on, or what is wrong with the row.
pub(super) type OnRow<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Why> + 'a;

/// A generation at one moment.
pub struct View<'a> {
    families: Families<'a>,
    moment: SnapshotWithThreadMode<'a, DB>,
    /// The slot that is being folded: its verdicts are not there yet.
    begun: Option<Slot>,
    stop: Stop,
}

impl<'a> View<'a> {
    pub(super) fn new(families: Families<'a>) -> Result<Self, DerivedError> {
        let mut view = Self {
            families,
            moment: families.db.snapshot(),
            begun: None,
            stop: Stop::default(),
        };
        let begun = view.get(Family::Meta, Families::BEGUN_KEY, Begun::decode)?;
        view.begun = begun.map(|begun| begun.slot);
        Ok(view)
    }

    /// Has reads of many rows end with [`DerivedError::Stopped`] once `stop` is set.
    #[must_use]
    pub fn until(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// How far the rows seen here go; `None` before the first slot.
    ///
    /// # Errors
    /// RocksDB fails or a row is damaged; so for every read here.
    pub fn watermark(&self) -> Result<Option<Watermark>, DerivedError> {
        let mark = self.mark()?;
        Ok(mark.map(|mark| Watermark {
            slot: mark.slot,
            wall_end: mark.wall_end,
        }))
    }

    /// The same, with by what it was folded.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn mark(&self) -> Result<Option<Mark>, DerivedError> {
        self.get(Family::Meta, Families::MARK_KEY, Mark::decode)
    }

    /// Hands every cell of one program between two days inclusive to `f`, by day, partner and
    /// facet; those of one partner are found day by day.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_cell(
        &self,
        cube: CubeId,
        program: ProgramId,
        days: RangeInclusive<Day>,
        partner: Option<PartnerId>,
        f: &mut TakeCell<'_>,
    ) -> Result<(), DerivedError> {
        self.for_each_cell_in((cube, program), &(Granularity::Day, days), partner, f)
    }

    /// The same of other stretches of time that the cube keeps.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_cell_in(
        &self,
        of: (CubeId, ProgramId),
        (granularity, days): &Buckets,
        partner: Option<PartnerId>,
        f: &mut TakeCell<'_>,
    ) -> Result<(), DerivedError> {
        let Some(partner) = partner else {
            let partners = PartnerId(0)..=PartnerId(u32::MAX);
            return self.cells(of, (*granularity, days.clone()), partners, f);
        };
        for day in (days.start().0..=days.end().0).step_by(granularity.days()) {
            let bucket = (*granularity, Day(day)..=Day(day));
            self.cells(of, bucket, partner..=partner, f)?;
        }
        Ok(())
    }

    fn cells(
        &self,
        (cube, program): (CubeId, ProgramId),
        (granularity, days): Buckets,
        partners: RangeInclusive<PartnerId>,
        f: &mut TakeCell<'_>,
    ) -> Result<(), DerivedError> {
        let key = |day, partner| CellKey {
            cube,
            program,
            granularity,
            day,
            partner,
        };
        if days.is_empty() {
            return Ok(());
        }
        let first = cell::key(key(*days.start(), *partners.start()), &Facet::None);
        let last = cell::key(key(*days.end(), *partners.end()), &Facet::Other);
        self.scan_cells(&first, &last, f)
    }

    fn scan_cells(
        &self,
        first: &[u8],
        last: &[u8],
        f: &mut TakeCell<'_>,
    ) -> Result<(), DerivedError> {
        let mut cell = Cell::default();
        self.scan(Family::Aggregates, first, Some(last), &mut |key, value| {
            let (key, facet) = cell::decode_key(key)?;
            cell::decode_into(value, &mut cell.tally)?;
            (cell.program, cell.partner, cell.facet) = (key.program, key.partner, facet);
            (cell.granularity, cell.day) = (key.granularity, key.day);
            f(&cell);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands every cell of every program of one cube to `f`, be it of a day or of more.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_cell_of_all(
        &self,
        cube: CubeId,
        f: &mut TakeCell<'_>,
    ) -> Result<(), DerivedError> {
        let last = [&[cube.0][..], &[u8::MAX; CellKey::LEN]].concat();
        self.scan_cells(&[cube.0], &last, f)
    }

    /// Hands the verdicts on one partner's clicks with own times in `times` to `f`, in time order,
    /// until it breaks.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_verdict(
        &self,
        program: ProgramId,
        partner: PartnerId,
        times: RangeInclusive<Millis>,
        f: &mut dyn FnMut(VerdictKey, Judged) -> ControlFlow<()>,
    ) -> Result<(), DerivedError> {
        let key = |time: Millis, number| VerdictKey {
            program,
            partner,
            day: time.utc_day(),
            time,
            number,
        };
        let first = key(*times.start(), EventNumber(0)).encode();
        let last = key(*times.end(), EventNumber(u64::MAX)).encode();
        if times.is_empty() {
            return Ok(());
        }
        self.scan(Family::Verdicts, &first, Some(&last), &mut |key, value| {
            let (key, judged) = (VerdictKey::decode(key)?, Judged::decode(value)?);
            Ok(if self.is_shown(judged.verdict) {
                f(key, judged)
            } else {
                ControlFlow::Continue(())
            })
        })
    }

    /// The same for the clicks of all partners of a program, by partner.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_verdict_of_program(
        &self,
        program: ProgramId,
        times: &RangeInclusive<Millis>,
        f: &mut dyn FnMut(VerdictKey, Judged) -> ControlFlow<()>,
    ) -> Result<(), DerivedError> {
        let mut next = Some(PartnerId(0));
        while let Some(PartnerId(from)) = next {
            let first = [program.0.to_be_bytes(), from.to_be_bytes()].concat();
            let last = [&program.0.to_be_bytes()[..], &[u8::MAX; VerdictKey::LEN]].concat();
            let mut found = None;
            self.scan(Family::Verdicts, &first, Some(&last), &mut |key, _| {
                found = Some(VerdictKey::decode(key)?.partner);
                Ok(ControlFlow::Break(()))
            })?;
            let Some(partner) = found else { break };
            let mut flow = ControlFlow::Continue(());
            self.for_each_verdict(program, partner, times.clone(), &mut |key, judged| {
                flow = f(key, judged);
                flow
            })?;
            if flow.is_break() {
                break;
            }
            next = partner.0.checked_add(1).map(PartnerId);
        }
        Ok(())
    }

    /// Hands every verdict to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_verdict_of_all(
        &self,
        f: &mut dyn FnMut(VerdictKey, Judged),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Verdicts, &[], None, &mut |key, value| {
            let (key, judged) = (VerdictKey::decode(key)?, Judged::decode(value)?);
            if self.is_shown(judged.verdict) {
                f(key, judged);
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands every outcome to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_outcome(
        &self,
        f: &mut dyn FnMut(SubmissionId, Settled),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Outcomes, &[], None, &mut |key, value| {
            let key = OutcomeKey::decode(key)?;
            f(key.submission(), Settled::decode(key.program, value)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Hands every waiting submission to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn for_each_waiting(&self, f: &mut dyn FnMut(WaitingKey)) -> Result<(), DerivedError> {
        self.scan(Family::Waiting, &[], None, &mut |key, value| {
            decode_waiting(value)?;
            f(WaitingKey::decode(key)?);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The verdict on one click.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn verdict(&self, key: VerdictKey) -> Result<Option<Verdict>, DerivedError> {
        Ok(self.judged(key)?.map(|judged| judged.verdict))
    }

    /// The verdict on one click, and what it comes to.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn judged(&self, key: VerdictKey) -> Result<Option<Judged>, DerivedError> {
        let judged = self.get(Family::Verdicts, &key.encode(), Judged::decode)?;
        Ok(judged.filter(|judged| self.is_shown(judged.verdict)))
    }

    fn is_shown(&self, verdict: Verdict) -> bool {
        self.begun != Some(verdict.slot)
    }

    /// What became of a submission; `None` before its slot is folded.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn outcome(&self, id: SubmissionId) -> Result<Option<Settled>, DerivedError> {
        self.get(Family::Outcomes, &OutcomeKey::from(id).encode(), |value| {
            Settled::decode(id.program, value)
        })
    }

    /// Hands every row of `family` to `f` as it is stored, in key order; for comparing stores.
    ///
    /// # Errors
    /// As [`View::watermark`].
    pub fn dump(
        &self,
        family: Family,
        f: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Result<(), DerivedError> {
        self.scan(family, &[], None, &mut |key, value| {
            f(key, value);
            Ok(ControlFlow::Continue(()))
        })
    }

    pub(super) fn get<T>(
        &self,
        family: Family,
        key: &[u8],
        decode: impl FnOnce(&[u8]) -> Result<T, Why>,
    ) -> Result<Option<T>, DerivedError> {
        let value = self.moment.get_pinned_cf(self.families.of(family), key)?;
        value
            .map(|value| read(family, key, decode(&value)))
            .transpose()
    }

    /// Rows from `first` to `last` inclusive.
    pub(super) fn scan(
        &self,
        family: Family,
        first: &[u8],
        last: Option<&[u8]>,
        f: &mut OnRow<'_>,
    ) -> Result<(), DerivedError> {
        let mut options = ReadOptions::default();
        if let Some(last) = last {
            // The next key that there can be.
            options.set_iterate_upper_bound([last, &[0]].concat());
        }
        let handle = self.families.of(family);
        let mut at = self.moment.raw_iterator_cf_opt(handle, options);
        at.seek(first);
        let mut rows = 0_usize;
        while let Some((key, value)) = at.item() {
            if rows.is_multiple_of(ASK_AFTER) && self.stop.is_set() {
                return Err(DerivedError::Stopped);
            }
            rows += 1;
            if read(family, key, f(key, value))?.is_break() {
                break;
            }
            at.next();
        }
        at.status()?;
        Ok(())
    }
}
