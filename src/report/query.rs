//! A checked query: what to read, how to sort it, which page to show.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Program;
use crate::model::currency::Currency;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::{Facet, Stored, Tally};
use crate::model::time::calendar::{day_of, zone_named};
use crate::model::time::{Day, Millis};
use crate::registry::dimension::day_text;
use crate::registry::facet::FacetKind;
use crate::registry::filter::{FILTERS, Filter, FilterKind, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::registry::report::{Column, Source};
use crate::registry::show::Show;
use crate::registry::{REPORTS, Report, Viewer};

use super::clicks::Asked;
use super::days::{self, Hours};
use super::error::{QueryError, ReportError};
use super::parameters::{Parameters, shown};
use super::scope::Scope;

/// How the rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Position of the column among the report's columns.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// A query that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The one program asked for.
    pub program: Option<ProgramId>,
    /// The programs to read, all of one currency.
    pub programs: Vec<ProgramId>,
    /// Their currency; none when there is no program.
    pub currency: Option<Currency>,
    /// The one partner asked for.
    pub partner: Option<PartnerId>,
    /// The one value of the report's facet asked for.
    pub facet: Option<Facet>,
    /// Fewest unique clicks of a row.
    pub min_clicks: u32,
    /// Fewest actions of a row.
    pub min_actions: u32,
    /// The earlier days that figures are compared with.
    pub compare: Option<Compare>,
    /// Whether steps of paths that repeat the one before are left out, if the query says so.
    pub collapse: Option<bool>,
    /// The columns to add, in their order.
    pub show: Vec<Show>,
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
    /// Whose days they are; each program's own without it.
    pub zone: Option<TimeZone>,
    /// Order of the rows; by the row's number when absent.
    pub sort: Option<Sort>,
    /// Number of the page, from 1.
    pub page: u32,
    /// Rows of a page.
    pub page_size: u32,
    /// The state of the figures that a link was made from.
    pub as_of: Option<Slot>,
    /// Form of the answer, if the query names one.
    pub format: Option<Format>,
    /// What only listings of clicks ask for.
    pub clicks: Asked,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Paging attributes and records.
    Json,
    /// A line of column names and one for each row.
    Csv,
}

impl Query {
    /// The columns that rows of `report` can be sorted by: its own, then those that are asked for.
    pub fn columns(&self, report: &Report) -> impl Iterator<Item = Column> {
        columns(report, &self.show)
    }

    /// Whether a row with these sums has as many clicks and actions as are asked for.
    #[must_use]
    pub fn takes(&self, tally: &Tally) -> bool {
        tally.get(Stored::Clicks) >= self.min_clicks.into()
            && tally.get(Stored::Actions) >= self.min_actions.into()
    }

    /// Whether the last day was over at `at`, in the zone of every program.
    #[must_use]
    pub fn was_over(&self, catalog: &Catalog, at: Millis) -> bool {
        let programs = self.programs.iter().map(|id| catalog.program(*id));
        programs
            .map(|program| days::today(self.zone_of(program?), at))
            .all(|today| today.is_some_and(|today| self.end < today))
    }

    /// The zone whose days of a program are meant.
    #[must_use]
    pub fn zone_of<'a>(&'a self, program: &'a Program) -> &'a TimeZone {
        self.zone.as_ref().unwrap_or(&program.time_zone)
    }

    /// Whether both ask for the same rows in the same order, whatever the page.
    #[must_use]
    pub fn same_rows(&self, other: &Self) -> bool {
        let whole = |query: &Self| Self {
            page: 1,
            page_size: 1,
            as_of: None,
            format: None,
            ..query.clone()
        };
        whole(self) == whole(other)
    }
}

/// Every form of an answer, with the word that asks for it.
pub const FORMATS: &[(Format, &str)] = &[(Format::Json, "JSON"), (Format::Csv, "CSV")];

