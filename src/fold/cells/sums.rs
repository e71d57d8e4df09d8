//! What clicks and actions add to the cells: each is counted in every cube, apart by its facets.

use ahash::AHashMap;

use crate::derived::{Batch, CellKey, Class, Families, Signs};
use crate::model::click::{Click, Parameter};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::money::Money;
use crate::model::tally::{Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CUBES, CubeId, Granularity};
use crate::registry::facet::FacetKind;

use super::super::action::figures::Figures;
use super::super::error::FoldError;
use super::super::people::trail::Trail;
use super::facets::{Facets, Said, Short};
use super::kept::{Cell, Kept};
use super::marks::{Marked, Marks};
use super::texts::Texts;

/// Texts remembered between slots; beyond that all are numbered anew.
const TEXTS_REMEMBERED_MAX: usize = 65_536;

/// Program, day and partner of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::fold) struct Spot {
    pub(in crate::fold) program: ProgramId,
    pub(in crate::fold) day: Day,
    pub(in crate::fold) partner: PartnerId,
}

/// What a click counts as.
#[derive(Clone, Copy, Debug)]
pub(in crate::fold) struct Counted {
    pub(in crate::fold) payable: bool,
    pub(in crate::fold) time: Millis,
    pub(in crate::fold) cost: Money,
    pub(in crate::fold) class: Class,
    pub(in crate::fold) signs: Signs,
}

/// Where a cell lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) cube: CubeId,
    pub(super) spot: Spot,
    pub(super) facet: Short,
}

/// Clicks that a slot adds to a cell. A slot holds far fewer than 2^32.
#[derive(Clone, Copy, Debug, Default)]
struct Clicks {
    raw: u32,
    unique: u32,
    payable: u32,
    /// Own time of the last one.
    last: i64,
    /// Millionths; what a slot's clicks cost fits by far.
    cost: i64,
}

/// The clicks of one cube that fell into one cell in a row.
#[derive(Debug)]
struct Run {
    cube: CubeId,
    facet: FacetKind,
    last: Option<(Place, Clicks)>,
}

/// The cells of all cubes.
#[derive(Debug)]
pub(in crate::fold) struct Cells {
    kept: Kept,
    texts: Texts,
    runs: Vec<Run>,
    marks: Marks,
    clicks: AHashMap<Place, Clicks>,
    sums: Vec<(Place, Tally)>,
    holds_back: bool,
}

impl Default for Cells {
    fn default() -> Self {
        let clicks = CUBES.iter().filter(|cube| cube.counts(Stored::RawClicks));
        Self {
            kept: Kept::default(),
            texts: Texts::default(),
            runs: clicks
                .map(|cube| Run {
                    cube: cube.id,
                    facet: cube.facet,
                    last: None,
                })
                .collect(),
            marks: Marks::default(),
            clicks: AHashMap::new(),
            sums: Vec::new(),
            holds_back: false,
        }
    }
}

