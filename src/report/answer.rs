//! Rows of a report: cells read, merged by the report's dimension, figured and sorted.

use std::ops::RangeInclusive;

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Ad, Program};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::tally::{Facet, Tally};
use crate::model::time::{Day, Millis};
use crate::registry::bucket::Bucket;
use crate::registry::dimension::{DETAILS_MAX, Detail, Names, RowKey, Said};
use crate::registry::facet::FacetKind;
use crate::registry::path;
use crate::registry::report::{self, Figures};
use crate::registry::show::Show;
use crate::registry::{CubeId, Report, Viewer};

use super::column::{Column, columns};
use super::days::Hours;
use super::error::ReportError;
use super::judge::Judge;
use super::query::{self, Query};
use super::scope::Scope;
use super::source::{Source, Wanted};
use super::sums::Sums;
use crate::derived::{Cell, Stop, Watermark};

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub key: RowKey,
    /// Its sums.
    pub tally: Tally,
    /// What it is made of, with the figure each adds to the first column of figures; the largest
    /// first.
    pub details: Vec<Detail>,
    /// Its sums of the earlier days that it is compared with.
    pub before: Option<Tally>,
    /// Its sums of each event type that has columns, in the order of those.
    pub of_event_types: Vec<Tally>,
}

/// Every row of a query in order, before it is cut into pages.
#[derive(Debug)]
pub struct Answer {
    /// The report.
    pub report: &'static Report,
    /// How far the events go; nothing before the first slot.
    pub as_of: Option<Watermark>,
    /// Whether the days were over by then.
    pub is_complete: bool,
    /// The rows in order; those without any event are left out.
    pub rows: Vec<Row>,
    /// Whether texts of the facet were added up together, there being too many on some day.
    pub is_added_up: bool,
    /// The columns that rows have, in their order.
    pub columns: Vec<Column>,
}

/// What cells of some days add up to.
#[derive(Default)]
struct Gathered {
    sums: Summed,
    judge: Option<Judge>,
    /// The days that hours fall on, where cells are of hours.
    hours: Option<Hours>,
    is_added_up: bool,
}

/// Where the cells of some days are gathered, of which cube they are, and on which days of the
/// programs they lie.
fn gathering(
    figures: &Figures,
    query: &Query,
    days: RangeInclusive<Day>,
) -> Result<(Gathered, CubeId, RangeInclusive<Day>), ReportError> {
    let hours = query.zone.as_ref().zip(figures.cube.hourly());
    let hours = hours.map(|(zone, cube)| Hours::of(zone, days.clone()).map(|hours| (hours, cube)));
    let hours = hours.transpose();
    let hours = hours.map_err(|error| ReportError::Invalid(vec![error]))?;
    let (cube, days) = match &hours {
        Some((hours, cube)) => (*cube, hours.own_days()),
        None => (figures.cube, days),
    };
    let gathered = Gathered {
        judge: figures.dimension.is_judged.then(Judge::default),
        hours: hours.map(|(hours, _)| hours),
        ..Gathered::default()
    };
    Ok((gathered, cube, days))
}

/// What is read for a query, all of one moment.
struct Read {
    as_of: Option<Watermark>,
    now: Gathered,
    /// Of the days that are compared.
    earlier: Gathered,
    of_types: OfTypes,
}

/// Sums of partners by event type.
type OfTypes = AHashMap<(PartnerId, EventTypeId), Tally>;

/// Figures of the details of a row.
pub(super) type Details = AHashMap<Box<str>, i128>;
/// What the rows of some days add up to.
pub(super) type Summed = Sums<(Tally, Details)>;

/// The details of a row that are shown, the largest first.
fn ranked(details: Details) -> Vec<Detail> {
    let mut ranked: Vec<Detail> = details.into_iter().collect();
    ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranked.truncate(DETAILS_MAX);
    ranked
}