/// Whether a column is there, with the words that say so.
pub const SWITCHES: &[(bool, &str)] =
    &[(true, "1"), (true, "TRUE"), (false, "0"), (false, "FALSE")];

/// The earlier days that figures are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// As many days, up to the day before the first one.
    PreviousPeriod,
    /// The same days of the calendar, a year earlier; 29 February is compared with the 28th.
    PreviousYear,
}

/// Every comparison, with the word that asks for it.
pub const COMPARES: &[(Compare, &str)] = &[
    (Compare::PreviousPeriod, "PREVIOUS_PERIOD"),
    (Compare::PreviousYear, "PREVIOUS_YEAR"),
];

/// Whether repeats are left out of paths, with the word that asks for it.
pub const COLLAPSES: &[(bool, &str)] = &[(true, "TRUE"), (false, "FALSE")];

impl Compare {
    /// The days that those from `start` to `end` are compared with.
    #[must_use]
    pub fn days(self, start: Day, end: Day) -> RangeInclusive<Day> {
        match self {
            Self::PreviousPeriod => {
                let length = end.0.saturating_sub(start.0).saturating_add(1);
                Day(start.0.saturating_sub(length))..=Day(start.0.saturating_sub(1))
            }
            Self::PreviousYear => year_before(start)..=year_before(end),
        }
    }
}

fn year_before(day: Day) -> Day {
    let date: Option<jiff::civil::Date> = day_text(day).parse().ok();
    let before = date.and_then(|date| date.checked_sub(jiff::Span::new().years(1)).ok());
    before
        .and_then(day_of)
        .unwrap_or_else(|| Day(day.0.saturating_sub(365)))
}

/// Checks the query string of a request for `report`.
///
/// # Errors
/// Every problem of the query at once, or a program that is not one of the account's.
pub fn parse(
    report: &Report,
    query: &str,
    scope: &Scope<'_>,
    now: Millis,
) -> Result<Query, ReportError> {
    let mut errors = Vec::new();
    let sent = Parameters::read(query, &mut errors);
    inapplicable(report, scope.viewer(), &sent, &mut errors);
    let mut number = |kind, min: u32, max: u32, name: &str| {
        let text = sent.get(kind)?;
        let read = digits(text).filter(|number| (min..=max).contains(number));
        if read.is_none() {
            let allowed = match (min, max) {
                (0, u32::MAX) => "a number".to_owned(),
                (min, u32::MAX) => format!("a whole number from {min}"),
                (min, max) => format!("a whole number from {min} to {max}"),
            };
            errors.push(QueryError::new(
                name,
                format!("is `{}`; {allowed} is allowed", shown(text)),
            ));
        }
        read
    };
    let program = number(FilterKind::Program, 0, u32::MAX, "SUBAID").map(ProgramId);
    let partner = number(FilterKind::Partner, 0, u32::MAX, "MediaId").map(PartnerId);
    let page = number(FilterKind::Page, 1, u32::MAX, "Page").unwrap_or(1);
    let page_size = number(FilterKind::PageSize, 1, PAGE_SIZE_MAX, "PageSize");
    let as_of = number(FilterKind::AsOf, 0, u32::MAX, "AsOf").map(Slot);
    let min_clicks = number(FilterKind::MinClicks, 0, u32::MAX, "MinClicks").unwrap_or(0);
    let min_actions = number(FilterKind::MinActions, 0, u32::MAX, "MinActions").unwrap_or(0);
    let facets = facets((report, scope.viewer()), &sent, &mut number);
    let (facet, clicks) = narrowed(report, facets, Asked::read(&sent, &mut errors));
    let format = word(FilterKind::Format, FORMATS, &sent, &mut errors);
    let compare = word(FilterKind::Compare, COMPARES, &sent, &mut errors);
    let collapse = word(FilterKind::Collapse, COLLAPSES, &sent, &mut errors);
    let show = shows(&sent, &mut errors);
    let sort = sort(report, &show, &sent, &mut errors);
    let partner = scope.asked(partner, "MediaId", &mut errors);
    let mut programs = scope.programs.clone();
    programs.retain(|own| program.is_none_or(|program| program == own.id));
    let zone = zone(&sent, &mut errors);
    let (start, end) = days::asked(report, (&programs, zone.as_ref()), &sent, now, &mut errors);
    if let (Some(zone), Source::Cells(_), true) = (&zone, report.source, errors.is_empty()) {
        let compared = compare.map(|compare| compare.days(start, end));
        sums_of(zone, [Some(start..=end), compared], &show, &mut errors);
    }
    let currency = currency(&programs, &mut errors);
    if program.is_some() && programs.is_empty() && errors.is_empty() {
        return Err(ReportError::NotFound);
    }
    if !errors.is_empty() {
        return Err(ReportError::Invalid(errors));
    }
    Ok(Query {
        program,
        programs: programs.iter().map(|program| program.id).collect(),
        currency,
        partner,
        facet,
        min_clicks,
        min_actions,
        compare,
        collapse,
        show,
        start,
        end,
        zone,
        sort,
        page,
        page_size: page_size.unwrap_or(PAGE_SIZE_DEFAULT),
        as_of,
        format,
        clicks,
    })
}

