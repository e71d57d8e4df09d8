//! Sums over stored verdicts and actions, made on their own and compared with every cell.

use ahash::AHashMap;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::derived::{Action, ActionId, Class, Reasons, Verdict, VerdictKey, View};
use crate::log::Log;
use crate::model::id::{CatalogVersion, PartnerId, ProgramId, Slot};
use crate::model::tally::Stored;
use crate::model::time::{Day, Millis};
use crate::registry::cube::CubeId;

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
    fn day(&self, slot: Slot, program: ProgramId, at: Millis) -> Day {
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

type Place = (ProgramId, Day, PartnerId);

/// What the cells should hold.
#[derive(Debug, Default)]
pub(super) struct Recount(AHashMap<Place, [i128; 8]>);

impl Recount {
    fn add(&mut self, place: Place, measure: Stored, amount: i128) {
        let sums = self.0.entry(place).or_default();
        if let Some(sum) = sums.get_mut(usize::from(measure.code())) {
            *sum += amount;
        }
    }

    /// Counts a click.
    pub(super) fn verdict(&mut self, zones: &Zones, key: VerdictKey, verdict: Verdict) {
        let partner = if verdict.reasons.any(Reasons::UNKNOWN_PARTNER) {
            PartnerId(0)
        } else {
            key.partner
        };
        let day = zones.day(verdict.slot, key.program, key.time);
        let place = (key.program, day, partner);
        self.add(place, Stored::RawClicks, 1);
        if verdict.class == Class::Unique {
            self.add(place, Stored::Clicks, 1);
            if verdict.reasons == Reasons(0) {
                self.add(place, Stored::PayableClicks, 1);
            }
        }
    }

    /// Counts an action; on which day is taken from its date, not from what was stored with it.
    pub(super) fn action(&mut self, zones: &Zones, id: ActionId, action: &Action) {
        let day = zones.day(action.submission.slot, id.program, action.date);
        let place = (id.program, day, action.partner);
        self.add(place, Stored::GrossActions, 1);
        self.add(
            place,
            Stored::GrossActionCost,
            i128::from(action.gross_cost.0),
        );
        self.add(place, Stored::Actions, i128::from(!action.is_reversed()));
        let amount = action.amount.map_or(0, |amount| i128::from(amount.0));
        self.add(place, Stored::SaleAmount, amount);
        self.add(place, Stored::ActionCost, i128::from(action.cost.0));
    }

    /// Compares with every cell of the view.
    pub(super) fn compare(
        mut self,
        view: &View<'_>,
        report: &mut VerifyReport,
    ) -> Result<(), FoldError> {
        let at = |place: &Place| {
            format!(
                "program {}, day {}, partner {}",
                place.0, place.1.0, place.2
            )
        };
        view.for_each_cell_of_all(CubeId::PARTNER_PERFORMANCE, &mut |cell| {
            report.cells += 1;
            let place = (cell.program, cell.day, cell.partner);
            let counted = self.0.remove(&place).unwrap_or_default();
            let stored = Stored::ALL.map(|measure| cell.tally.get(measure));
            for (measure, (counted, stored)) in Stored::ALL.iter().zip(counted.iter().zip(stored)) {
                if *counted != stored {
                    let named = || format!("{}, {measure:?}", at(&place));
                    report.differs("aggregate cell", named, counted, stored);
                }
            }
        })?;
        let mut missing: Vec<_> = self.0.into_iter().collect();
        missing.sort_unstable_by_key(|(place, _)| *place);
        for (place, counted) in missing {
            let counted = format!("{counted:?}");
            report.differs("aggregate cell", || at(&place), counted, "no cell");
        }
        Ok(())
    }
}