/// Reads reports for one account.
pub struct Reader<'a, S: ?Sized> {
    catalog: &'a Catalog,
    scope: Scope<'a>,
    source: &'a S,
    stop: Stop,
}

impl<'a, S: Source + ?Sized> Reader<'a, S> {
    /// A reader for the brand with this account SID; nothing when there is none.
    #[must_use]
    pub fn for_brand(catalog: &'a Catalog, sid: &str, source: &'a S) -> Option<Self> {
        Self::of(catalog, Viewer::Brand, sid, source)
    }

    /// A reader for the account `sid` of this side; nothing when there is none.
    #[must_use]
    pub fn of(catalog: &'a Catalog, viewer: Viewer, sid: &str, source: &'a S) -> Option<Self> {
        Scope::of(catalog, viewer, sid).map(|scope| Self {
            catalog,
            scope,
            source,
            stop: Stop::default(),
        })
    }

    /// Has an answer end as unreadable once `stop` is set.
    #[must_use]
    pub fn until(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Checks the query string of a request.
    ///
    /// # Errors
    /// Every problem of the query, a foreign or unknown program, or a report that is for others.
    pub fn query(&self, report: &Report, text: &str, now: Millis) -> Result<Query, ReportError> {
        if !report.audience.includes(self.scope.viewer()) {
            return Err(ReportError::NotFound);
        }
        query::parse(report, text, &self.scope, now)
    }

    /// Answers a query that this reader has checked.
    ///
    /// # Errors
    /// It is no report of sums, they can't be read, or rows are to be sorted by an event type that
    /// is not there.
    pub fn answer(&self, report: &'static Report, query: &Query) -> Result<Answer, ReportError> {
        let report::Source::Cells(figures) = report.source else {
            return Err(ReportError::NotFound);
        };
        let Read {
            as_of,
            now,
            earlier,
            mut of_types,
        } = self.read(&figures, query)?;
        let event_types = self.event_types(query, &of_types);
        let named = event_types.iter().map(|(_, name)| &**name);
        let columns = columns(report, &query.show, query.compare.is_some(), named);
        let by = query.sort.as_ref().map(|sort| sort.among(&columns));
        let by = by.transpose();
        let by = by.map_err(|error| ReportError::Invalid(vec![error]))?;
        let is_added_up = now.is_added_up;
        let (mut sums, judge) = (now.sums, now.judge);
        let (mut before, judge_before) = (earlier.sums, earlier.judge);
        // What was there only then has a row too.
        for (key, _) in before.iter() {
            sums.change(key.clone(), |_| {});
        }
        let reasons = judge.map(|judge| judge.judge(&mut sums));
        let mut reasons = reasons.unwrap_or_default();
        // Of the time before, only the made figures are shown.
        judge_before.map(|judge| judge.judge(&mut before));
        let before_of = |key: &RowKey| {
            let before = before.get(key).map(|(tally, _)| tally.clone());
            query.compare.map(|_| before.unwrap_or_default())
        };
        let mut rows: Vec<Row> = sums
            .into_rows()
            .map(|(key, (tally, details))| Row {
                before: before_of(&key),
                details: reasons.remove(&key).unwrap_or_else(|| ranked(details)),
                of_event_types: event_types
                    .iter()
                    .map(|(id, _)| {
                        let key = (key.partner.unwrap_or_default(), *id);
                        of_types.remove(&key).unwrap_or_default()
                    })
                    .collect(),
                key,
                tally,
            })
            .filter(|row| {
                let shows = |tally| figures.shows(tally);
                (shows(&row.tally) || row.before.as_ref().is_some_and(shows))
                    && query.takes(&row.tally)
                    && self.is_asked(query, &row.key)
            })
            .collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        if let Some((column, descending)) = by {
            column.sort(&mut rows, descending, &self.names(query));
        }
        Ok(Answer {
            report,
            as_of,
            is_complete: as_of.is_some_and(|as_of| query.was_over(self.catalog, as_of.wall_end)),
            rows,
            is_added_up,
            columns,
        })
    }

    /// Reads every cell that a query needs.
    fn read(&self, figures: &Figures, query: &Query) -> Result<Read, ReportError> {
        let mut of_types = OfTypes::new();
        let wanted = |cube, days| Wanted {
            cube,
            programs: &query.programs,
            days,
            tells_days: figures.dimension.bucket.is_some_and(Bucket::parts_weeks),
            // Who is judged is compared with all others, which a partner never sees.
            partner: match self.scope.partner {
                None => query.partner.filter(|_| !figures.dimension.is_judged),
                own => own,
            },
            stop: &self.stop,
        };
        let days = query.start..=query.end;
        let (mut now, cube, read) = gathering(figures, query, days.clone())?;
        let mut each = vec![wanted(cube, read)];
        let mut earlier = Gathered::default();
        if let Some(compare) = query.compare {
            let compared = compare.days(query.start, query.end);
            let (compared, cube, read) = gathering(figures, query, compared)?;
            earlier = compared;
            each.push(wanted(cube, read));
        }
        let places = each.len();
        if query.show.contains(&Show::EventTypes) {
            each.push(wanted(CubeId::EVENT_TYPE, days));
        }
        let read = self
            .source
            .read_each(&each, &mut |place, cell| match place {
                0 => self.gather(figures, query, cell, &mut now),
                place if place < places => self.gather(figures, query, cell, &mut earlier),
                _ => {
                    if let Facet::Number(event_type) = cell.facet {
                        let key = (cell.partner, EventTypeId(event_type));
                        of_types.entry(key).or_default().merge(&cell.tally);
                    }
                }
            });
        let as_of = read.map_err(|error| ReportError::Unreadable(error.to_string()))?;
        Ok(Read {
            as_of,
            now,
            earlier,
            of_types,
        })
    }

    /// Adds a cell to the row of a report that it belongs to.
    fn gather(&self, figures: &Figures, query: &Query, cell: &Cell, to: &mut Gathered) {
        // Such a cell also counts the texts kept apart, so it is there before it is needed.
        to.is_added_up |= cell.facet == Facet::Other && figures.shows(&cell.tally);
        let (day, facet) = match (&to.hours, &cell.facet) {
            (Some(hours), Facet::Number(hour)) => match hours.day(*hour) {
                Some(day) => (day, &Facet::None),
                None => return,
            },
            _ => (cell.day, &cell.facet),
        };
        let spot = (cell.program, day, cell.partner);
        let (mut key, detail) = figures.dimension.row(spot, facet);
        if figures.dimension.facet == FacetKind::PartnerGroup {
            key.facet = Facet::Text(self.group(cell.partner).into());
        }
        if query.collapse == Some(true) {
            path::collapse(&mut key.facet);
        }
        if query.facet.as_ref().is_some_and(|only| *only != key.facet) {
            return;
        }
        if let (Some(judge), Facet::Number(part)) = (&mut to.judge, &cell.facet) {
            return judge.take(key, *part, &cell.tally);
        }
        to.sums.change(key, |(sums, details)| {
            sums.merge(&cell.tally);
            if let Some(detail) = detail {
                *details.entry(detail).or_default() += figures.first_figure(&cell.tally);
            }
        });
    }

    /// The event types that rows show one by one: those of the programs whose events are no clicks,
    /// and those of actions that are there.
    fn event_types(&self, query: &Query, counted: &OfTypes) -> Vec<(EventTypeId, Box<str>)> {
        if !query.show.contains(&Show::EventTypes) {
            return Vec::new();
        }
        let names = self.names(query);
        let own = names
            .programs()
            .flat_map(|program| program.event_types.values());
        let own = own.filter(|own| !own.is_of_clicks()).map(|own| own.id);
        let counted = counted.keys().filter(|(partner, _)| {
            let group = query.group.as_deref();
            group.is_none_or(|only| only == self.group(*partner))
        });
        let mut ids: Vec<EventTypeId> = own.chain(counted.map(|(_, id)| *id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let named = |id: &EventTypeId| names.event_type(*id).unwrap_or_default();
        let label = |id: &EventTypeId| match named(id) {
            "" => format!("Event type {id}"),
            name if ids.iter().any(|other| other != id && named(other) == name) => {
                format!("{name} ({id})")
            }
            name => name.to_owned(),
        };
        ids.iter().map(|id| (*id, label(id).into())).collect()
    }

    /// Whether the query wants this row of its partner or group.
    fn is_asked(&self, query: &Query, row: &RowKey) -> bool {
        let of_partner = |only| row.partner.is_none_or(|own| own == only);
        let of_group = |only: &str| match (row.partner, &row.facet) {
            (Some(partner), _) => *only == *self.group(partner),
            (None, Facet::Text(group)) => *only == **group,
            (None, _) => only.is_empty(),
        };
        query.partner.is_none_or(of_partner) && query.group.as_deref().is_none_or(of_group)
    }

    fn group(&self, partner: PartnerId) -> &str {
        let partner = self.catalog.partner(partner);
        partner.map_or("", |partner| &*partner.group)
    }

    /// Names for the rows of a query.
    #[must_use]
    pub fn names(&self, query: &Query) -> CatalogNames<'a> {
        CatalogNames {
            catalog: self.catalog,
            programs: query.programs.clone(),
        }
    }
}

/// Names from the catalogue in force.
pub struct CatalogNames<'a> {
    catalog: &'a Catalog,
    programs: Vec<ProgramId>,
}

impl<'a> CatalogNames<'a> {
    fn programs(&self) -> impl Iterator<Item = &'a Program> {
        let programs = self.programs.iter();
        programs.filter_map(|program| self.catalog.program(*program))
    }