/// Names each parameter that the report can't apply.
fn inapplicable(report: &Report, viewer: Viewer, sent: &Parameters, errors: &mut Vec<QueryError>) {
    for filter in FILTERS
        .iter()
        .filter(|filter| !filter.applies_to(report, viewer))
    {
        if sent.get(filter.kind).is_some() {
            let able: Vec<&str> = REPORTS
                .iter()
                .filter(|other| other.audience.includes(viewer) && filter.applies_to(other, viewer))
                .map(|other| other.name)
                .collect();
            let instead = match able.join(" or ") {
                able if able.is_empty() => "leave it out".to_owned(),
                able => format!("ask {able}"),
            };
            let message = format!("does not apply to this report; {instead}");
            errors.push(QueryError::new(filter.name, message));
        }
    }
}

/// The values of facets that the report is asked for.
fn facets(
    (report, viewer): (&Report, Viewer),
    sent: &Parameters,
    number: &mut impl FnMut(FilterKind, u32, u32, &str) -> Option<u32>,
) -> Vec<(FacetKind, Facet)> {
    let asked = Filter::of(report, viewer).filter_map(|filter| {
        let FilterKind::Facet(kind) = filter.kind else {
            return None;
        };
        let facet = if kind.is_number() {
            number(filter.kind, 0, u32::MAX, filter.name).map(Facet::Number)
        } else {
            sent.get(filter.kind).map(|text| Facet::Text(text.into()))
        };
        facet.map(|facet| (kind, facet))
    });
    asked.collect()
}

/// The facets and the click as a report is asked for them, or a listing.
fn narrowed(
    report: &Report,
    facets: Vec<(FacetKind, Facet)>,
    mut asked: Asked,
) -> (Option<Facet>, Asked) {
    match report.source {
        Source::Cells(_) => {
            let first = facets.into_iter().next();
            (first.map(|(_, facet)| facet), Asked::default())
        }
        Source::Clicks(_) => {
            asked.facets = facets;
            (None, asked)
        }
    }
}

/// The columns that are asked for.
fn shows(sent: &Parameters, errors: &mut Vec<QueryError>) -> Vec<Show> {
    let mut shows = Show::ALL.to_vec();
    shows.retain(|show| word(FilterKind::Show(*show), SWITCHES, sent, errors) == Some(true));
    shows
}

