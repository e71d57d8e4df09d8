//! A click as the fold holds it, and the terms it is judged by.

use crate::catalog::Catalog;
use crate::catalog::snapshot::Risk;
use crate::derived::{Class, Families, Reasons, Signs, Verdict, VerdictKey, WindowKey};
use crate::model::click::{StoredClick, Visitor};
use crate::model::id::{EventNumber, PartnerId, ProgramId, Slot};
use crate::model::money::Money;
use crate::model::time::{Day, Millis};

use super::super::cells::{Cells, Counted, Facets, Spot};
use super::super::error::FoldError;
use super::requests::Request;
use super::window::Rule;

/// What the fold keeps of a click while it folds its slot.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Row {
    pub(in crate::fold) partner: PartnerId,
    pub(in crate::fold) program: ProgramId,
    pub(in crate::fold) facets: Facets,
    pub(in crate::fold) time: Millis,
    pub(in crate::fold) number: EventNumber,
    pub(in crate::fold) visitor: Visitor,
    pub(in crate::fold) visitor_before: Option<Visitor>,
    pub(in crate::fold) request: Request,
    pub(in crate::fold) verdict: Verdict,
}

impl Row {
    /// A click of `slot` that has not been judged.
    pub(in crate::fold) fn new<P>(slot: Slot, stored: &StoredClick<P>, facets: Facets) -> Self {
        Self {
            partner: stored.partner,
            program: stored.click.program,
            facets,
            time: stored.number.time(),
            number: stored.number,
            visitor: stored.click.visitor,
            visitor_before: stored.click.visitor_before,
            request: Request::of(&stored.click),
            verdict: Verdict {
                class: Class::Unique,
                reasons: Reasons::NONE,
                signs: Signs::NONE,
                slot,
            },
        }
    }

    /// Its place in the fold: as the verdicts and cells are stored, so that each batch goes to one
    /// place of the store after the other.
    pub(in crate::fold) fn order(&self) -> (ProgramId, PartnerId, Millis, EventNumber) {
        (self.program, self.partner, self.time, self.number)
    }

    /// Adds it to the sums of `day` as it was judged, and what it costs.
    pub(in crate::fold) fn count(
        &self,
        families: &Families<'_>,
        cells: &mut Cells,
        (day, cost): (Day, Money),
    ) -> Result<(), FoldError> {
        let spot = Spot::new(self.program, day, self.verdict.bucket(self.partner));
        let counted = Counted {
            payable: self.verdict.payable(),
            time: self.time,
            cost,
            signs: self.verdict.signs,
            class: self.verdict.class,
        };
        cells.click(families, spot, &self.facets, &counted)
    }

    pub(in crate::fold) fn key(&self) -> VerdictKey {
        VerdictKey {
            program: self.program,
            partner: self.partner,
            day: self.time.utc_day(),
            time: self.time,
            number: self.number,
        }
    }

    pub(in crate::fold) fn windows(&self) -> (WindowKey, Option<WindowKey>) {
        let day = self.time.utc_day();
        let key = |day, visitor| WindowKey {
            program: self.program,
            day,
            partner: self.partner,
            visitor,
        };
        let before = Day(day.0.saturating_sub(1));
        (
            key(day, self.visitor),
            self.visitor_before.map(|visitor| key(before, visitor)),
        )
    }
}

/// What a slot's catalogue says about clicks of a program.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct ClickTerms {
    pub(in crate::fold) rule: Rule,
    pub(in crate::fold) pays_expired_ads: bool,
    pub(in crate::fold) risk: Risk,
}

pub(in crate::fold) fn click_terms(catalog: &Catalog, program: ProgramId) -> ClickTerms {
    catalog.program(program).map_or_else(
        || ClickTerms {
            rule: Rule::FALLBACK,
            pays_expired_ads: true,
            risk: Risk::default(),
        },
        |program| ClickTerms {
            rule: Rule {
                window: program.unique_window,
                rolling: program.unique_rolling,
            },
            pays_expired_ads: program.pay_expired_ads,
            risk: program.risk,
        },
    )
}
