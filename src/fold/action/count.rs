//! Adding an action to the sums.

use crate::derived::{Action, ActionId, Referred, Signs};
use crate::log::row::click as click_row;
use crate::model::entry::Entry;
use crate::model::submission::Submission;

use super::super::cells::{Facets, Spot, marks};
use super::super::credit::case::{Case, Clicked};
use super::super::error::FoldError;
use super::super::people::trail::Trail;
use super::desk::Desk;
use super::figures::Figures;

impl Desk<'_, '_> {
    /// Counts what changes when an action that counted for `before` counts for `after`.
    pub(super) fn count(
        &mut self,
        id: ActionId,
        action: &Action,
        before: &Figures,
        after: &Figures,
    ) -> Result<(), FoldError> {
        let spot = Spot {
            program: id.program,
            day: action.day,
            partner: action.partner,
        };
        let entry = self.folder.log().entry(action.submission)?;
        let conversion = match &entry {
            Some(Entry::Conversion(submission)) => Some(submission),
            _ => None,
        };
        let trail = self.trail(action, conversion)?;
        let facets = self.facets((id, action), conversion, &trail)?;
        let cells = &mut self.folder.cells;
        cells.change(spot, &facets, &trail, [before, after]);
        let times = before.gross_more(after);
        if times != 0 {
            let marks = marks(action, self.signs(id, action)?);
            self.folder.cells.mark(spot, &marks, times);
        }
        Ok(())
    }

    /// The signs of the click that an action came by; none where it was not stored when it was
    /// credited, even if it came later.
    fn signs(&self, id: ActionId, action: &Action) -> Result<Signs, FoldError> {
        let Some(click) = action.click.filter(|click| click.slot.is_some()) else {
            return Ok(Signs::NONE);
        };
        let clicked = Clicked {
            number: click.number,
            partner: action.partner,
            ad: action.ad,
            time: click.time,
            slot: click.slot,
        };
        let stored = self.folder.stored(self.families, id.program, &clicked)?;
        Ok(stored.map_or(Signs::NONE, |stored| stored.signs))
    }

    /// What led to an action; a settled one that no conversion is known of came by its partner.
    fn trail(
        &mut self,
        action: &Action,
        conversion: Option<&Submission>,
    ) -> Result<Trail, FoldError> {
        let path = self.batch.path_of(action.submission)?;
        let Some((path, submission)) = path.as_ref().zip(conversion) else {
            return Ok(Trail::new(action, None, &(action.date..=action.date)));
        };
        let catalog = self.catalog_of(action.submission)?;
        let case = Case {
            id: action.submission,
            submission,
            catalog: &catalog,
        };
        Ok(Trail::new(action, Some(path), &case.journey()))
    }

    fn facets(
        &mut self,
        (id, action): (ActionId, &Action),
        conversion: Option<&Submission>,
        trail: &Trail,
    ) -> Result<Facets, FoldError> {
        let mut clicked = Facets::default();
        if let Some(Referred {
            number,
            slot: Some(slot),
            ..
        }) = action.click
            && let Some(row) = self.folder.log().click_row(slot, action.partner, number)?
        {
            let click = click_row::read(&row).map_err(crate::log::LogError::from)?;
            clicked = self.folder.facets(&click)?;
        }
        let said = conversion.and_then(|submission| submission.field("SharedId"));
        let path = trail.text();
        let of = (action.ad, id.event_type);
        let cells = &mut self.folder.cells;
        Ok(cells.facets_of_action(clicked, of, (said, path.as_deref())))
    }
}
