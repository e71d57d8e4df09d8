//! A query string, checked against the registry and the account's programs.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;

use super::super::clicks::Asked;
use super::super::days::{self, Hours};
use super::super::error::{QueryError, ReportError};
use super::super::parameters::{Parameters, shown};
use super::super::scope::Scope;
use super::checked::{COLLAPSES, COMPARES, FORMATS, Query, SWITCHES};
use super::sort;
use crate::catalog::snapshot::Program;
use crate::model::currency::Currency;
use crate::model::id::{PartnerId, ProgramId, Slot};
use crate::model::tally::Facet;
use crate::model::time::calendar::zone_named;
use crate::model::time::{Day, Millis};
use crate::registry::facet::FacetKind;
use crate::registry::filter::{FILTERS, Filter, FilterKind, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::registry::report::Source;
use crate::registry::show::Show;
use crate::registry::{REPORTS, Report, Viewer};

/// Numbers that name something, or count it.
const ANY: RangeInclusive<u32> = 0..=u32::MAX;

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
    let mut number = |kind, allowed| number(kind, allowed, &sent, &mut errors);
    let program = number(FilterKind::Program, ANY).map(ProgramId);
    let partner = number(FilterKind::Partner, ANY).map(PartnerId);
    let page = number(FilterKind::Page, 1..=u32::MAX).unwrap_or(1);
    let page_size = number(FilterKind::PageSize, 1..=PAGE_SIZE_MAX);
    let as_of = number(FilterKind::AsOf, ANY).map(Slot);
    let min_clicks = number(FilterKind::MinClicks, ANY).unwrap_or(0);
    let min_actions = number(FilterKind::MinActions, ANY).unwrap_or(0);
    let facets = facets((report, scope.viewer()), &sent, &mut number);
    let (facet, clicks) = narrowed(report, facets, Asked::read(&sent, &mut errors));
    let format = word(FilterKind::Format, FORMATS, &sent, &mut errors);
    let collapse = word(FilterKind::Collapse, COLLAPSES, &sent, &mut errors);
    let told = errors.len();
    let compare = word(FilterKind::Compare, COMPARES, &sent, &mut errors);
    let show = shows(&sent, &mut errors);
    // Where one of these is wrong, nobody knows which columns there should be.
    let added = (errors.len() == told).then_some((&*show, compare.is_some()));
    let sort = sort::asked(report, added, &sent, &mut errors);
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
        group: sent.get(FilterKind::Group).map(Into::into),
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
    number: &mut impl FnMut(FilterKind, RangeInclusive<u32>) -> Option<u32>,
) -> Vec<(FacetKind, Facet)> {
    let asked = Filter::of(report, viewer).filter_map(|filter| {
        let FilterKind::Facet(kind) = filter.kind else {
            return None;
        };
        let facet = if kind.is_number() {
            number(filter.kind, ANY).map(Facet::Number)
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
pub(in crate::report) fn word<T: Copy>(
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
        let allowed = filter.map_or("", |filter| filter.format);
        errors.push(wrong(kind, text, allowed));
    }
    found.map(|(value, _)| *value)
}

/// A number among those that a parameter allows.
fn number(
    kind: FilterKind,
    allowed: RangeInclusive<u32>,
    sent: &Parameters,
    errors: &mut Vec<QueryError>,
) -> Option<u32> {
    let text = sent.get(kind)?;
    let read = digits(text).filter(|number| allowed.contains(number));
    if read.is_none() {
        let allowed = match allowed.into_inner() {
            (0, u32::MAX) => "a number".to_owned(),
            (min, u32::MAX) => format!("a whole number from {min}"),
            (min, max) => format!("a whole number from {min} to {max}"),
        };
        errors.push(wrong(kind, text, &allowed));
    }
    read
}

/// The problem of a parameter that is not what is allowed.
fn wrong(kind: FilterKind, text: &str, allowed: &str) -> QueryError {
    let filter = FILTERS.iter().find(|filter| filter.kind == kind);
    let name = filter.map_or("", |filter| filter.name);
    QueryError::new(name, format!("is `{}`; {allowed} is allowed", shown(text)))
}

/// A number written in digits alone.
fn digits(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
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
