//! What clicks and actions add to the cells: each is counted in every cube of its kind, apart by
//! its facets. What arrived is counted in one.

use crate::derived::{Batch, Class, Families, Signs};
use crate::model::arrival::Stream;
use crate::model::click::{Click, Parameter};
use crate::model::id::{AdId, EventTypeId};
use crate::model::money::Money;
use crate::model::tally::{Stored, Tally};
use crate::model::time::Millis;
use crate::registry::cube::{CUBES, CubeId, Granularity};
use crate::registry::facet::FacetKind;
use crate::registry::ledger;

use super::super::action::figures::Figures;
use super::super::error::FoldError;
use super::super::people::trail::Trail;
use super::facets::{Facets, Said, Short};
use super::kept::{At, Kept};
use super::marks::{Marked, Marks};
use super::place::{Place, Spot, SpotNumber};
use super::texts::Named;

/// What a click counts as.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Counted {
    pub(in crate::fold) payable: bool,
    pub(in crate::fold) time: Millis,
    pub(in crate::fold) cost: Money,
    pub(in crate::fold) class: Class,
    pub(in crate::fold) signs: Signs,
}

/// The cell of one cube that the last click fell into. Clicks come by partner, so most fall into
/// the same one.
#[derive(Debug)]
struct Run {
    cube: CubeId,
    granularity: Granularity,
    facet: FacetKind,
    /// Whether it counts when the last click was made.
    tells_time: bool,
    last: Option<(Place, At)>,
}

/// What is counted at the end of the slot.
#[derive(Debug)]
struct Late {
    spot: Spot,
    cube: CubeId,
    facet: Short,
    more: Tally,
}

/// The cells of all cubes.
#[derive(Debug)]
pub(in crate::fold) struct Cells {
    kept: Kept,
    runs: Vec<Run>,
    marks: Marks,
    late: Vec<Late>,
    /// The spot of the last click, and the numbers of the stretches of time that it lies in.
    last: Option<(Spot, Stretches)>,
}

/// A number for each granularity, in their order.
type Stretches = [SpotNumber; Granularity::ALL.len()];

/// The one of a granularity.
fn of(granularity: Granularity, stretches: Stretches) -> SpotNumber {
    let [day, week] = stretches;
    match granularity {
        Granularity::Day => day,
        Granularity::Week => week,
    }
}

impl Default for Cells {
    fn default() -> Self {
        let clicks = CUBES.iter().filter(|cube| cube.counts(Stored::RawClicks));
        Self {
            kept: Kept::default(),
            runs: clicks
                .flat_map(|cube| cube.granularities.iter().map(move |kept| (cube, *kept)))
                .map(|(cube, granularity)| Run {
                    cube: cube.id,
                    granularity,
                    facet: cube.facet,
                    tells_time: cube.counts(Stored::LastClick),
                    last: None,
                })
                .collect(),
            marks: Marks::default(),
            late: Vec::new(),
            last: None,
        }
    }
}

