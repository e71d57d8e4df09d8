//! Adding an action to the sums.

use crate::derived::{Action, ActionId, Referred};
use crate::log::row::click as click_row;
use crate::model::entry::Entry;

use super::super::cells::{Facets, Spot};
use super::super::error::FoldError;
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
        let facets = self.facets(id, action)?;
        self.folder.cells.change(spot, &facets, before, after);
        Ok(())
    }

    fn facets(&mut self, id: ActionId, action: &Action) -> Result<Facets, FoldError> {
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
        let entry = self.folder.log().entry(action.submission)?;
        let said = match &entry {
            Some(Entry::Conversion(submission)) => submission.field("SharedId"),
            _ => None,
        };
        let of = (action.ad, id.event_type);
        Ok(self.folder.cells.facets_of_action(clicked, of, said))
    }
}
