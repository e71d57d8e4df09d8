//! Sums over stored verdicts and actions, made on their own and compared with every cell.

use ahash::AHashMap;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::derived::{Action, ActionId, Class, Judged, Reasons, Signs, VerdictKey, View};
use crate::log::{Log, Parameters};
use crate::model::click::{Click, ClickFlags};
use crate::model::id::{CatalogVersion, PartnerId, ProgramId, Slot, StringRef, SubmissionId};
use crate::model::tally::{BUCKETS, Facet, Stored, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CUBES, CubeId, Granularity};
use crate::registry::risk::BUCKETS_OF_KIND;

use super::super::catalogs::Catalogs;
use super::super::cells::{AT_RISK, InCommon, text_bucket};
use super::super::error::FoldError;
use super::report::VerifyReport;
use super::said::Said;
use super::way::Way;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The zones of all programs in every catalogue version that a footer names, and how far back they
/// look for what led to an action.
#[derive(Debug, Default)]
pub(super) struct Zones {
    catalogs: Catalogs,
    /// From which slot on which version is in force, in slot order.
    versions: Vec<(Slot, CatalogVersion)>,
    found: AHashMap<(CatalogVersion, ProgramId), (TimeZone, i64)>,
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
            let terms = (found.time_zone.clone(), found.look_back);
            self.found.insert((version, *program), terms);
        }
        Ok(())
    }

    /// The version in force in a slot.
    fn version(&self, slot: Slot) -> CatalogVersion {
        let after = self.versions.partition_point(|(from, _)| *from <= slot);
        after
            .checked_sub(1)
            .and_then(|at| self.versions.get(at))
            .map_or(CatalogVersion(0), |found| found.1)
    }

    fn of(&self, slot: Slot, program: ProgramId) -> Option<&(TimeZone, i64)> {
        self.found.get(&(self.version(slot), program))
    }

    /// The partner, or the unknown one where the catalogue of a slot has none of that number.
    pub(super) fn known(
        &mut self,
        log: &Log,
        slot: Slot,
        partner: PartnerId,
    ) -> Result<PartnerId, FoldError> {
        let catalog = self.catalogs.load(log, self.version(slot))?;
        let known = catalog.partner(partner).map(|_| partner);
        Ok(known.unwrap_or(PartnerId::UNKNOWN))
    }

    /// How far back a program looks by the catalogue of `slot`.
    pub(super) fn look_back(&self, slot: Slot, program: ProgramId) -> i64 {
        self.of(slot, program).map_or(0, |found| found.1)
    }

    /// The calendar day of `at` for a program, by the catalogue of `slot`.
    pub(super) fn day(&self, slot: Slot, program: ProgramId, at: Millis) -> Day {
        let zone = self.of(slot, program).map(|found| &found.0);
        let date = Timestamp::from_millisecond(at.0).ok().map(|timestamp| {
            let zone = zone.cloned().unwrap_or(TimeZone::UTC);
            timestamp.to_zoned(zone).date()
        });
        date.and_then(|date| EPOCH.until(date).ok())
            .map_or_else(|| at.utc_day(), |span| Day(span.get_days()))
    }
}

/// Where a cell lies, by cube, program, first day and partner; and whether it is of a week.
type Place = (CubeId, ProgramId, Day, PartnerId, bool);
/// A cell of a day, as [`Place`].
pub(super) type OfDay = (CubeId, ProgramId, Day, PartnerId);

/// What the cells should hold.
#[derive(Debug, Default)]
pub(super) struct Recount {
    cells: AHashMap<Place, AHashMap<Facet, Tally>>,
    said: Said,
}

impl Recount {
    pub(super) fn add(&mut self, of_day: OfDay, facet: Facet, more: &Tally) {
        let (cube, program, day, partner) = of_day;
        if cube == CubeId::PARTNER_PERFORMANCE {
            let of_week = (cube, program, monday(day), partner, true);
            self.add_to(of_week, facet.clone(), more);
        }
        self.add_to((cube, program, day, partner, false), facet, more);
    }