    fn ad_of(&self, id: AdId) -> Option<(&'a Program, &'a Ad)> {
        self.programs()
            .find_map(|program| program.ads.get(&id).map(|ad| (program, ad)))
    }
}

impl Names for CatalogNames<'_> {
    fn program(&self, id: ProgramId) -> Option<(&str, &str)> {
        let program = self.catalog.program(id)?;
        let brand = self.catalog.brand(&program.brand);
        Some((&program.name, brand.map_or("", |brand| &brand.name)))
    }

    fn partner(&self, id: PartnerId) -> Option<&str> {
        self.catalog.partner(id).map(|partner| &*partner.name)
    }

    fn ad(&self, id: AdId) -> Option<&str> {
        let (_, ad) = self.ad_of(id)?;
        Some(&*ad.name)
    }

    fn event_type(&self, id: EventTypeId) -> Option<&str> {
        let named = self
            .programs()
            .find_map(|program| program.event_types.get(&id));
        named.map(|event_type| &*event_type.name)
    }

    fn property(&self, partner: PartnerId, id: u32) -> Option<&str> {
        let mut properties = self.catalog.partner(partner)?.properties.iter();
        let found = properties.find(|(number, _)| *number == id);
        found.map(|(_, name)| &**name)
    }

    fn said(&self, partner: PartnerId, what: Said) -> Option<&str> {
        let partner = self.catalog.partner(partner)?;
        match what {
            Said::Contact => Some(&partner.contact),
            Said::Group => Some(&partner.group),
            Said::FirstProperty => partner.properties.first().map(|(_, name)| &**name),
            Said::MediaType => Some(&partner.media_type),
            Said::Value(nth) => partner.value(nth),
        }
    }

    fn ad_end(&self, id: AdId) -> Option<Millis> {
        self.ad_of(id)?.1.end
    }

    fn ad_page(&self, id: AdId) -> Option<&str> {
        let (_, ad) = self.ad_of(id)?;
        let landing = ad.expired_landing.as_deref().unwrap_or(&ad.landing);
        Some(&*landing.url)
    }
}
