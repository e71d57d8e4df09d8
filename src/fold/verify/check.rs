//! The comparisons, in one pass over the log and one over each derived family.

use ahash::{AHashMap, AHashSet};

use crate::derived::{
    Action, ActionId, Derived, OrderKey, SubmissionOutcome, UpdateKey, VerdictKey, View,
};
use crate::log::{Footer, Log, LogError};
use crate::model::action::settlement::Settlement;
use crate::model::arrival::Stream;
use crate::model::entry::Entry;
use crate::model::id::{EventNumber, PartnerId, ProgramId, Slot, SubmissionId};

use super::super::error::FoldError;
use super::adjusted::Adjustments;
use super::against::{against, counted_at};
use super::ledger::Balance;
use super::limits::Limits;
use super::notices::Told;
use super::recount::{Recount, Zones};
use super::recurrences::Recurrences;
use super::report::VerifyReport;
use super::signed::Signed;
use super::updates::Updates;
use super::uploads::Uploads;

/// Compares log and derived rows up to the watermark of the generation that serves. Changes
/// nothing and may run beside everything else.
///
/// # Errors
/// A store fails, or rows are damaged so that they do not read. Differences are no errors.
pub fn verify(log: &Log, derived: &Derived) -> Result<VerifyReport, FoldError> {
    let generation = derived.serving();
    let view = generation.view()?;
    let mut check = Check {
        log,
        view: &view,
        zones: Zones::default(),
        recount: Recount::default(),
        limits: Limits::default(),
        signed: Signed::default(),
        clicks: AHashMap::new(),
        balance: Balance::default(),
        credited: 0,
        changed: 0,
        restored: 0,
        uploads: Uploads::default(),
        adjustments: Adjustments::default(),
        report: VerifyReport::default(),
    };
    let Some(mark) = view.mark()? else {
        return Ok(check.report);
    };
    let judgement = log.judgement(mark.judgement)?;
    check.signed = Signed::by(judgement.ok_or(FoldError::JudgementMissing(mark.judgement))?);
    check.adjustments = Adjustments::by(log, mark.judgement, &mut check.report)?;
    check.report.slot = mark.slot.0;
    check.slots(mark.slot)?;
    check.verdicts()?;
    check.actions()?;
    check.outcomes()?;
    let recount = std::mem::take(&mut check.recount);
    recount.compare(&view, &mut check.report)?;
    let adjustments = std::mem::take(&mut check.adjustments);
    adjustments.compare(&view, mark.slot, &mut check.report)?;
    std::mem::take(&mut check.uploads).compare(&view, &mut check.report)?;
    check.balance.check(&mut check.report);
    Ok(check.report)
}

/// Count and mixed sum of a set of clicks: equal for equal sets, in whatever order they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    count: u32,
    mixed: u64,
}

impl Sum {
    fn of(program: ProgramId, partner: PartnerId, number: EventNumber) -> u64 {
        // The finisher of SplitMix64, once for each part.
        let mix = |value: u64| {
            let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            value ^ (value >> 31)
        };
        let owner = u64::from(program.0) << 32 | u64::from(partner.0);
        mix(mix(owner.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ number.0)
    }
}

struct Check<'a> {
    log: &'a Log,
    view: &'a View<'a>,
    zones: Zones,
    recount: Recount,
    limits: Limits,
    signed: Signed,
    /// Per slot: clicks in the log, and clicks with a verdict that names the slot.
    clicks: AHashMap<Slot, (Sum, Sum)>,
    balance: Balance,
    credited: u64,
    changed: u64,
    /// Actions that these rules do not give, but that locked.
    restored: u64,
    uploads: Uploads,
    adjustments: Adjustments,
    report: VerifyReport,
}