    fn add_to(&mut self, place: Place, facet: Facet, more: &Tally) {
        let facets = self.cells.entry(place).or_default();
        facets.entry(facet).or_default().merge(more);
    }

    /// Counts a click in the sums that are kept apart by nothing that it says.
    pub(super) fn verdict(&mut self, zones: &Zones, key: VerdictKey, judged: &Judged) {
        let (program, day, partner) = spot(zones, key, judged);
        for (cube, facet) in whole(key.time) {
            let counted = counts(cube, key, judged);
            self.add((cube, program, day, partner), facet, &counted);
        }
        let verdict = judged.verdict;
        let mut risk = counts(CubeId::RISK, key, judged);
        signs(verdict.signs, true, &mut risk);
        risk.add(Stored::RiskClicks, verdict.signs.any(AT_RISK).into());
        let duplicate = verdict.class == Class::Duplicate;
        risk.add(Stored::DuplicateClicks, duplicate.into());
        self.add((CubeId::RISK, program, day, partner), Facet::None, &risk);
    }

    /// Counts a conversion refused that speaks against a partner.
    pub(super) fn refused(
        &mut self,
        zones: &Zones,
        (id, at): (SubmissionId, Millis),
        partner: PartnerId,
        measure: Stored,
    ) {
        let day = zones.day(id.slot, id.program, at);
        let mut more = Tally::default();
        more.add(measure, 1);
        self.add((CubeId::RISK, id.program, day, partner), Facet::None, &more);
    }

    /// Counts a click as it lies in the log, in all other sums.
    pub(super) fn click(
        &mut self,
        log: &Log,
        view: &View<'_>,
        zones: &Zones,
        key: VerdictKey,
        click: &Click<Parameters<'_>>,
    ) -> Result<(), FoldError> {
        let Some(judged) = view.judged(key)? else {
            return Ok(());
        };
        let (program, day, partner) = spot(zones, key, &judged);
        if matches!(judged.verdict.class, Class::Unique | Class::Duplicate) {
            let place = (CubeId::RISK, program, day, partner);
            let is_bare = click.referrer == StringRef(0);
            if is_bare && !click.flags.any(ClickFlags::LIMITED_STRINGS) {
                let mut more = Tally::default();
                more.add(Stored::NoReferrerClicks, 1);
                self.add(place, Facet::None, &more);
            }
            let agent = self.said.string(log, click.user_agent)?;
            let page = self.said.string(log, click.referrer)?;
            let in_common = InCommon::of(click)
                .at(key.time)
                .of_texts(text_bucket(&agent), text_bucket(&page));
            for (kind, bucket) in (0_usize..).zip(in_common.buckets) {
                let Some(bucket) = bucket else { continue };
                let at = kind * BUCKETS_OF_KIND + usize::from(bucket);
                let part = u32::try_from(at / BUCKETS.len()).unwrap_or(u32::MAX);
                let mut more = Tally::default();
                if let Some(measure) = BUCKETS.get(at % BUCKETS.len()) {
                    more.add(*measure, 1);
                }
                self.add(place, Facet::Number(part), &more);
            }
        }
        for (cube, facet) in self.said.of_click(log, click)? {
            let more = counts(cube, key, &judged);
            self.add((cube, program, day, partner), facet, &more);
        }
        Ok(())
    }

    /// Counts an adjustment on its day, in every cube that shows it.
    pub(super) fn adjusted(
        &mut self,
        (program, day, partner): (ProgramId, Day, PartnerId),
        facets: &[(CubeId, Facet)],
        more: &Tally,
    ) {
        for (cube, facet) in facets {
            self.add((*cube, program, day, partner), facet.clone(), more);
        }
    }

    /// By what an adjustment of a click is kept apart, made `at` this time.
    pub(super) fn facets_of_click(
        &mut self,
        log: &Log,
        click: &Click<Parameters<'_>>,
        at: Millis,
    ) -> Result<Vec<(CubeId, Facet)>, FoldError> {
        let mut facets = self.said.of_click(log, click)?;
        facets.retain(|(cube, _)| *cube != CubeId::EXPIRED_AD);
        facets.extend(whole(at));
        Ok(facets)
    }

