//! A checked query: what to read, how to sort it, which page to show.

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Brand, Program};
use crate::model::click_id::{self, ClickId};
use crate::model::currency::Currency;
use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId, Slot};
use crate::model::time::{Day, Millis};
use crate::registry::Report;
use crate::registry::filter::{DAYS_MAX, FilterKind, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};

use super::error::{QueryError, ReportError};
use super::parameters::{Parameters, shown};

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
    /// First day.
    pub start: Day,
    /// Last day.
    pub end: Day,
    /// Order of the rows; by the row's number when absent.
    pub sort: Option<Sort>,
    /// Number of the page, from 1.
    pub page: u32,
    /// Rows of a page.
    pub page_size: u32,
    /// The state of the figures that a link was made from.
    pub as_of: Option<Slot>,
    /// What only listings of clicks ask for.
    pub clicks: Clicks,
}

/// Which clicks a listing shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clicks {
    /// Only those of this ad.
    pub ad: Option<AdId>,
    /// Only those with this shared id.
    pub shared_id: Option<String>,
    /// Only this one.
    pub click: Option<EventNumber>,
}

impl Query {
    /// Whether both ask for the same rows in the same order, whatever the page.
    #[must_use]
    pub fn same_rows(&self, other: &Self) -> bool {
        let whole = |query: &Self| Self {
            page: 1,
            page_size: 1,
            as_of: None,
            ..query.clone()
        };
        whole(self) == whole(other)
    }
}

/// Checks the query string of a request for `report`.
///
/// # Errors
/// Every problem of the query at once, or a program that is not one of the brand's.
pub fn parse(
    report: &Report,
    query: &str,
    catalog: &Catalog,
    brand: &Brand,
    now: Millis,
) -> Result<Query, ReportError> {
    let mut errors = Vec::new();
    let sent = Parameters::read(report, query, &mut errors);
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
    let clicks = Clicks {
        ad: number(FilterKind::Ad, 0, u32::MAX, "AdId").map(AdId),
        shared_id: sent.get(FilterKind::SharedId).map(ToOwned::to_owned),
        click: click(&sent, &mut errors),
    };
    let sort = sort(report, &sent, &mut errors);
    let own = |id: &ProgramId| catalog.program(*id).filter(|own| own.brand == brand.sid);
    let programs: Vec<&Program> = brand
        .programs
        .iter()
        .filter(|id| program.is_none_or(|program| program == **id))
        .filter_map(own)
        .collect();
    let (start, end) = days(report, &programs, &sent, now, &mut errors);
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
        start,
        end,
        sort,
        page,
        page_size: page_size.unwrap_or(PAGE_SIZE_DEFAULT),
        as_of,
        clicks,
    })
}

/// A click by its number, or by the click id of a landing page. Nothing is credited by it here, so
/// its tag does not matter.
fn click(sent: &Parameters, errors: &mut Vec<QueryError>) -> Option<EventNumber> {
    let text = sent.get(FilterKind::Click)?;
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok().map(EventNumber));
    let found = number.flatten().or_else(|| {
        let (body, _) = click_id::from_text(text.as_bytes())?;
        ClickId::from_body(&body).map(|id| id.number)
    });
    if found.is_none() {
        let message = format!(
            "is `{}`; a ClickId of an answer or the click id of a landing page is allowed",
            shown(text)
        );
        errors.push(QueryError::new("ClickId", message));
    }
    found
}

/// A number written in digits alone.
fn digits(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn sort(report: &Report, sent: &Parameters, errors: &mut Vec<QueryError>) -> Option<Sort> {
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
    let mut columns = report.columns();
    let column = match name {
        None => Some(0),
        Some(name) => columns.position(|column| column.name().eq_ignore_ascii_case(name)),
    };
    if column.is_none() {
        let all: Vec<&str> = report.columns().map(|column| column.name()).collect();
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

/// First and last day. Without dates the last one is today, in the zone that is furthest ahead
/// when the programs have several.
fn days(
    report: &Report,
    programs: &[&Program],
    sent: &Parameters,
    now: Millis,
    errors: &mut Vec<QueryError>,
) -> (Day, Day) {
    let problems = errors.len();
    let mut read = |kind, name| match sent.get(kind).map(day) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(message)) => {
            errors.push(QueryError::new(name, message));
            None
        }
    };
    let start = read(FilterKind::Start, "StartDate");
    let end = read(FilterKind::End, "EndDate");
    let today = programs
        .iter()
        .filter_map(|program| today(program, now))
        .max()
        .unwrap_or_else(|| now.utc_day());
    let end = end.unwrap_or(today);
    let start = start.unwrap_or_else(|| Day(end.0.saturating_sub(report.days_default() - 1)));
    if errors.len() == problems {
        let length = end.0.saturating_sub(start.0).saturating_add(1);
        if length < 1 {
            let message = "is after EndDate; the first day comes first";
            errors.push(QueryError::new("StartDate", message));
        } else if length > DAYS_MAX {
            let message = format!("is {length} days after StartDate; at most {DAYS_MAX} are read");
            errors.push(QueryError::new("EndDate", message));
        }
    }
    (start, end)
}

fn today(program: &Program, now: Millis) -> Option<Day> {
    let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
    day_of(program.time_zone.to_datetime(at).date())
}

fn day_of(date: jiff::civil::Date) -> Option<Day> {
    let since = jiff::civil::date(1970, 1, 1).until(date).ok()?;
    Some(Day(since.get_days()))
}

/// The day of `YYYY-MM-DD`, also when a time follows.
fn day(text: &str) -> Result<Day, String> {
    let wrong = || {
        format!(
            "is `{}`; a day such as 2026-01-31 from 2000 to 2099 is allowed",
            shown(text)
        )
    };
    let (date, rest) = text.split_at_checked(10).ok_or_else(wrong)?;
    let layout = date.bytes().enumerate().all(|(i, byte)| match i {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let time = rest.is_empty()
        || (rest.starts_with(['T', 't', ' '])
            && rest.len() <= 30
            && jiff::fmt::temporal::Pieces::parse(text).is_ok_and(|pieces| {
                pieces.time().is_some() && pieces.time_zone_annotation().is_none()
            }));
    let date: Option<jiff::civil::Date> = date.parse().ok();
    date.filter(|date| layout && time && (2000..=2099).contains(&date.year()))
        .and_then(day_of)
        .ok_or_else(wrong)
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
