//! Sums over stored verdicts and actions, made on their own and compared with every cell.

use ahash::AHashMap;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::derived::{Action, ActionId, Class, DerivedError, Judged, Reasons, VerdictKey, View};
use crate::log::row::click as click_row;
use crate::log::{Log, LogError, Parameters};
use crate::model::click::{Click, Parameter};
use crate::model::entry::Entry;
use crate::model::id::{CatalogVersion, PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CUBES, CubeId};

use super::super::catalogs::Catalogs;
use super::super::error::FoldError;
use super::report::VerifyReport;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The zones of all programs in every catalogue version that a footer names.
#[derive(Debug, Default)]
pub(super) struct Zones {
    catalogs: Catalogs,
    /// From which slot on which version is in force, in slot order.
    versions: Vec<(Slot, CatalogVersion)>,
    found: AHashMap<(CatalogVersion, ProgramId), TimeZone>,
}

impl Zones {
    /// Notes the version a slot names. Slots come in order.
    pub(super) fn slot(
        &mut self,
        log: &Log,
        slot: Slot,
        version: CatalogVersion,
    ) -> Result<(), FoldError> {
        if self.versions.last().is_some_and(|last| last.1 == version) {
            return Ok(());
        }
        self.versions.push((slot, version));
        let catalog = self.catalogs.load(log, version)?;
        for (program, found) in &catalog.programs {
            self.found
                .insert((version, *program), found.time_zone.clone());
        }
        Ok(())
    }

    /// The calendar day of `at` for a program, by the catalogue of `slot`.
    pub(super) fn day(&self, slot: Slot, program: ProgramId, at: Millis) -> Day {
        let after = self.versions.partition_point(|(from, _)| *from <= slot);
        let version = after
            .checked_sub(1)
            .and_then(|at| self.versions.get(at))
            .map_or(CatalogVersion(0), |found| found.1);
        let zone = self.found.get(&(version, program));
        let date = Timestamp::from_millisecond(at.0).ok().map(|timestamp| {
            let zone = zone.cloned().unwrap_or(TimeZone::UTC);
            timestamp.to_zoned(zone).date()
        });
        date.and_then(|date| EPOCH.until(date).ok())
            .map_or_else(|| at.utc_day(), |span| Day(span.get_days()))
    }
}

/// Where a cell lies, by cube, program, day and partner.
type Place = (CubeId, ProgramId, Day, PartnerId);

/// What the cells should hold.
#[derive(Debug, Default)]
pub(super) struct Recount(AHashMap<Place, AHashMap<Facet, Tally>>);

impl Recount {
    fn add(&mut self, place: Place, facet: Facet, more: &Tally) {
        let facets = self.0.entry(place).or_default();
        facets.entry(facet).or_default().merge(more);
    }

    /// Counts a click in the sums that are kept apart by nothing.
    pub(super) fn verdict(&mut self, zones: &Zones, key: VerdictKey, judged: &Judged) {
        let (program, day, partner) = spot(zones, key, judged);
        let place = (CubeId::PARTNER_PERFORMANCE, program, day, partner);
        self.add(place, Facet::None, &counts(judged));
    }

    /// Counts a click as it lies in the log, in all other sums.
    pub(super) fn click(
        &mut self,
        view: &View<'_>,
        zones: &Zones,
        key: VerdictKey,
        click: &Click<Parameters<'_>>,
    ) -> Result<(), DerivedError> {
        let Some(judged) = view.judged(key)? else {
            return Ok(());
        };
        let (program, day, partner) = spot(zones, key, &judged);
        for (cube, facet) in [
            (CubeId::AD, Facet::Number(click.ad.0)),
            (CubeId::SHARED_ID, Facet::Text(shared_id(click))),
        ] {
            let place = (cube, program, day, partner);
            self.add(place, facet, &counts(&judged));
        }
        Ok(())
    }

    /// Counts an action; on which day is taken from its date, not from what was stored with it.
    pub(super) fn action(
        &mut self,
        log: &Log,
        zones: &Zones,
        id: ActionId,
        action: &Action,
    ) -> Result<(), FoldError> {
        let day = zones.day(action.submission.slot, id.program, action.date);
        let mut more = Tally::default();
        more.add(Stored::GrossActions, 1);
        more.add(Stored::GrossActionCost, action.gross_cost.0.into());
        more.add(Stored::Actions, i128::from(!action.is_reversed()));
        let amount = action.amount.map_or(0, |amount| i128::from(amount.0));
        more.add(Stored::SaleAmount, amount);
        more.add(Stored::ActionCost, action.cost.0.into());
        for (cube, facet) in [
            (CubeId::PARTNER_PERFORMANCE, Facet::None),
            (CubeId::AD, Facet::Number(action.ad.0)),
            (CubeId::EVENT_TYPE, Facet::Number(id.event_type.0)),
            (
                CubeId::SHARED_ID,
                Facet::Text(shared_id_of_action(log, action)?),
            ),
        ] {
            self.add((cube, id.program, day, action.partner), facet, &more);
        }
        Ok(())
    }

