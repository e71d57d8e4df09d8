//! Reading the log: slots in order for the fold, single rows for look-ups.
//!
//! Called by the fold thread, by `verify` and `explain`, and by the API on blocking threads.
//! Every row is checked as it is read; a slot is checked against its footer by [`Log::read_slot`].

use rocksdb::{Direction, IteratorMode, ReadOptions};

use crate::model::click::StoredClick;
use crate::model::entry::Entry;
use crate::model::id::{
    EventNumber, JobId, PartnerId, ProgramId, RulesVersion, Slot, StringRef, SubmissionId,
};
use crate::model::visit::Visit;

use super::error::LogError;
use super::family;
use super::open::Log;
use super::row::click::{self as click_row, Parameters};
use super::row::footer::Footer;
use super::row::imported::{self, Imported};
use super::row::{entry as entry_row, key, visit as visit_row};

/// A key and its value.
pub(super) type Row = (Box<[u8]>, Box<[u8]>);

/// What a slot holds beside its clicks.
#[derive(Debug, Default)]
pub struct SlotRest {
    /// What brands said, in the order of the numbers.
    pub entries: Vec<(SubmissionId, Entry)>,
    /// The imports that ended, after all imported clicks of the slot.
    pub ends: Vec<(JobId, ProgramId)>,
    /// Who arrived on pages of brands, in the order of the numbers.
    pub visits: Vec<(EventNumber, Visit)>,
}

/// Takes partner, number and row of an imported click.
pub type EachImported<'a> = dyn FnMut(PartnerId, EventNumber, Imported<Parameters<'_>>) + 'a;

/// Takes owner, number and row of an event.
type EachEvent<'a> = dyn FnMut(u32, EventNumber, &[u8]) -> Result<(), LogError> + 'a;

impl Log {
    /// The footer of a slot, if it has been closed.
    ///
    /// # Errors
    /// The store failed, or the footer is damaged.
    pub fn footer(&self, slot: Slot) -> Result<Option<Footer>, LogError> {
        let row = self.value(family::FOOTERS, &slot.0.to_be_bytes())?;
        Ok(row.map(|row| Footer::read(slot, &row)).transpose()?)
    }

    /// The oldest closed slot.
    ///
    /// # Errors
    /// The store failed.
    pub fn first_slot(&self) -> Result<Option<Slot>, LogError> {
        match self.rows(family::FOOTERS)?.next() {
            None => Ok(None),
            Some(row) => Ok(Some(key::read_footer(&row?.0)?)),
        }
    }

    /// The footer of the newest closed slot.
    ///
    /// # Errors
    /// The store failed, or the footer is damaged.
    pub fn last_footer(&self) -> Result<Option<Footer>, LogError> {
        let cf = self.shared.cf(family::FOOTERS)?;
        match self.shared.db.iterator_cf(cf, IteratorMode::End).next() {
            None => Ok(None),
            Some(row) => {
                let (key, value) = row.map_err(LogError::store("read the last footer"))?;
                Ok(Some(Footer::read(key::read_footer(&key)?, &value)?))
            }
        }
    }

    /// Hands every click of a slot to `each`, in key order.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn for_each_click(
        &self,
        slot: Slot,
        each: &mut dyn FnMut(StoredClick<Parameters<'_>>),
    ) -> Result<(), LogError> {
        self.for_each_event(family::CLICKS, slot, &mut |partner, number, row| {
            let click = click_row::read(row)?;
            each(StoredClick {
                partner: PartnerId(partner),
                number,
                click,
            });
            Ok(())
        })
    }