/// One of the words that a parameter allows, in any case.
pub(super) fn word<T: Copy>(
    kind: FilterKind,
    words: &[(T, &str)],
    sent: &Parameters,
    errors: &mut Vec<QueryError>,
) -> Option<T> {
    let text = sent.get(kind)?;
    let found = words
        .iter()
        .find(|(_, word)| word.eq_ignore_ascii_case(text));
    if found.is_none() {
        let filter = FILTERS.iter().find(|filter| filter.kind == kind);
        let (name, allowed) = filter.map_or(("", ""), |filter| (filter.name, filter.format));
        let message = format!("is `{}`; {allowed} is allowed", shown(text));
        errors.push(QueryError::new(name, message));
    }
    found.map(|(value, _)| *value)
}

/// A number written in digits alone.
fn digits(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn columns(report: &Report, show: &[Show]) -> impl Iterator<Item = Column> {
    let shown = show.iter().flat_map(|show| show.attributes());
    report.columns().chain(shown.map(Column::Attribute))
}

fn sort(
    report: &Report,
    show: &[Show],
    sent: &Parameters,
    errors: &mut Vec<QueryError>,
) -> Option<Sort> {
    let by = sent.get(FilterKind::SortBy);
    let (name, minus) = match by.and_then(|by| by.strip_prefix('-')) {
        Some(name) => (Some(name), true),
        None => (by, false),
    };
    let direction = match sent.get(FilterKind::SortDir) {
        None => None,
        Some(text) if text.eq_ignore_ascii_case("ASC") => Some(false),
        Some(text) if text.eq_ignore_ascii_case("DESC") => Some(true),
        Some(text) => {
            let message = format!("is `{}`; ASC or DESC is allowed", shown(text));
            errors.push(QueryError::new("SortDir", message));
            None
        }
    };
    if minus && direction == Some(false) {
        let message = "is ASC while SortBy asks for descending with `-`; send one of them";
        errors.push(QueryError::new("SortDir", message));
    }
    let mut listed = columns(report, show);
    let column = match name {
        None => Some(0),
        Some(name) => listed.position(|column| column.name().eq_ignore_ascii_case(name)),
    };
    if column.is_none() {
        let all: Vec<&str> = columns(report, show).map(|column| column.name()).collect();
        let name = shown(by.unwrap_or_default());
        let message = format!("is `{name}`; one of {} is allowed", all.join(", "));
        errors.push(QueryError::new("SortBy", message));
    }
    if by.is_none() && direction.is_none() {
        return None;
    }
    column.map(|column| Sort {
        column,
        descending: minus || direction == Some(true),
    })
}

/// The zone with exactly the IANA name that is asked for.
fn zone(sent: &Parameters, errors: &mut Vec<QueryError>) -> Option<TimeZone> {
    let name = sent.get(FilterKind::TimeZone)?;
    let zone = zone_named(name);
    if zone.is_none() {
        let message = format!(
            "is `{}`; an IANA name such as Europe/Berlin, or UTC, is allowed",
            shown(name)
        );
        errors.push(QueryError::new("TimeZone", message));
    }
    zone
}

/// Checks that sums can be made of these days of a zone.
fn sums_of(
    zone: &TimeZone,
    days: [Option<RangeInclusive<Day>>; 2],
    show: &[Show],
    errors: &mut Vec<QueryError>,
) {
    let mut days = days.into_iter().flatten();
    errors.extend(days.find_map(|days| Hours::of(zone, days).err()));
    if show.contains(&Show::EventTypes) {
        let message = "is counted by each program's own days; leave out TimeZone";
        errors.push(QueryError::new("SHOW_EVENT_TYPES", message));
    }
}

fn currency(programs: &[&Program], errors: &mut Vec<QueryError>) -> Option<Currency> {
    let mut currencies: Vec<Currency> = programs.iter().map(|program| program.currency).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if currencies.len() > 1 {
        let listed: Vec<String> = programs
            .iter()
            .map(|program| format!("{} ({})", program.id, program.currency))
            .collect();
        let message = format!(
            "is needed, since the programs have several currencies: send one of {}",
            listed.join(", ")
        );
        errors.push(QueryError::new("SUBAID", message));
    }
    currencies.first().copied()
}
