//! Adding an action to the sums.

use crate::derived::{Action, ActionId, AdjustedKey, AdjustedKind, AdjustedRow, Referred, Signs};
use crate::log::row::click as click_row;
use crate::model::entry::Entry;
use crate::model::id::{PartnerId, Slot};
use crate::model::money::Money;
use crate::model::submission::Submission;

use super::super::cells::{Facets, Said, Spot, marks};
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
        let spot = Spot::new(id.program, action.day, action.partner);
        let (trail, facets) = self.apart(id, action)?;
        let cells = &mut self.folder.cells;
        cells.change((spot, action.date), &facets, &trail, [before, after]);
        let times = before.gross_more(after);
        if times != 0 {
            let marks = marks(action, self.signs(id, action)?);
            self.folder.cells.mark(spot, &marks, times);
        }
        Ok(())
    }

    /// Counts what judgements of the past pay more for a settled action, `slot` being that of its
    /// settlement. Whom it was not settled for, its click says nothing of.
    pub(super) fn adjust(&mut self, id: ActionId, slot: Slot) -> Result<(), FoldError> {
        let adjustments = self.folder.book.of_action(self.folder.log(), id)?;
        if adjustments.is_empty() {
            return Ok(());
        }
        let Some(action) = self.batch.action(id)? else {
            return Ok(());
        };
        for (partner, at, more) in adjustments {
            let paid = Action {
                partner,
                click: action.click.filter(|_| partner == action.partner),
                ..action.clone()
            };
            let (_, facets) = self.apart(id, &paid)?;
            let spot = Spot::new(id.program, self.folder.day(id.program, at), partner);
            self.folder.cells.adjust((spot, at), &facets, more);
            let key = AdjustedKey {
                program: id.program,
                partner,
                day: at.utc_day(),
                time: at,
                kind: AdjustedKind::Action,
                event_type: id.event_type,
                number: id.order,
            };
            let row = AdjustedRow {
                more: Money(more),
                date: action.date,
                slot,
            };
            self.folder.book.note(key, row);
        }
        Ok(())
    }

    /// What led to an action, and what it is kept apart by.
    fn apart(&mut self, id: ActionId, action: &Action) -> Result<(Trail, Facets), FoldError> {
        let entry = self.folder.log().entry(action.submission)?;
        let conversion = match &entry {
            Some(Entry::Conversion(submission)) => Some(submission),
            _ => None,
        };
        let trail = self.trail(action, conversion)?;
        let facets = self.facets((id, action), conversion, &trail)?;
        Ok((trail, facets))
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
        let path = trail.text();
        let said = Said {
            path: path.as_deref(),
            ..conversion.map_or_else(Said::default, |conversion| said(conversion, action.partner))
        };
        let of = (action.ad, id.event_type);
        let cells = &mut self.folder.cells;
        Ok(cells.facets_of_action(clicked, of, said))
    }
}

/// What a conversion says of the link of the partner that it names. Of an action that a settlement
/// gives to another partner it says nothing: labels are the partner's that made them.
fn said(conversion: &Submission, partner: PartnerId) -> Said<'_> {
    if conversion.names_another(partner) {
        return Said::default();
    }
    let sub_ids = ["SubId1", "SubId2", "SubId3"].map(|name| conversion.field(name));
    let says_any = sub_ids.iter().any(Option::is_some);
    Said {
        shared_id: conversion.field("SharedId"),
        sub_ids: says_any.then(|| sub_ids.map(Option::unwrap_or_default)),
        path: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::submission::Reference;

    #[test]
    fn labels_are_those_of_the_partner_that_is_named() {
        let field = |name: &str, value: &str| (name.into(), value.into());
        let mut conversion = Submission {
            references: vec![Reference::Partner(PartnerId(7))],
            fields: vec![field("SharedId", "s"), field("SubId2", "b")],
            ..Submission::default()
        };
        let own = said(&conversion, PartnerId(7));
        assert_eq!(own.shared_id, Some("s"));
        assert_eq!(own.sub_ids, Some(["", "b", ""]));
        let of_another = said(&conversion, PartnerId(8));
        assert_eq!((of_another.shared_id, of_another.sub_ids), (None, None));
        conversion.fields.pop();
        let own = said(&conversion, PartnerId(7));
        assert_eq!((own.shared_id, own.sub_ids), (Some("s"), None));
    }
}