    /// Hands every imported click of a slot to `each`, in key order; which imports end in it.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn for_each_imported(
        &self,
        slot: Slot,
        each: &mut EachImported<'_>,
    ) -> Result<Vec<(JobId, ProgramId)>, LogError> {
        let mut rest = SlotRest::default();
        self.read_imported(slot, &mut 0, each, &mut rest)?;
        Ok(rest.ends)
    }

    /// What brands said in a slot, in the order of the numbers.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn entries(&self, slot: Slot) -> Result<Vec<(SubmissionId, Entry)>, LogError> {
        let mut found = Vec::new();
        self.for_each_event(family::SUBMISSIONS, slot, &mut |program, number, row| {
            let id = SubmissionId {
                slot,
                program: ProgramId(program),
                number,
            };
            found.push((id, entry_row::read(row)?));
            Ok(())
        })?;
        found.sort_by_key(|(id, _)| id.number);
        Ok(found)
    }

    /// Who arrived on pages of brands in a slot, in the order of the numbers.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn visits(&self, slot: Slot) -> Result<Vec<(EventNumber, Visit)>, LogError> {
        let mut found = Vec::new();
        self.for_each_event(family::VISITS, slot, &mut |program, number, row| {
            found.push((number, visit_row::read(ProgramId(program), row)?));
            Ok(())
        })?;
        found.sort_by_key(|(number, _)| *number);
        Ok(found)
    }

    /// Reads a closed slot once: hands its clicks to `each`, in key order, and those of imports to
    /// `imported`, and gives the rest.
    ///
    /// # Errors
    /// [`LogError::SlotMismatch`] when the rows are not those that `footer` counts; by then `each`
    /// has had them. The store failed, or a row is damaged.
    pub fn read_slot(
        &self,
        footer: &Footer,
        each: &mut dyn FnMut(StoredClick<Parameters<'_>>),
        imported: &mut EachImported<'_>,
    ) -> Result<SlotRest, LogError> {
        let (mut clicks, mut sum) = (0_u32, 0);
        self.for_each_click(footer.slot, &mut |stored| {
            clicks += 1;
            sum = key::checksum(sum, stored.partner.0, stored.number);
            each(stored);
        })?;
        let mut rest = SlotRest {
            entries: self.entries(footer.slot)?,
            ends: Vec::new(),
            visits: self.visits(footer.slot)?,
        };
        for (id, _) in &rest.entries {
            sum = key::checksum(sum, id.program.0, id.number);
        }
        for (number, visit) in &rest.visits {
            sum = key::checksum(sum, visit.program.0, *number);
        }
        let brought = self.read_imported(footer.slot, &mut sum, imported, &mut rest)?;
        let mismatch = |why: String| LogError::SlotMismatch {
            slot: footer.slot,
            why,
        };
        let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
        let (submitted, visits) = (count(rest.entries.len()), count(rest.visits.len()));
        let found = [clicks, submitted, visits, brought];
        let counted = [
            footer.clicks,
            footer.submissions,
            footer.visits,
            footer.imported,
        ];
        if found != counted {
            let named = |[clicks, submitted, visits, brought]: [u32; 4]| {
                format!(
                    "{clicks} clicks, {submitted} submissions, {visits} visits and {brought} \
                     imported rows"
                )
            };
            return Err(mismatch(format!(
                "{} are stored, the footer counts {}",
                named(found),
                named(counted)
            )));
        }
        if sum != footer.checksum {
            return Err(mismatch("the checksum of its events differs".to_owned()));
        }
        Ok(rest)
    }

    /// Reads the imported rows of a slot, and adds them to its checksum; how many there are.
    fn read_imported(
        &self,
        slot: Slot,
        sum: &mut u64,
        each: &mut EachImported<'_>,
        rest: &mut SlotRest,
    ) -> Result<u32, LogError> {
        let mut count = 0;
        self.for_each_event(family::IMPORTED, slot, &mut |partner, number, row| {
            count += 1;
            *sum = key::checksum(*sum, partner, number);
            match imported::read(row)? {
                imported::Row::Click(click) => each(PartnerId(partner), number, click),
                imported::Row::End(job, program) => rest.ends.push((job, program)),
            }
            Ok(())
        })?;
        Ok(count)
    }

    /// Compares the rows of a slot with its footer.
    ///
    /// # Errors
    /// As [`Self::read_slot`].
    pub fn check(&self, footer: &Footer) -> Result<(), LogError> {
        self.read_slot(footer, &mut |_| {}, &mut |_, _, _| {})
            .map(drop)
    }

    fn for_each_event(
        &self,
        family: &'static str,
        slot: Slot,
        each: &mut EachEvent<'_>,
    ) -> Result<(), LogError> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(slot.0.to_be_bytes());
        if let Some(next) = slot.0.checked_add(1) {
            options.set_iterate_upper_bound(next.to_be_bytes());
        }
        let mut rows = self
            .shared
            .db
            .raw_iterator_cf_opt(self.shared.cf(family)?, options);
        rows.seek_to_first();
        while let Some((row_key, value)) = rows.item() {
            let (_, owner, number) = key::read_event(family, row_key)?;
            each(owner, number, value)?;
            rows.next();
        }
        rows.status().map_err(LogError::store("read a slot"))
    }

    /// A click, live or imported, by its whole key.
    ///
    /// # Errors
    /// The store failed, or the row is damaged.
    pub fn click_row(
        &self,
        slot: Slot,
        partner: PartnerId,
        number: EventNumber,
    ) -> Result<Option<Vec<u8>>, LogError> {
        let row_key = key::click(slot, partner, number);
        if let Some(row) = self.value(family::CLICKS, &row_key)? {
            return Ok(Some(row));
        }
        let Some(row) = self.value(family::IMPORTED, &row_key)? else {
            return Ok(None);
        };
        Ok(imported::click_row(&row)?.map(<[u8]>::to_vec))
    }

    /// What a brand said, by its id.
    ///
    /// # Errors
    /// The store failed, or the row is damaged.
    pub fn entry(&self, id: SubmissionId) -> Result<Option<Entry>, LogError> {
        let row = self.value(
            family::SUBMISSIONS,
            &key::submission(id.slot, id.program, id.number),
        )?;
        Ok(row.map(|row| entry_row::read(&row)).transpose()?)
    }

    /// A string of the dictionary.
    ///
    /// # Errors
    /// The store failed.
    pub fn string(&self, reference: StringRef) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::STRINGS, &reference.0.to_be_bytes())
    }

    /// A version of the classification rules as stored.
    ///
    /// # Errors
    /// The store failed.
    pub fn rules(&self, version: RulesVersion) -> Result<Option<Vec<u8>>, LogError> {
        self.value(family::RULES, &version.0.to_be_bytes())
    }

    /// Whether a slot above `above` holds an event of `program`; reads every such slot.
    ///
    /// # Errors
    /// The store failed, or a row is damaged.
    pub fn has_events_after(&self, above: Slot, program: ProgramId) -> Result<bool, LogError> {
        let from = above.next().0.to_be_bytes();
        for family in [
            family::CLICKS,
            family::SUBMISSIONS,
            family::VISITS,
            family::IMPORTED,
        ] {
            let mode = IteratorMode::From(&from, Direction::Forward);
            for row in self.shared.db.iterator_cf(self.shared.cf(family)?, mode) {
                let (row_key, value) = row.map_err(LogError::store("read new events"))?;
                let (_, owner, _) = key::read_event(family, &row_key)?;
                let found = match family {
                    family::CLICKS => click_row::read(&value)?.program,
                    family::IMPORTED => imported::read(&value)?.program(),
                    _ => ProgramId(owner),
                };
                if found == program {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The newest strings of the dictionary, newest first.
    pub(super) fn recent_strings(&self) -> impl Iterator<Item = (StringRef, Box<[u8]>)> {
        let cf = self.shared.cf(family::STRINGS).ok();
        let rows = cf.map(|cf| self.shared.db.iterator_cf(cf, IteratorMode::End));
        // A row that can't be read is only a string that will be stored again.
        rows.into_iter().flatten().filter_map(|row| {
            let (row_key, text) = row.ok()?;
            Some((
                StringRef(u32::from_be_bytes(row_key.as_ref().try_into().ok()?)),
                text,
            ))
        })
    }

    pub(super) fn rows(
        &self,
        family: &'static str,
    ) -> Result<impl Iterator<Item = Result<Row, LogError>>, LogError> {
        let rows = self
            .shared
            .db
            .iterator_cf(self.shared.cf(family)?, IteratorMode::Start);
        Ok(rows.map(|row| row.map_err(LogError::store("read a family"))))
    }

    pub(super) fn value(
        &self,
        family: &'static str,
        row_key: &[u8],
    ) -> Result<Option<Vec<u8>>, LogError> {
        let found = self.shared.db.get_cf(self.shared.cf(family)?, row_key);
        found.map_err(LogError::store("look a row up"))
    }
}
