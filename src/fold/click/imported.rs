//! The clicks of imports: judged as live ones are, each by its own time.
//!
//! An import sends its rows in the order of their own times, so within a job numbers grow with own
//! times, over all of its slots. The visitors of a job are known by nothing but their rows in
//! `job_windows`: no live click and no other job sees them, and they are gone once it ends.

use crate::catalog::Catalog;
use crate::derived::{
    Batch, Class, External, ExternalKey, Families, JobWindowKey, Judged, Reasons, Verdict,
};
use crate::log::{Imported, Log};
use crate::model::click::StoredClick;
use crate::model::id::{AdId, EventNumber, JobId, PartnerId, ProgramId, Slot};
use crate::model::submission::Fingerprint;
use crate::model::time::Millis;

use super::super::adjust::Book;
use super::super::cells::{Cells, Facets};
use super::super::days::Days;
use super::super::error::FoldError;
use super::agents::Agents;
use super::charge::{Charges, Terms};
use super::classify;
use super::requests::Requests;
use super::row::{Row, click_terms};
use super::signs::SignReader;
use super::window::Windows;

/// An imported click while its slot is folded.
#[derive(Clone, Copy, Debug)]
struct ImportedRow {
    row: Row,
    job: JobId,
    ad: AdId,
    external: Fingerprint,
}

/// What clicks are judged by, and what they add to.
pub(in crate::fold) struct Judging<'a, 'f> {
    pub(in crate::fold) log: &'a Log,
    pub(in crate::fold) families: &'a Families<'f>,
    pub(in crate::fold) catalog: &'a Catalog,
    pub(in crate::fold) agents: &'a mut Agents,
    pub(in crate::fold) requests: &'a mut Requests,
    pub(in crate::fold) signs: &'a mut SignReader,
    pub(in crate::fold) days: &'a mut Days,
    pub(in crate::fold) cells: &'a mut Cells,
    pub(in crate::fold) charges: &'a mut Charges,
    pub(in crate::fold) book: &'a mut Book,
}

/// The imported clicks of a slot, and what is known of their visitors.
#[derive(Debug)]
pub(in crate::fold) struct Imports {
    rows: Vec<ImportedRow>,
    ends: Vec<(JobId, ProgramId)>,
    pub(in crate::fold) windows: Windows<JobWindowKey>,
}

impl Default for Imports {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            ends: Vec::new(),
            // Whatever is stored may be of a job that goes on.
            windows: Windows::new(Some(Millis(i64::MAX))),
        }
    }
}

impl Imports {
    /// Forgets the clicks of the slot before.
    pub(in crate::fold) fn begin_slot(&mut self) {
        self.rows.clear();
        self.ends.clear();
    }

    /// Sees whether visitors of any job are stored, where none is held.
    pub(in crate::fold) fn begin_judging(
        &mut self,
        families: &Families<'_>,
    ) -> Result<(), FoldError> {
        if self.windows.is_empty() && !families.has_job_windows()? {
            self.windows.begin_anew();
        }
        Ok(())
    }

    /// Takes a click of `slot`.
    pub(in crate::fold) fn push<P>(
        &mut self,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
        imported: Imported<P>,
        facets: Facets,
    ) {
        let ad = imported.click.ad;
        let stored = StoredClick {
            partner,
            number,
            click: imported.click,
        };
        let mut row = Row::new(slot, &stored, facets);
        row.time = imported.time;
        self.rows.push(ImportedRow {
            row,
            job: imported.job,
            ad,
            external: imported.external,
        });
    }

    /// Ends the reading of a slot, in which these jobs end.
    pub(in crate::fold) fn all_read(&mut self, ends: Vec<(JobId, ProgramId)>) {
        self.ends = ends;
        self.rows
            .sort_unstable_by_key(|imported| imported.row.order());
    }

    /// How many clicks there are.
    pub(in crate::fold) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Judges the click at `at` and puts what becomes of it into the batch. One that was `judged`
    /// before this start has its verdict already.
    pub(in crate::fold) fn settle(
        &mut self,
        at: usize,
        judged: bool,
        judging: &mut Judging<'_, '_>,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
        let Some(imported) = self.rows.get(at).copied() else {
            return Ok(());
        };
        let mut row = imported.row;
        if judged {
            let stored = judging.families.verdict(row.key())?;
            row.verdict = stored.ok_or(FoldError::VerdictMissing(row.number))?;
        } else {
            self.judge(&imported, &mut row, judging)?;
        }
        let program = judging.catalog.program(row.program);
        let day = judging.days.day(program, row.program, row.time);
        let terms = Terms {
            log: judging.log,
            families: judging.families,
            catalog: judging.catalog,
        };
        let charge = judging.charges.charge(terms, program, &row, day)?;
        let judged_now = Judged {
            verdict: row.verdict,
            charge: judging.book.charge(&row, charge),
        };
        if !judged {
            batch.judged(row.key(), &judged_now);
            let key = ExternalKey {
                program: row.program,
                external: imported.external,
            };
            batch.set_external(
                key,
                External {
                    partner: row.partner,
                    ad: imported.ad,
                    time: row.time,
                    number: row.number,
                    slot: row.verdict.slot,
                },
            );
        }
        if let Some(settled) = self.rows.get_mut(at) {
            settled.row.verdict = row.verdict;
        }
        let (log, cells) = (judging.log, &mut *judging.cells);
        judging
            .requests
            .describe(log, row.request, &mut row.facets, cells)?;
        row.count(judging.families, cells, (day, judged_now.cost()))?;
        let days = &mut *judging.days;
        judging.book.count(&row, (program, days), cells);
        Ok(())
    }

    /// The verdict on a click of this slot, by its place in the order of [`Row::order`].
    pub(in crate::fold) fn verdict(
        &self,
        place: (ProgramId, PartnerId, Millis, EventNumber),
    ) -> Option<Verdict> {
        let found = self
            .rows
            .binary_search_by_key(&place, |imported| imported.row.order());
        let row = self.rows.get(found.ok()?)?;
        Some(row.row.verdict)
    }

    fn judge(
        &mut self,
        imported: &ImportedRow,
        row: &mut Row,
        judging: &mut Judging<'_, '_>,
    ) -> Result<(), FoldError> {
        let terms = click_terms(judging.catalog, row.program);
        let (agents, requests) = (&mut *judging.agents, &mut *judging.requests);
        let by = (agents, requests, judging.catalog);
        let mut reasons = judging.signs.judge(judging.log, row, &terms, by)?;
        row.verdict.class = if let Some(class) = classify::outside_windows(reasons) {
            class
        } else {
            let key = JobWindowKey {
                program: row.program,
                job: imported.job,
                partner: row.partner,
                visitor: row.visitor,
            };
            let keys = (key, None);
            let seen = self
                .windows
                .seen(judging.families, keys, terms.rule, row.time)?;
            let (unique, now) = terms.rule.judge(row.time, seen);
            self.windows.set(key, now);
            if unique {
                Class::Unique
            } else {
                reasons.set(Reasons::DUPLICATE);
                Class::Duplicate
            }
        };
        row.verdict.reasons = reasons;
        Ok(())
    }

    /// Forgets the visitors of the jobs that end. Comes after the windows are written.
    pub(in crate::fold) fn end_jobs(&mut self, batch: &mut Batch<'_>) {
        for (job, program) in self.ends.drain(..) {
            self.windows.forget_job(job, program, batch);
        }
    }
}