impl Check<'_> {
    fn slots(&mut self, last: Slot) -> Result<(), FoldError> {
        let Some(first) = self.log.first_slot()? else {
            self.report
                .differs("log", || "footers".to_owned(), "some", "none");
            return Ok(());
        };
        for slot in (first.0..=last.0).map(Slot) {
            self.report.slots += 1;
            let Some(footer) = self.log.footer(slot)? else {
                self.report
                    .differs("footer", || format!("slot {slot}"), "a footer", "none");
                continue;
            };
            self.footer(&footer)?;
            self.log_clicks(slot)?;
            self.log_imported(slot)?;
            for (_, visit) in self.log.visits(slot)? {
                self.report.visits += 1;
                self.balance.row(visit.program, Stream::PageLoad);
            }
            for (id, entry) in self.log.entries(slot)? {
                self.entry(id, &entry)?;
            }
        }
        Ok(())
    }

    fn footer(&mut self, footer: &Footer) -> Result<(), FoldError> {
        match self.log.check(footer) {
            Ok(()) => {}
            Err(LogError::SlotMismatch { slot, why }) => {
                let at = || format!("slot {slot}");
                self.report.differs("footer", at, "the rows it closed", why);
            }
            Err(error) => return Err(error.into()),
        }
        self.balance.footer(footer);
        self.signed.slot(self.log, footer)?;
        self.zones.slot(self.log, footer.slot, footer.catalog)?;
        self.recount.footer(&self.zones, footer);
        Ok(())
    }

    fn log_clicks(&mut self, slot: Slot) -> Result<(), FoldError> {
        let mut sum = Sum::default();
        let (balance, recount) = (&mut self.balance, &mut self.recount);
        let (log, view, zones) = (self.log, self.view, &self.zones);
        let (signed, report) = (&mut self.signed, &mut self.report);
        let adjustments = &mut self.adjustments;
        let mut failed = Ok(());
        self.log.for_each_click(slot, &mut |stored| {
            let program = stored.click.program;
            sum.count += 1;
            let mixed = Sum::of(program, stored.partner, stored.number);
            sum.mixed = sum.mixed.wrapping_add(mixed);
            balance.row(program, Stream::Click);
            let key = VerdictKey::of_live(program, stored.partner, stored.number);
            if failed.is_ok() {
                let of = (key, &stored.click);
                failed = recount
                    .click(log, view, zones, key, &stored.click)
                    .and_then(|()| signed.check((log, view), key, &stored.click, report))
                    .and_then(|()| adjustments.click((log, view), (zones, recount), of, report));
            }
        })?;
        failed?;
        if sum.count > 0 {
            self.report.clicks += u64::from(sum.count);
            self.clicks.entry(slot).or_default().0 = sum;
        }
        Ok(())
    }

    fn log_imported(&mut self, slot: Slot) -> Result<(), FoldError> {
        let mut rows = Vec::new();
        let mut sum = Sum::default();
        let (log, view, zones) = (self.log, self.view, &self.zones);
        let recount = &mut self.recount;
        let (signed, report) = (&mut self.signed, &mut self.report);
        let adjustments = &mut self.adjustments;
        let mut failed = Ok(());
        self.log
            .for_each_imported(slot, &mut |partner, number, imported| {
                let program = imported.click.program;
                sum.count += 1;
                let mixed = Sum::of(program, partner, number);
                sum.mixed = sum.mixed.wrapping_add(mixed);
                rows.push((program, imported.external, partner, imported.time, number));
                let key = VerdictKey {
                    program,
                    partner,
                    day: imported.time.utc_day(),
                    time: imported.time,
                    number,
                };
                if failed.is_ok() {
                    let of = (key, &imported.click);
                    failed = recount
                        .click(log, view, zones, key, &imported.click)
                        .and_then(|()| signed.check((log, view), key, &imported.click, report))
                        .and_then(|()| {
                            adjustments.click((log, view), (zones, recount), of, report)
                        });
                }
            })?;
        failed?;
        if sum.count == 0 {
            return Ok(());
        }
        self.report.imported += u64::from(sum.count);
        let stored = &mut self.clicks.entry(slot).or_default().0;
        stored.count += sum.count;
        stored.mixed = stored.mixed.wrapping_add(sum.mixed);
        for (program, external, partner, time, number) in rows {
            self.balance.row(program, Stream::ImportedClick);
            let named = self.view.external(program, external)?;
            let expected = (slot, partner, time, number);
            if named.is_none_or(|at| (at.slot, at.partner, at.time, at.number) != expected) {
                let at = || format!("slot {slot}, program {program}, imported {}", number.0);
                let found = named.map_or_else(|| "none".to_owned(), |at| format!("{at:?}"));
                self.report.differs("external", at, "its own name", found);
            }
        }
        Ok(())
    }

    fn entry(&mut self, id: SubmissionId, entry: &Entry) -> Result<(), FoldError> {
        self.report.submissions += 1;
        let stream = match entry {
            Entry::Conversion(_) => Stream::Conversion,
            Entry::Change(_) => Stream::Modification,
            Entry::Settlement(_) => Stream::Settlement,
        };
        self.balance.row(id.program, stream);
        let at = || format!("submission {id}");
        let outcome = self.view.outcome(id)?.map(|settled| settled.outcome);
        if let Some(outcome) = outcome {
            self.uploads.add(id, entry, outcome);
        }
        match (entry, outcome) {
            (_, None) => self.report.differs("outcome", at, "one", "none"),
            (_, Some(SubmissionOutcome::Waiting))
            | (
                Entry::Change(_),
                Some(SubmissionOutcome::Unchanged(_) | SubmissionOutcome::NotChanged(_)),
            ) => {}
            (Entry::Conversion(submission), Some(SubmissionOutcome::Test(_)))
                if submission.is_test => {}
            (Entry::Conversion(submission), Some(SubmissionOutcome::Refused(refusal)))
                if !submission.is_test =>
            {
                if let Some((partner, measure)) = against(self.view, (id, submission), refusal)? {
                    let partner = self.zones.known(self.log, id.slot, partner)?;
                    let at = counted_at(id, submission);
                    self.recount
                        .refused(&self.zones, (id, at), partner, measure);
                }
            }
            (Entry::Conversion(submission), Some(SubmissionOutcome::Credited(action)))
                if !submission.is_test =>
            {
                self.credited += 1;
                self.named(id, entry, action, 1)?;
            }
            (Entry::Settlement(locked), Some(SubmissionOutcome::Settled(action, update))) => {
                self.restored += u64::from(update == 1);
                self.changed += u64::from(update > 1);
                if update > 0 {
                    self.named(id, entry, action, update)?;
                }
                self.stands(action, locked)?;
            }
            (Entry::Change(_), Some(SubmissionOutcome::Changed(action, update))) => {
                self.changed += 1;
                self.named(id, entry, action, update)?;
            }
            (_, Some(outcome)) => {
                let expected = format!("an outcome of a {stream:?}");
                self.report
                    .differs("outcome", at, expected, format!("{outcome:?}"));
            }
        }
        Ok(())
    }

    /// Whether the update that an outcome names is of this entry, and the action of its order.
    fn named(
        &mut self,
        id: SubmissionId,
        entry: &Entry,
        action: ActionId,
        number: u32,
    ) -> Result<(), FoldError> {
        let at = || format!("submission {id}");
        let (program, event_type, order_id) = entry.order();
        let order = OrderKey::new(program, event_type, order_id);
        if !self.view.actions_of(&order)?.contains(&action) {
            self.report
                .differs("order", at, format!("action {action}"), "others");
        }
        let stored = self.view.action(action)?;
        if number == 1 && stored.is_none_or(|action| action.submission != id) {
            self.report
                .differs("action", at, "an action of its own", "another or none");
        }
        let update = self.view.update(UpdateKey { action, number })?;
        if update.is_none_or(|update| update.submission != id) {
            let expected = format!("update {number} of action {action}");
            self.report.differs("update", at, expected, "another");
        }
        Ok(())
    }

    /// Whether an action stands as it locked.
    fn stands(&mut self, id: ActionId, locked: &Settlement) -> Result<(), FoldError> {
        let at = |action: Action| {
            let figures = (action.amount, action.cost, action.gross_cost);
            (action.partner, action.day, figures, action.is_reversed())
        };
        let expected = (
            locked.partner,
            locked.day,
            (locked.amount, locked.cost, locked.gross_cost),
            locked.reversed,
        );
        let found = self.view.action(id)?.map(at);
        if found != Some(expected) {
            let expected = format!("{expected:?}");
            let at = || format!("action {id}");
            self.report
                .differs("settlement", at, expected, format!("{found:?}"));
        }
        Ok(())
    }

    fn verdicts(&mut self) -> Result<(), FoldError> {
        let (clicks, zones, recount) = (&mut self.clicks, &self.zones, &mut self.recount);
        let (limits, report) = (&mut self.limits, &mut self.report);
        self.view.for_each_verdict_of_all(&mut |key, judged| {
            let verdict = judged.verdict;
            let sum = &mut clicks.entry(verdict.slot).or_default().1;
            sum.count += 1;
            let mixed = Sum::of(key.program, key.partner, key.number);
            sum.mixed = sum.mixed.wrapping_add(mixed);
            recount.verdict(zones, key, &judged);
            if let Some(charge) = &judged.charge {
                let day = zones.day(verdict.slot, key.program, key.time);
                limits.click(key, day, charge, report);
            }
        })?;
        let mut differing: Vec<(Slot, Sum, Sum)> = self
            .clicks
            .iter()
            .filter(|(_, (stored, judged))| stored != judged)
            .map(|(slot, (stored, judged))| (*slot, *stored, *judged))
            .collect();
        differing.sort_unstable_by_key(|row| row.0);
        for (slot, stored, judged) in differing {
            let expected = format!("one for each of {} clicks", stored.count);
            let found = format!("{}, or others", judged.count);
            let at = || format!("slot {slot}");
            self.report.differs("verdicts", at, expected, found);
            self.missing_verdicts(slot)?;
        }
        Ok(())
    }

    /// Names the clicks of a slot that have no verdict.
    fn missing_verdicts(&mut self, slot: Slot) -> Result<(), FoldError> {
        if self.report.is_full() {
            return Ok(());
        }
        let mut keys = Vec::new();
        self.log.for_each_click(slot, &mut |stored| {
            let program = stored.click.program;
            keys.push(VerdictKey::of_live(program, stored.partner, stored.number));
        })?;
        self.log
            .for_each_imported(slot, &mut |partner, number, imported| {
                keys.push(VerdictKey {
                    program: imported.click.program,
                    partner,
                    day: imported.time.utc_day(),
                    time: imported.time,
                    number,
                });
            })?;
        for key in keys {
            if self
                .view
                .verdict(key)?
                .is_none_or(|verdict| verdict.slot != slot)
            {
                let at = || {
                    format!(
                        "slot {slot}, program {}, partner {}, click {}",
                        key.program, key.partner, key.number.0
                    )
                };
                self.report.differs("verdict", at, "one", "none");
            }
        }
        Ok(())
    }

    fn actions(&mut self) -> Result<(), FoldError> {
        let mut updates = Updates::default();
        let mut told = Told::default();
        self.view.for_each_update(&mut |key, update| {
            updates.add(key, &update);
            told.add(key, &update);
        })?;
        let mut limits = std::mem::take(&mut self.limits);
        let mut recurrences = Recurrences::default();
        let (zones, report, recount) = (&self.zones, &mut self.report, &mut self.recount);
        let (log, view, adjustments) = (self.log, self.view, &mut self.adjustments);
        let mut failed = Ok(());
        self.view.for_each_action(&mut |id, action| {
            report.actions += 1;
            limits.action(id, &action, report);
            recurrences.action(id, &action);
            if failed.is_ok() {
                failed = recount
                    .action(log, view, zones, (id, &action))
                    .and_then(|()| adjustments.action(log, (zones, recount), (id, &action)));
            }
            updates.compare(id, &action, report);
        })?;
        failed?;
        updates.end(report);
        self.credited += self.restored;
        limits.compare(self.view, report)?;
        recurrences.compare(self.view, report)?;
        told.compare(self.view, report)?;
        for (what, expected, found) in [
            ("credited submissions", self.credited, self.report.actions),
            ("updates", self.credited + self.changed, updates.count),
        ] {
            if expected != found {
                self.report
                    .differs("actions", || what.to_owned(), expected, found);
            }
        }
        Ok(())
    }

    fn outcomes(&mut self) -> Result<(), FoldError> {
        let mut waiting = AHashSet::new();
        let mut outcomes = 0_u64;
        self.view.for_each_outcome(&mut |id, settled| {
            outcomes += 1;
            if settled.outcome == SubmissionOutcome::Waiting {
                waiting.insert(id);
            }
        })?;
        let report = &mut self.report;
        report.waiting = waiting.len() as u64;
        if outcomes != report.submissions {
            let expected = report.submissions;
            report.differs("outcomes", || "submissions".to_owned(), expected, outcomes);
        }
        self.view.for_each_waiting(&mut |key| {
            let id = key.submission();
            if !waiting.remove(&id) {
                let at = || format!("submission {id}");
                report.differs("waiting", at, "the outcome to wait", "another");
            }
        })?;
        for id in waiting {
            let at = || format!("submission {id}");
            report.differs("waiting", at, "a waiting row", "none");
        }
        Ok(())
    }
}
