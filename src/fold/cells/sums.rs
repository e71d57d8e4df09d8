//! The cells, kept as whole rows: what a slot adds is added in memory and the whole cell is written
//! again, so that writing a slot's batch is all it takes.

use ahash::AHashMap;

use crate::derived::{Batch, CellKey, Class, Families, Signs};
use crate::model::click::{Click, Parameter};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::money::Money;
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CUBES, CubeId, Granularity, TEXTS_MAX};
use crate::registry::facet::FacetKind;

use super::super::action::figures::Figures;
use super::super::error::FoldError;
use super::super::people::trail::Trail;
use super::facets::{Facets, Said, Short};
use super::marks::{Marked, Marks};
use super::texts::Texts;

/// Cells and texts remembered between slots, about 250 bytes each; beyond that all are read again.
const REMEMBERED_MAX: usize = 65_536;

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
struct Place {
    cube: CubeId,
    spot: Spot,
    facet: Short,
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
    remembered: AHashMap<Place, Tally>,
    texts: Texts,
    runs: Vec<Run>,
    marks: Marks,
    clicks: AHashMap<Place, Clicks>,
    sums: Vec<(Place, Tally)>,
}

impl Default for Cells {
    fn default() -> Self {
        let clicks = CUBES.iter().filter(|cube| cube.counts(Stored::RawClicks));
        Self {
            remembered: AHashMap::new(),
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

    /// Puts every cell that the slot changed into its batch.
    pub(in crate::fold) fn write(
        &mut self,
        families: &Families<'_>,
        batch: &mut Batch<'_>,
    ) -> Result<(), FoldError> {
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
        let mut changed: Vec<(CellKey, Facet, Place, Tally)> = changed
            .into_iter()
            .map(|(place, more)| (place.key(), self.facet(place), place, more))
            .collect();
        changed.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let mut beyond = Vec::new();
        for (key, facet, place, more) in changed {
            let more = self.place(families, batch, (key, facet, place), more)?;
            beyond.extend(more.map(|more| (place, more)));
        }
        for (place, more) in beyond {
            let other = place.other();
            let mut tally = self.held(families, other)?.unwrap_or_default();
            tally.merge(&more);
            self.set(batch, other, tally);
        }
        if self.remembered.len() > REMEMBERED_MAX || self.texts.len() > REMEMBERED_MAX {
            self.remembered.clear();
            self.texts.clear();
        }
        Ok(())
    }

    /// Adds to one cell; gives back what there is no room for among the texts of its day and
    /// partner.
    fn place(
        &mut self,
        families: &Families<'_>,
        batch: &mut Batch<'_>,
        (key, facet, place): (CellKey, Facet, Place),
        more: Tally,
    ) -> Result<Option<Tally>, FoldError> {
        let held = match self.remembered.get(&place) {
            Some(tally) => Some(tally.clone()),
            None => families.cell(key, &facet)?,
        };
        if held.is_none() && matches!(place.facet, Short::Text(_)) {
            let other = place.other();
            let mut counted = self.held(families, other)?.unwrap_or_default();
            if counted.get(Stored::Texts) >= i128::from(TEXTS_MAX) {
                return Ok(Some(more));
            }
            counted.add(Stored::Texts, 1);
            self.set(batch, other, counted);
        }
        let mut tally = held.unwrap_or_default();
        tally.merge(&more);
        batch.cell(key, &facet, &tally);
        self.remembered.insert(place, tally);
        Ok(None)
    }

    fn held(&self, families: &Families<'_>, place: Place) -> Result<Option<Tally>, FoldError> {
        Ok(match self.remembered.get(&place) {
            Some(tally) => Some(tally.clone()),
            None => families.cell(place.key(), &self.facet(place))?,
        })
    }

    fn set(&mut self, batch: &mut Batch<'_>, place: Place, tally: Tally) {
        batch.cell(place.key(), &self.facet(place), &tally);
        self.remembered.insert(place, tally);
    }

    fn facet(&self, place: Place) -> Facet {
        match place.facet {
            Short::None => Facet::None,
            Short::Number(number) => Facet::Number(number),
            Short::Text(number) => Facet::Text(self.texts.text(number).into()),
            Short::Other => Facet::Other,
        }
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

    fn key(self) -> CellKey {
        CellKey {
            cube: self.cube,
            program: self.spot.program,
            granularity: Granularity::Day,
            day: self.spot.day,
            partner: self.spot.partner,
        }
    }

    /// Where the texts go that are not kept apart.
    fn other(self) -> Self {
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