impl Cells {
    /// What a click of the slot to be counted is kept apart by.
    pub(in crate::fold) fn facets<'p, P>(&mut self, click: &Click<P>) -> Facets
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        Facets::of_click(click, &mut self.kept.texts)
    }

    /// Adds to the facets of a click what its request says of device and page.
    pub(in crate::fold) fn describe(
        &mut self,
        facets: &mut Facets,
        device: &mut Named,
        domain: &mut Named,
    ) {
        facets.describe(device, domain, &mut self.kept.texts);
    }

    /// Adds to the facets of a click on an expired ad the page that leads to it.
    pub(in crate::fold) fn expired(&mut self, facets: &mut Facets, page: &str) {
        facets.expired(page, &mut self.kept.texts);
    }

    /// What an action is kept apart by that came by a click with `clicked`.
    pub(in crate::fold) fn facets_of_action(
        &mut self,
        clicked: Facets,
        of: (AdId, EventTypeId),
        said: Said<'_>,
    ) -> Facets {
        clicked.of_action(of, said, &mut self.kept.texts)
    }

    /// Counts a click in every cube of clicks.
    pub(in crate::fold) fn click(
        &mut self,
        families: &Families<'_>,
        spot: Spot,
        facets: &Facets,
        counted: &Counted,
    ) -> Result<(), FoldError> {
        let stretches = self.stretches(families, spot)?;
        for run in &mut self.runs {
            let Some(facet) = facets.get(run.facet, counted.time) else {
                continue;
            };
            let place = Place {
                spot: of(run.granularity, stretches),
                facet,
                cube: run.cube,
            };
            let at = match run.last {
                Some((last, at)) if last == place => at,
                _ => self.kept.at(families, place)?,
            };
            run.last = Some((place, at));
            self.kept.click(at, counted);
            if run.tells_time {
                self.kept.clicked(at, counted.time);
            }
        }
        let number = of(Granularity::Day, stretches);
        let marked = Marked {
            signs: counted.signs,
            class: counted.class,
            in_common: facets.in_common.at(counted.time),
        };
        if !self.marks.are_of(number) {
            self.mark_clicks(families)?;
        }
        self.marks.click(number, marked);
        Ok(())
    }

    /// The stretches of time that the spot of a click lies in.
    fn stretches(&mut self, families: &Families<'_>, spot: Spot) -> Result<Stretches, FoldError> {
        if let Some((_, stretches)) = self.last.filter(|(last, _)| *last == spot) {
            return Ok(stretches);
        }
        let mut number = |kept| self.kept.spot(families, spot.within(kept));
        let stretches = [number(Granularity::Day)?, number(Granularity::Week)?];
        self.last = Some((spot, stretches));
        Ok(stretches)
    }

    /// Adds what the clicks of one spot bore that came in a row.
    fn mark_clicks(&mut self, families: &Families<'_>) -> Result<(), FoldError> {
        let Some(spot) = self.marks.spot() else {
            return Ok(());
        };
        let place = |facet| Place {
            spot,
            facet,
            cube: CubeId::RISK,
        };
        let whole = self.marks.whole();
        if !whole.is_zero() {
            let at = self.kept.at(families, place(Short::None))?;
            self.kept.merge(at, &whole);
        }
        for (part, in_buckets) in (0_u32..).zip(self.marks.parts()) {
            if in_buckets.iter().any(|count| *count > 0) {
                let at = self.kept.at(families, place(Short::Number(part)))?;
                self.kept.fill(at, in_buckets);
            }
        }
        self.marks.clear();
        Ok(())
    }

    /// Counts what an action bears `times` more; less where that is negative.
    pub(in crate::fold) fn mark(&mut self, spot: Spot, marks: &Tally, times: i128) {
        let mut more = Tally::default();
        for (measure, count) in marks.iter() {
            more.add(measure, count * times);
        }
        self.add(CubeId::RISK, (spot, Short::None), more);
    }

    /// Counts a conversion refused that speaks against a partner.
    pub(in crate::fold) fn refused(&mut self, spot: Spot, measure: Stored) {
        let mut more = Tally::default();
        more.add(measure, 1);
        self.add(CubeId::RISK, (spot, Short::None), more);
    }

    /// Counts in every cube of actions what changes when an action that counted for `before`
    /// counts for `after`, on the day and at the time of the action itself.
    pub(in crate::fold) fn change(
        &mut self,
        (spot, at): (Spot, Millis),
        facets: &Facets,
        trail: &Trail,
        [before, after]: [&Figures; 2],
    ) {
        let mut more = Tally::default();
        before.change(after, &mut more);
        let actions = more.get(Stored::Actions);
        more.add(Stored::SecondsToConvert, trail.seconds() * actions);
        for cube in CUBES.iter().filter(|cube| cube.counts(Stored::Actions)) {
            if let Some(facet) = facets.get(cube.facet, at) {
                self.add(cube.id, (spot, facet), more.only(cube.measures));
            }
        }
        for (partner, more) in trail.contributions(actions) {
            let spot = Spot { partner, ..spot };
            self.add(CubeId::CONTRIBUTION, (spot, Short::None), more);
        }
    }

    /// Counts what is paid more since a judgement of the past, made at this time of that day.
    pub(in crate::fold) fn adjust(
        &mut self,
        (spot, at): (Spot, Millis),
        facets: &Facets,
        paid_more: i64,
    ) {
        let mut more = Tally::default();
        more.add(Stored::Adjusted, paid_more.into());
        for cube in CUBES.iter().filter(|cube| cube.counts(Stored::Adjusted)) {
            if let Some(facet) = facets.get(cube.facet, at) {
                self.add(cube.id, (spot, facet), more.clone());
            }
        }
    }

    /// Counts what arrived at this time of that day.
    pub(in crate::fold) fn arrived(
        &mut self,
        (spot, at): (Spot, Millis),
        stream: Stream,
        more: Tally,
    ) {
        let facet = Short::Number(ledger::facet(at, stream));
        self.add(CubeId::LEDGER, (spot, facet), more);
    }

    fn add(&mut self, cube: CubeId, (spot, facet): (Spot, Short), more: Tally) {
        if more.is_zero() {
            return;
        }
        // The first length is the day, as of the spot itself.
        for longer in cube
            .cube()
            .iter()
            .flat_map(|cube| cube.granularities.iter().skip(1))
        {
            self.late.push(Late {
                spot: spot.within(*longer),
                cube,
                facet,
                more: more.clone(),
            });
        }
        self.late.push(Late {
            spot,
            cube,
            facet,
            more,
        });
    }

    /// Remembers at most `max` cells and as many texts between slots.
    pub(in crate::fold) fn remember_at_most(&mut self, max: usize) {
        self.kept.remember_at_most(max);
    }

    /// Has the cells of many slots written together. Only for a generation that does not serve:
    /// its rows say less than its watermark until [`Self::release`].
    pub(in crate::fold) fn hold_back(&mut self) {
        self.kept.hold_back();
    }

    /// Puts whatever is held back into `batch`, and holds nothing back any more.
    pub(in crate::fold) fn release(&mut self, batch: &mut Batch<'_>) -> Result<(), FoldError> {
        self.kept.release(batch)
    }

    /// Adds what the slot counted late, and puts each cell that changed into the slot's batch.
    pub(in crate::fold) fn write(
        &mut self,
        families: &Families<'_>,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
        self.mark_clicks(families)?;
        for late in self.late.drain(..).filter(|late| !late.more.is_zero()) {
            let place = Place {
                spot: self.kept.spot(families, late.spot)?,
                facet: late.facet,
                cube: late.cube,
            };
            let at = self.kept.at(families, place)?;
            self.kept.merge(at, &late.more);
        }
        for run in &mut self.runs {
            run.last = None;
        }
        self.last = None;
        self.kept.end_slot(batch)
    }
}