    /// By what an adjustment of an action is kept apart, made `at` this time.
    pub(super) fn facets_of_action(
        &mut self,
        log: &Log,
        action: &Action,
        at: Millis,
    ) -> Result<Vec<(CubeId, Facet)>, FoldError> {
        let mut facets = self.said.of_action(log, action)?;
        facets.extend(whole(at));
        Ok(facets)
    }

    /// Counts an action; on which day is taken from its date, not from what was stored with it.
    pub(super) fn action(
        &mut self,
        log: &Log,
        view: &View<'_>,
        zones: &Zones,
        (id, action): (ActionId, &Action),
    ) -> Result<(), FoldError> {
        let day = zones.day(action.submission.slot, id.program, action.date);
        let mut more = Tally::default();
        more.add(Stored::GrossActions, 1);
        more.add(Stored::GrossActionCost, action.gross_cost.0.into());
        more.add(Stored::Actions, i128::from(!action.is_reversed()));
        let amount = action.amount.map_or(0, |amount| i128::from(amount.0));
        more.add(Stored::SaleAmount, amount);
        more.add(Stored::ActionCost, action.cost.0.into());
        let mut facets = self.said.of_action(log, action)?;
        facets.extend(whole(action.date));
        facets.push((CubeId::EVENT_TYPE, Facet::Number(id.event_type.0)));
        for (cube, facet) in facets {
            self.add((cube, id.program, day, action.partner), facet, &more);
        }
        let mut risk = more.clone();
        risk.merge(&risk_of(view, id, action)?);
        let place = (CubeId::RISK, id.program, day, action.partner);
        self.add(place, Facet::None, &risk);
        let way = Way::of(log, view, zones, action)?;
        if !action.is_reversed() {
            for (partner, parts) in way.parts() {
                let place = (CubeId::CONTRIBUTION, id.program, day, partner);
                self.add(place, Facet::None, &parts);
            }
            more.add(Stored::SecondsToConvert, way.seconds(action));
        }
        if let Some((path, cube)) = way.path().zip(CubeId::PATH.cube()) {
            let more = more.only(cube.measures);
            if !more.is_zero() {
                self.add((cube.id, id.program, day, action.partner), path, &more);
            }
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
                let is_week = cell.granularity == Granularity::Week;
                let place = (cube.id, cell.program, cell.day, cell.partner, is_week);
                let counted = self.cells.get_mut(&place);
                let counted = counted.and_then(|facets| facets.remove(&cell.facet));
                if cell.facet == Facet::Other {
                    others.push((place, cell.tally.clone()));
                } else {
                    let at = || at(&place, &cell.facet);
                    differences(report, at, &counted.unwrap_or_default(), &cell.tally);
                }
            })?;
            for (place, stored) in others {
                self.other(place, &stored, report);
            }
        }
        let mut missing: Vec<_> = self.cells.into_iter().collect();
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
        for (_, left) in self.cells.remove(&place).unwrap_or_default() {
            counted.merge(&left);
        }
        counted.add(Stored::Texts, stored.get(Stored::Texts));
        differences(report, || at(&place, &Facet::Other), &counted, stored);
    }
}

/// The sums that are kept apart by nothing but, some, by the hour.
fn whole(at: Millis) -> [(CubeId, Facet); 2] {
    let hour = u32::try_from(at.0.div_euclid(3_600_000)).unwrap_or(0);
    [
        (CubeId::PARTNER_PERFORMANCE, Facet::None),
        (CubeId::HOURS, Facet::Number(hour)),
    ]
}

/// The Monday on or before a day; day 4 was the first one.
fn monday(day: Day) -> Day {
    Day(day.0 - (day.0 - 4).rem_euclid(7))
}