    /// Compares with every cell of the view.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        for cube in CUBES {
            let mut others = Vec::new();
            view.for_each_cell_of_all(cube.id, &mut |cell| {
                report.cells += 1;
                let place = (cube.id, cell.program, cell.day, cell.partner);
                let counted = self.0.get_mut(&place);
                let counted = counted.and_then(|facets| facets.remove(&cell.facet));
                if cell.facet == Facet::Other {
                    others.push((place, cell.tally));
                } else {
                    let at = || at(&place, &cell.facet);
                    differences(report, at, &counted.unwrap_or_default(), &cell.tally);
                }
            })?;
            for (place, stored) in others {
                self.other(place, &stored, report);
            }
        }
        let mut missing: Vec<_> = self.0.into_iter().collect();
        missing.sort_unstable_by_key(|(place, _)| *place);
        for (place, facets) in missing {
            for (facet, counted) in facets {
                let counted = format!("{counted:?}");
                report.differs("aggregate cell", || at(&place, &facet), counted, "no cell");
            }
        }
        Ok(())
    }

    /// Compares the cell of all texts that are not kept apart with what is left of a place.
    fn other(&mut self, place: Place, stored: &Tally, report: &mut VerifyReport) {
        let mut counted = Tally::default();
        for (_, left) in self.0.remove(&place).unwrap_or_default() {
            counted.merge(&left);
        }
        counted.add(Stored::Texts, stored.get(Stored::Texts));
        differences(report, || at(&place, &Facet::Other), &counted, stored);
    }
}

/// Program, day and partner that a click counts for.
fn spot(zones: &Zones, key: VerdictKey, judged: &Judged) -> (ProgramId, Day, PartnerId) {
    let verdict = judged.verdict;
    let partner = if verdict.reasons.any(Reasons::UNKNOWN_PARTNER) {
        PartnerId(0)
    } else {
        key.partner
    };
    let day = zones.day(verdict.slot, key.program, key.time);
    (key.program, day, partner)
}

fn shared_id(click: &Click<Parameters<'_>>) -> Box<str> {
    let mut parameters = click.parameters.clone();
    let found = parameters.find(|(parameter, _)| *parameter == Parameter::SharedId);
    found.map_or_else(Box::default, |(_, value)| {
        String::from_utf8_lossy(value).into()
    })
}

/// What the conversion says, or else its click.
fn shared_id_of_action(log: &Log, action: &Action) -> Result<Box<str>, FoldError> {
    if let Some(Entry::Conversion(submission)) = log.entry(action.submission)?
        && let Some(said) = submission.field("SharedId")
    {
        return Ok(said.into());
    }
    let Some((slot, number)) = action
        .click
        .and_then(|click| Some((click.slot?, click.number)))
    else {
        return Ok(Box::default());
    };
    let row = log.click_row(slot, action.partner, number)?;
    let read = row.as_deref().map(click_row::read).transpose();
    let click = read.map_err(LogError::from)?;
    Ok(click.as_ref().map(shared_id).unwrap_or_default())
}

/// What a click counts for.
fn counts(judged: &Judged) -> Tally {
    let verdict = judged.verdict;
    let mut tally = Tally::default();
    tally.add(Stored::RawClicks, 1);
    if verdict.class == Class::Unique {
        tally.add(Stored::Clicks, 1);
        let payable = verdict.reasons == Reasons(0);
        tally.add(Stored::PayableClicks, i128::from(payable));
        let cost = judged.charge.map_or(0, |charge| charge.cost.0);
        tally.add(Stored::CpcCost, cost.into());
    }
    tally
}

fn at(place: &Place, facet: &Facet) -> String {
    let (cube, program, day, partner) = place;
    let cube = cube.cube().map_or("unknown", |cube| cube.name);
    let day = day.0;
    match facet {
        Facet::None => format!("{cube}, program {program}, day {day}, partner {partner}"),
        facet => format!("{cube}, program {program}, day {day}, partner {partner}, {facet:?}"),
    }
}

fn differences(
    report: &mut VerifyReport,
    at: impl Fn() -> String,
    counted: &Tally,
    stored: &Tally,
) {
    for measure in Stored::ALL {
        let (counted, stored) = (counted.get(*measure), stored.get(*measure));
        if counted != stored {
            let named = || format!("{}, {measure:?}", at());
            report.differs("aggregate cell", named, counted, stored);
        }
    }
}