impl Cells {
    /// What a click of the slot to be counted is kept apart by.
    pub(in crate::fold) fn facets<'p, P>(&mut self, click: &Click<P>) -> Facets
    where
        P: Iterator<Item = (Parameter, &'p [u8])> + Clone,
    {
        Facets::of_click(click, &mut self.texts)
    }

    /// Adds to the facets of a click what its request says of device and page.
    pub(in crate::fold) fn describe(&mut self, facets: &mut Facets, device: &str, domain: &str) {
        facets.describe(device, domain, &mut self.texts);
    }

    /// Adds to the facets of a click on an expired ad the page that leads to it.
    pub(in crate::fold) fn expired(&mut self, facets: &mut Facets, page: &str) {
        facets.expired(page, &mut self.texts);
    }

    /// What an action is kept apart by that came by a click with `clicked`.
    pub(in crate::fold) fn facets_of_action(
        &mut self,
        clicked: Facets,
        of: (AdId, EventTypeId),
        said: Said<'_>,
    ) -> Facets {
        clicked.of_action(of, said, &mut self.texts)
    }

    /// Counts a click in every cube of clicks.
    pub(in crate::fold) fn click(&mut self, spot: Spot, facets: &Facets, counted: Counted) {
        for run in &mut self.runs {
            let Some(facet) = facets.get(run.facet) else {
                continue;
            };
            let cube = run.cube;
            let place = Place { cube, spot, facet };
            // Clicks come by partner, so most add to the same cell as the one before.
            if run.last.as_ref().is_none_or(|last| last.0 != place) {
                settle(&mut self.clicks, run.last.take());
                run.last = Some((place, Clicks::default()));
            }
            if let Some((_, clicks)) = &mut run.last {
                clicks.raw += 1;
                clicks.unique += u32::from(counted.class == Class::Unique);
                clicks.payable += u32::from(counted.payable);
                clicks.last = clicks.last.max(counted.time.0);
                clicks.cost = clicks.cost.saturating_add(counted.cost.0);
            }
        }
        let marked = Marked {
            signs: counted.signs,
            class: counted.class,
            in_common: facets.in_common,
        };
        let sums = &mut self.sums;
        self.marks.click(spot, marked, &mut |spot, facet, tally| {
            sums.push((Place::of_risk(spot, facet), tally));
        });
    }

    /// Counts what an action bears `times` more; less where that is negative.
    pub(in crate::fold) fn mark(&mut self, spot: Spot, marks: &Tally, times: i128) {
        let mut more = Tally::default();
        for (measure, count) in marks.iter() {
            more.add(measure, count * times);
        }
        self.sums.push((Place::of_risk(spot, Short::None), more));
    }

    /// Counts a conversion refused that a partner laid claim to.
    pub(in crate::fold) fn refused(&mut self, spot: Spot) {
        let mut more = Tally::default();
        more.add(Stored::RefusedClaims, 1);
        self.sums.push((Place::of_risk(spot, Short::None), more));
    }

    /// Counts in every cube of actions what changes when an action that counted for `before`
    /// counts for `after`, on the day of the action itself.
    pub(in crate::fold) fn change(
        &mut self,
        spot: Spot,
        facets: &Facets,
        trail: &Trail,
        [before, after]: [&Figures; 2],
    ) {
        let mut more = Tally::default();
        before.change(after, &mut more);
        let actions = more.get(Stored::Actions);
        more.add(Stored::SecondsToConvert, trail.seconds() * actions);
        for cube in CUBES.iter().filter(|cube| cube.counts(Stored::Actions)) {
            if let Some(facet) = facets.get(cube.facet) {
                self.add(cube.id, (spot, facet), more.only(cube.measures));
            }
        }
        for (partner, more) in trail.contributions(actions) {
            let spot = Spot { partner, ..spot };
            self.add(CubeId::CONTRIBUTION, (spot, Short::None), more);
        }
    }

    fn add(&mut self, cube: CubeId, (spot, facet): (Spot, Short), more: Tally) {
        if !more.is_zero() {
            self.sums.push((Place { cube, spot, facet }, more));
        }
    }

    /// Has the cells of many slots written together. Only for a generation that does not serve:
    /// its rows say less than its watermark until [`Self::release`].
    pub(in crate::fold) fn hold_back(&mut self) {
        self.holds_back = true;
    }

    /// Puts whatever is held back into `batch`, and holds nothing back any more.
    pub(in crate::fold) fn release(&mut self, batch: &mut Batch<'_>) {
        self.holds_back = false;
        self.kept.write(batch);
    }

    /// Adds what the slot counted to the cells and puts each that changed into its batch.
    pub(in crate::fold) fn write(
        &mut self,
        families: &Families<'_>,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
        let mut beyond = Vec::new();
        for (cell, more) in self.counted() {
            let more = self.kept.add(families, cell, more)?;
            beyond.extend(more);
        }
        for (other, more) in beyond {
            self.kept.add_to_other(families, other, &more)?;
        }
        let is_full = self.kept.is_full() || self.texts.len() > TEXTS_REMEMBERED_MAX;
        if is_full || !self.holds_back {
            self.kept.write(batch);
        }
        if self.texts.len() > TEXTS_REMEMBERED_MAX {
            self.kept.forget();
            self.texts.clear();
        }
        Ok(())
    }

    /// What the slot counted, by cell and in the order of their keys.
    fn counted(&mut self) -> Vec<(Cell, Tally)> {
        for run in &mut self.runs {
            settle(&mut self.clicks, run.last.take());
        }
        let sums = &mut self.sums;
        self.marks.end(&mut |spot, facet, tally| {
            sums.push((Place::of_risk(spot, facet), tally));
        });
        let mut changed: AHashMap<Place, Tally> = AHashMap::new();
        for (place, clicks) in self.clicks.drain() {
            let Some(cube) = place.cube.cube() else {
                continue;
            };
            let tally = changed.entry(place).or_default();
            for (measure, more) in [
                (Stored::RawClicks, i128::from(clicks.raw)),
                (Stored::Clicks, clicks.unique.into()),
                (Stored::PayableClicks, clicks.payable.into()),
                (Stored::LastClick, clicks.last.into()),
                (Stored::CpcCost, clicks.cost.into()),
            ] {
                if cube.counts(measure) {
                    tally.add(measure, more);
                }
            }
        }
        for (place, more) in self.sums.drain(..).filter(|(_, more)| !more.is_zero()) {
            changed.entry(place).or_default().merge(&more);
        }
        let mut changed: Vec<(Cell, Tally)> = changed
            .into_iter()
            .map(|(place, more)| (Cell::new(place, &self.texts), more))
            .collect();
        changed.sort_unstable_by(|a, b| a.0.order().cmp(&b.0.order()));
        changed
    }
}

impl Place {
    fn of_risk(spot: Spot, facet: Short) -> Self {
        Self {
            cube: CubeId::RISK,
            spot,
            facet,
        }
    }

    /// The key of its row, without the facet.
    pub(super) fn key(self) -> CellKey {
        CellKey {
            cube: self.cube,
            program: self.spot.program,
            granularity: Granularity::Day,
            day: self.spot.day,
            partner: self.spot.partner,
        }
    }

    /// Where the texts go that are not kept apart.
    pub(super) fn other(self) -> Self {
        Self {
            facet: Short::Other,
            ..self
        }
    }
}

fn settle(clicks: &mut AHashMap<Place, Clicks>, run: Option<(Place, Clicks)>) {
    if let Some((place, more)) = run {
        let clicks = clicks.entry(place).or_default();
        clicks.raw += more.raw;
        clicks.unique += more.unique;
        clicks.payable += more.payable;
        clicks.last = clicks.last.max(more.last);
        clicks.cost = clicks.cost.saturating_add(more.cost);
    }
}
