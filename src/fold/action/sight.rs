//! What a decision sees from the desk, and what a conversion leaves for later ones to see.

use std::ops::RangeInclusive;

use crate::derived::{Action, ActionId, OrderKey, RecurrenceKey, Source, Touch};
use crate::model::id::{EventTypeId, ProgramId};
use crate::model::submission::{Fingerprint, Person};
use crate::model::time::Millis;

use super::super::credit::case::{Case, Clicked, Winner};
use super::super::credit::see::{See, Stored};
use super::super::error::FoldError;
use super::super::people::journey::journey;
use super::super::people::note::{consents, note};
use super::desk::Desk;

impl See for Desk<'_, '_> {
    fn stored(&self, program: ProgramId, click: &Clicked) -> Result<Option<Stored>, FoldError> {
        self.folder.stored(self.families, program, click)
    }

    fn journey(
        &self,
        program: ProgramId,
        persons: &[Person],
        times: &RangeInclusive<Millis>,
    ) -> Result<Vec<Touch>, FoldError> {
        Ok(journey(self.batch, program, persons, times)?)
    }

    fn external(&self, program: ProgramId, of: Fingerprint) -> Result<Option<Touch>, FoldError> {
        let found = self.batch.external(program, of)?;
        Ok(found.map(|click| Touch {
            time: click.time,
            number: click.number,
            source: Source::Click {
                partner: click.partner,
                ad: click.ad,
                slot: Some(click.slot),
            },
        }))
    }

    fn earned(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        click: &Clicked,
    ) -> Result<u32, FoldError> {
        let key = earned_key(program, event_type, click);
        let earned = self.batch.recurrence(key)?.unwrap_or(0);
        Ok(u32::try_from(earned).unwrap_or(u32::MAX))
    }

    fn last_action(&self, order: &OrderKey) -> Result<Option<Millis>, FoldError> {
        let Some(last) = self.batch.actions_of(order)?.last().copied() else {
            return Ok(None);
        };
        let action = self.batch.action(last)?;
        let action = action.ok_or(FoldError::ActionMissing(last))?;
        Ok(Some(action.date))
    }

    fn last_call(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        caller: Fingerprint,
    ) -> Result<Option<Millis>, FoldError> {
        let key = RecurrenceKey::Caller {
            program,
            event_type,
            caller,
        };
        Ok(self.batch.recurrence(key)?.map(Millis))
    }
}

impl Desk<'_, '_> {
    /// Notes what a conversion tells of people: which names are one person's, and the click that
    /// it names, by its id or as an imported one, under each. That holds whether it earns or not,
    /// but not against the customer's will.
    pub(super) fn note_people(&mut self, case: &Case<'_>) -> Result<(), FoldError> {
        let (submission, names) = (case.submission, case.persons());
        if names.is_empty() || !consents(submission) {
            return Ok(());
        }
        let program = submission.program;
        let touch = match (case.named(), case.external()) {
            (Some(id), _) => Some(self.clicked(program, &id.into())?),
            (None, Some(external)) => self.external(program, external)?,
            (None, None) => None,
        };
        let at = case.id.number.time();
        Ok(note(self.batch, program, &names, at, touch.as_ref())?)
    }

    /// Counts an action of a click that earned it, and a call of its caller.
    pub(super) fn count_again(
        &mut self,
        case: &Case<'_>,
        winner: &Winner<'_>,
    ) -> Result<(), FoldError> {
        let (program, event_type) = (winner.program.id, winner.event_type.id);
        if let Some(click) = winner.click {
            self.add_earned(earned_key(program, event_type, &click), 1)?;
        }
        if winner.event_type.call.is_some()
            && let Some(caller) = case.caller()
        {
            let key = RecurrenceKey::Caller {
                program,
                event_type,
                caller,
            };
            let before = self.batch.recurrence(key)?;
            let last = before.map_or(winner.date.0, |before| before.max(winner.date.0));
            self.batch.set_recurrence(key, last);
        }
        Ok(())
    }
}

impl Desk<'_, '_> {
    /// Lets a click have earned one action less, where a settlement gives it to another partner.
    pub(super) fn give_back_click(
        &mut self,
        id: ActionId,
        before: &Action,
        after: &Action,
    ) -> Result<(), FoldError> {
        let Some(click) = before.click.filter(|_| after.click.is_none()) else {
            return Ok(());
        };
        let key = RecurrenceKey::Click {
            program: id.program,
            event_type: id.event_type,
            partner: before.partner,
            click: click.number,
        };
        self.add_earned(key, -1)
    }

    fn add_earned(&mut self, key: RecurrenceKey, more: i64) -> Result<(), FoldError> {
        let before = self.batch.recurrence(key)?.unwrap_or(0);
        self.batch.set_recurrence(key, before.saturating_add(more));
        Ok(())
    }
}

fn earned_key(program: ProgramId, event_type: EventTypeId, click: &Clicked) -> RecurrenceKey {
    RecurrenceKey::Click {
        program,
        event_type,
        partner: click.partner,
        click: click.number,
    }
}
