//! Where the entries of one slot are settled, one after the other: those that waited, then the
//! slot's own, each by slot and number.

use ahash::AHashSet;

use crate::catalog::Catalog;
use crate::derived::{Batch, Families, OrderKey, Settled, SubmissionOutcome, WaitingKey};
use crate::log::Footer;
use crate::model::click_id::ClickId;
use crate::model::entry::Entry;
use crate::model::id::SubmissionId;
use crate::model::submission::{Claim, Origin, Submission};
use crate::model::time::Millis;

use super::super::credit::case as credit;
use super::super::error::FoldError;
use super::super::slot::Folder;

/// The desk of one slot.
pub(in crate::fold) struct Desk<'a, 'b> {
    pub(in crate::fold) folder: &'a mut Folder,
    pub(in crate::fold) families: &'a Families<'b>,
    pub(in crate::fold) footer: &'a Footer,
    pub(in crate::fold) batch: &'a mut Batch<'b>,
    /// Orders of which an entry waits: what is said later about their actions waits as well.
    pub(in crate::fold) waiting: AHashSet<OrderKey>,
    /// Notices of this slot so far.
    pub(in crate::fold) notices: u32,
}

/// What the desk made of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is settled like this.
    Settled(SubmissionOutcome),
    /// Its click, or the conversion that it speaks of, is not there yet.
    Waits,
}

impl Desk<'_, '_> {
    /// Settles what waited.
    pub(in crate::fold) fn settle_waiting(&mut self) -> Result<(), FoldError> {
        let mut waiting = self.families.waiting()?;
        waiting.sort_unstable_by_key(|key| (key.program, key.slot, key.number));
        for key in waiting {
            let id = key.submission();
            let entry = self.entry(id)?;
            // Terms are those of the entry's own slot, however long it waited.
            let catalog = self.catalog_of(id)?;
            if let Made::Settled(outcome) = self.make(id, &entry, &catalog)? {
                self.close(id, &entry, outcome)?;
                self.batch.stop_waiting(key);
            }
        }
        Ok(())
    }

    /// Settles an entry of this slot, or lets it wait.
    pub(in crate::fold) fn settle(
        &mut self,
        id: SubmissionId,
        entry: &Entry,
        catalog: &Catalog,
    ) -> Result<(), FoldError> {
        match self.make(id, entry, catalog)? {
            Made::Settled(outcome) => self.close(id, entry, outcome)?,
            Made::Waits => {
                self.close(id, entry, SubmissionOutcome::Waiting)?;
                self.batch.wait(waiting_key(id, entry));
            }
        }
        Ok(())
    }

    fn make(
        &mut self,
        id: SubmissionId,
        entry: &Entry,
        catalog: &Catalog,
    ) -> Result<Made, FoldError> {
        let made = match entry {
            Entry::Conversion(submission) => self.convert(id, submission, catalog)?,
            Entry::Change(change) => self.change(id, change, catalog)?,
            Entry::Settlement(settlement) => self.settle_action(id, settlement)?,
        };
        if made == Made::Waits {
            self.waiting.insert(order_of(entry));
        }
        Ok(made)
    }

    /// What a brand said.
    pub(super) fn entry(&self, id: SubmissionId) -> Result<Entry, FoldError> {
        let entry = self.folder.log().entry(id)?;
        entry.ok_or(FoldError::SubmissionMissing(id))
    }

    /// The catalogue of the slot that an entry was stored in.
    pub(super) fn catalog_of(
        &mut self,
        id: SubmissionId,
    ) -> Result<std::sync::Arc<Catalog>, FoldError> {
        let own = self.folder.log().footer(id.slot)?;
        let own = own.ok_or(FoldError::FooterMissing(id.slot))?;
        self.folder.load_catalog(own.catalog)
    }

    fn close(
        &mut self,
        id: SubmissionId,
        entry: &Entry,
        outcome: SubmissionOutcome,
    ) -> Result<(), FoldError> {
        self.folder.counts.outcome(outcome);
        let slot = self.footer.slot;
        self.batch.outcome(id, Settled { slot, outcome });
        if let Origin::Batch { job, line } = entry.origin()
            && outcome != SubmissionOutcome::Waiting
        {
            let why = outcome.why_refused();
            self.batch.settle_line((job, line), id, why)?;
        }
        Ok(())
    }

    /// From when on the click of `claim` counts as lost.
    pub(super) fn is_lost(&self, click: &ClickId) -> bool {
        click.unrecorded || self.footer.wall_end >= lost_at(click)
    }
}

/// The order that an entry speaks of.
fn order_of(entry: &Entry) -> OrderKey {
    let (program, event_type, order_id) = entry.order();
    OrderKey::new(program, event_type, order_id)
}

fn waiting_key(id: SubmissionId, entry: &Entry) -> WaitingKey {
    let due = match entry {
        Entry::Conversion(Submission {
            claim: Claim::Verified(click),
            ..
        }) => lost_at(click),
        Entry::Conversion(_) | Entry::Change(_) | Entry::Settlement(_) => id.number.time(),
    };
    WaitingKey {
        program: id.program,
        due,
        slot: id.slot,
        number: id.number,
    }
}

fn lost_at(click: &ClickId) -> Millis {
    click.number.time().plus(credit::LOST_AFTER)
}