/// Counts the signs of a click, or of an action that came by it.
fn signs(signs: Signs, of_click: bool, tally: &mut Tally) {
    for (sign, clicks, actions) in [
        (Signs::ROBOT, Stored::RobotClicks, Stored::RefRobotActions),
        (
            Signs::NO_BROWSER,
            Stored::NoBrowserClicks,
            Stored::RefNoBrowserActions,
        ),
        (Signs::IMAGE, Stored::ImageClicks, Stored::RefImageActions),
        (
            Signs::ANOMALY,
            Stored::AnomalousClicks,
            Stored::RefAnomalousActions,
        ),
        (
            Signs::HOSTING,
            Stored::HostingClicks,
            Stored::RefHostingActions,
        ),
    ] {
        let measure = if of_click { clicks } else { actions };
        tally.add(measure, signs.any(sign).into());
    }
    if of_click {
        tally.add(Stored::NoFetchClicks, signs.any(Signs::NO_FETCH).into());
        let foreign = signs.any(Signs::FOREIGN_PAGE);
        tally.add(Stored::ForeignPageClicks, foreign.into());
    }
}

/// What an action bears besides what it counts for.
fn risk_of(view: &View<'_>, id: ActionId, action: &Action) -> Result<Tally, FoldError> {
    let mut tally = Tally::default();
    let Some(click) = action.click else {
        return Ok(tally);
    };
    let verdict = view.verdict(VerdictKey {
        program: id.program,
        partner: action.partner,
        day: click.time.utc_day(),
        time: click.time,
        number: click.number,
    })?;
    // A click that came after it was credited tells nothing of it.
    let verdict = verdict.filter(|_| click.slot.is_some());
    let found = verdict.map_or(Signs::NONE, |verdict| verdict.signs);
    signs(found, false, &mut tally);
    let after = action.date.0 - click.time.0;
    let too_soon = (0..5_000).contains(&after);
    let at_risk = too_soon || found.any(AT_RISK);
    tally.add(Stored::RiskActions, at_risk.into());
    let hour = 3_600_000;
    let measures = match after {
        i64::MIN..0 => &[][..],
        0..5_000 => &[
            Stored::Under5sActions,
            Stored::Under10sActions,
            Stored::Under2hActions,
        ],
        5_000..10_000 => &[Stored::Under10sActions, Stored::Under2hActions],
        _ if after < 2 * hour => &[Stored::Under2hActions],
        _ if after < 24 * hour => &[Stored::Under24hActions],
        _ if (48 * hour..168 * hour).contains(&after) => &[Stored::Under7dActions],
        _ => &[],
    };
    tally.add(Stored::ClickedActions, (after >= 0).into());
    for measure in measures {
        tally.add(*measure, 1);
    }
    Ok(tally)
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

/// What a click counts for in a cube.
fn counts(cube: CubeId, key: VerdictKey, judged: &Judged) -> Tally {
    let verdict = judged.verdict;
    let mut tally = Tally::default();
    tally.add(Stored::RawClicks, 1);
    tally.add(Stored::LastClick, key.time.0.into());
    if verdict.class == Class::Unique {
        tally.add(Stored::Clicks, 1);
        let payable = verdict.reasons == Reasons(0);
        tally.add(Stored::PayableClicks, i128::from(payable));
    }
    // One that is not unique any more may have been paid.
    let cost = judged.charge.map_or(0, |charge| charge.cost.0);
    tally.add(Stored::CpcCost, cost.into());
    let measures = cube.cube().map_or(&[][..], |cube| cube.measures);
    tally.only(measures)
}

fn at(place: &Place, facet: &Facet) -> String {
    let (cube, program, day, partner, is_week) = place;
    let cube = cube.cube().map_or("unknown", |cube| cube.name);
    let stretch = if *is_week { "week of day" } else { "day" };
    let day = day.0;
    let place = format!("{cube}, program {program}, {stretch} {day}, partner {partner}");
    match facet {
        Facet::None => place,
        facet => format!("{place}, {facet:?}"),
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
