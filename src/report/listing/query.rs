//! The query string of a list, checked: which program, which times, which page.
//!
//! impact.com's rules: times come in pairs of at most 45 days that begin at most three years ago;
//! without any pair the updates of the last seven days are listed.

use std::ops::RangeInclusive;

use jiff::{Span, ToSpan as _};

use crate::catalog::snapshot::Program;
use crate::derived::{Action, ActionId, ActionState, IndexKind};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::time::Millis;

use super::super::error::{QueryError, ReportError};
use super::super::parameters::{decode, shown};
use super::super::query::{FORMATS, Format};
use super::super::scope::Scope;
use super::instant;

/// Longest range of times, in days of the program's calendar.
pub const LISTED_DAYS_MAX: i32 = 45;
/// How far back a range may begin, in years.
const YEARS_MAX: i64 = 3;
/// How far back a list reaches that names no times, in days.
const DAYS_DEFAULT: i64 = 7;
/// Fewest and most rows of a page; the most are also the default.
const PAGE_SIZES: RangeInclusive<u32> = 2_000..=20_000;
/// How many full pages one list may have.
pub(super) const PAGES_MAX: u32 = 10;

/// The pairs of times: by which index they are found, and the parameters of first and last.
const PAIRS: [(IndexKind, &str, &str); 3] = [
    (IndexKind::Updated, "StartDate", "EndDate"),
    (IndexKind::Dated, "ActionDateStart", "ActionDateEnd"),
    (IndexKind::Locking, "LockingDateStart", "LockingDateEnd"),
];

/// Every parameter; `IrVersion` is accepted for existing clients and changes nothing.
const PARAMETERS: [&str; 15] = [
    "CampaignId",
    "MediaPartnerId",
    "ActionTrackerId",
    "AdId",
    "State",
    "StartDate",
    "EndDate",
    "ActionDateStart",
    "ActionDateEnd",
    "LockingDateStart",
    "LockingDateEnd",
    "Page",
    "PageSize",
    "ResultFormat",
    "IrVersion",
];

/// Times from the first to the last.
pub(super) type Times = RangeInclusive<Millis>;

/// A query that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The program.
    pub(super) program: ProgramId,
    /// Only of this partner.
    pub(super) partner: Option<PartnerId>,
    /// Only of this event type.
    pub(super) event_type: Option<EventTypeId>,
    /// Only of this ad.
    pub(super) ad: Option<AdId>,
    /// Only this state.
    pub(super) state: Option<ActionState>,
    /// Only these times, at least one of them, each kind at most once.
    pub(super) times: Vec<(IndexKind, Times)>,
    /// Number of the page, from 1.
    pub(super) page: u32,
    /// Rows of a page.
    pub(super) page_size: u32,
    /// Form of the answer, if the query names one.
    pub(super) format: Option<Format>,
}

impl Query {
    /// Whether it asks for the partner, the event type and the ad of an action.
    pub(super) fn names(&self, id: ActionId, action: &Action) -> bool {
        self.partner.is_none_or(|only| only == action.partner)
            && self.event_type.is_none_or(|only| only == id.event_type)
            && self.ad.is_none_or(|only| only == action.ad)
    }

    /// The times asked for of one kind.
    pub(super) fn times(&self, kind: IndexKind) -> Option<&Times> {
        let found = self.times.iter().find(|(listed, _)| *listed == kind);
        found.map(|(_, times)| times)
    }

    /// Most rows that the list may have.
    pub(super) fn rows_max(&self) -> usize {
        let rows = self.page_size.saturating_mul(PAGES_MAX);
        usize::try_from(rows).unwrap_or(usize::MAX)
    }

    /// The query string of one page: every value resolved, so that it names the same times later.
    pub(super) fn link(&self, path: &str, page: u32) -> String {
        let mut parts = vec![format!("CampaignId={}", self.program)];
        let numbers = [
            ("MediaPartnerId", self.partner.map(|id| id.0)),
            ("ActionTrackerId", self.event_type.map(|id| id.0)),
            ("AdId", self.ad.map(|id| id.0)),
        ];
        for (name, number) in numbers {
            parts.extend(number.map(|number| format!("{name}={number}")));
        }
        if let Some(state) = self.state {
            parts.push(format!("State={}", state.word()));
        }
        for (kind, start, end) in PAIRS {
            if let Some(times) = self.times(kind) {
                parts.push(format!("{start}={}&{end}={}", times.start(), times.end()));
            }
        }
        let format = FORMATS.iter().find(|(own, _)| Some(*own) == self.format);
        parts.extend(format.map(|(_, word)| format!("ResultFormat={word}")));
        parts.push(format!("Page={page}&PageSize={}", self.page_size));
        format!("{path}?{}", parts.join("&"))
    }
}

/// The values sent, each parameter at most once.
struct Sent(Vec<(&'static str, String)>);

impl Sent {
    fn read(query: &str, errors: &mut Vec<QueryError>) -> Self {
        let mut sent = Self(Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                let message = "is not UTF-8 after percent-decoding";
                errors.push(QueryError::new(shown(name), message));
                continue;
            };
            let mut known = PARAMETERS.iter();
            match known.find(|known| known.eq_ignore_ascii_case(&name)) {
                None => errors.push(QueryError::new(
                    shown(&name),
                    format!(
                        "is no parameter of this list; known are {}",
                        PARAMETERS.join(", ")
                    ),
                )),
                Some(known) if sent.get(known).is_some() => errors.push(QueryError::new(
                    *known,
                    "is given more than once; send it once",
                )),
                Some(known) => sent.0.push((known, value)),
            }
        }
        sent
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(listed, _)| *listed == name);
        found.map(|(_, value)| value.as_str())
    }

    /// One of the words that are allowed, in any case.
    fn word<T: Copy>(
        &self,
        name: &str,
        allowed: &[(T, &str)],
        errors: &mut Vec<QueryError>,
    ) -> Option<T> {
        let text = self.get(name)?;
        let mut known = allowed.iter();
        let found = known.find(|(_, word)| word.eq_ignore_ascii_case(text));
        if found.is_none() {
            let words: Vec<&str> = allowed.iter().map(|(_, word)| *word).collect();
            let message = format!("is `{}`; {} are allowed", shown(text), words.join(", "));
            errors.push(QueryError::new(name, message));
        }
        found.map(|(value, _)| *value)
    }

    /// A whole number in `allowed`.
    fn number(
        &self,
        name: &str,
        allowed: RangeInclusive<u32>,
        errors: &mut Vec<QueryError>,
    ) -> Option<u32> {
        let text = self.get(name)?;
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number);
        let number = number.filter(|number| allowed.contains(number));
        if number.is_none() {
            let (first, last) = (allowed.start(), allowed.end());
            let allowed = if *last == u32::MAX {
                format!("a whole number from {first}")
            } else {
                format!("a whole number from {first} to {last}")
            };
            let message = format!("is `{}`; {allowed} is allowed", shown(text));
            errors.push(QueryError::new(name, message));
        }
        number
    }
}

/// Checks a query string of an account that may read `scope`.
///
/// # Errors
/// A program that is not the account's, or every problem of the query at once.
pub(super) fn parse(text: &str, scope: &Scope<'_>, now: Millis) -> Result<Query, ReportError> {
    let mut errors = Vec::new();
    let sent = Sent::read(text, &mut errors);
    let program = sent.number("CampaignId", 0..=u32::MAX, &mut errors);
    if sent.get("CampaignId").is_none() {
        let message = "is missing; send the number of one of this account's programs";
        errors.push(QueryError::new("CampaignId", message));
    }
    let mut id = |name| sent.number(name, 0..=u32::MAX, &mut errors);
    let partner = id("MediaPartnerId").map(PartnerId);
    let event_type = id("ActionTrackerId").map(EventTypeId);
    let ad = id("AdId").map(AdId);
    let partner = scope.asked(partner, "MediaPartnerId", &mut errors);
    let state = sent.word("State", ActionState::ALL, &mut errors);
    let format = sent.word("ResultFormat", FORMATS, &mut errors);
    let page = sent.number("Page", 1..=u32::MAX, &mut errors);
    let page_size = sent.number("PageSize", PAGE_SIZES, &mut errors);
    let Some(program) = program else {
        return Err(ReportError::Invalid(errors));
    };
    let program = scope
        .program(ProgramId(program))
        .ok_or(ReportError::NotFound)?;
    let mut range = Ranges {
        sent: &sent,
        program,
        now,
        errors: &mut errors,
    };
    let mut times: Vec<(IndexKind, Times)> = PAIRS
        .into_iter()
        .filter_map(|(kind, start, end)| Some((kind, range.pair(start, end)?)))
        .collect();
    if !errors.is_empty() {
        return Err(ReportError::Invalid(errors));
    }
    if times.is_empty() {
        let first = instant::moved(now, Span::new().days(-DAYS_DEFAULT), &program.time_zone);
        times.push((IndexKind::Updated, first.unwrap_or(now)..=now));
    }
    Ok(Query {
        program: program.id,
        partner,
        event_type,
        ad,
        state,
        times,
        page: page.unwrap_or(1),
        page_size: page_size.unwrap_or(*PAGE_SIZES.end()),
        format,
    })
}

/// Reads pairs of times.
struct Ranges<'a> {
    sent: &'a Sent,
    program: &'a Program,
    now: Millis,
    errors: &'a mut Vec<QueryError>,
}

impl Ranges<'_> {
    /// The times between two parameters, when they are sent and right.
    fn pair(&mut self, start: &'static str, end: &'static str) -> Option<Times> {
        let (first, last) = match (self.sent.get(start), self.sent.get(end)) {
            (None, None) => return None,
            (Some(first), Some(last)) => (first, last),
            (first, _) => {
                let missing = if first.is_none() { start } else { end };
                let message = format!("is missing; {start} and {end} go together");
                self.errors.push(QueryError::new(missing, message));
                return None;
            }
        };
        let zone = &self.program.time_zone;
        let read = |name: &'static str, text: &str| {
            instant::read(text, zone).map_err(|message| QueryError::new(name, message))
        };
        let (first, last) = match (read(start, first), read(end, last)) {
            (Ok((first, _)), Ok((_, last))) => (first, last),
            (first, last) => {
                self.errors
                    .extend([first.err(), last.err()].into_iter().flatten());
                return None;
            }
        };
        let problem = self.problem(start, end, first, last);
        let is_right = problem.is_none();
        self.errors.extend(problem);
        is_right.then_some(first..=last)
    }

    fn problem(&self, start: &str, end: &str, first: Millis, last: Millis) -> Option<QueryError> {
        let zone = &self.program.time_zone;
        if first > last {
            let message = format!("is after {end}; the first time comes first");
            return Some(QueryError::new(start, message));
        }
        let oldest = instant::moved(self.now, -YEARS_MAX.years(), zone);
        if oldest.is_some_and(|oldest| first < oldest) {
            let message = format!("is more than {YEARS_MAX} years back; send a later one");
            return Some(QueryError::new(start, message));
        }
        // A last time that names a day or a second means it whole, so it may touch the bound.
        let bound = instant::moved(first, LISTED_DAYS_MAX.days(), zone);
        bound.filter(|bound| last > bound.plus(999)).map(|_| {
            let message =
                format!("is more than {LISTED_DAYS_MAX} days after {start}; send shorter ranges");
            QueryError::new(end, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversion::fixture;
    use crate::registry::Viewer;

    /// 2026-11-25T12:00:00Z.
    const NOW: Millis = Millis(1_795_608_000_000);

    fn parsed(query: &str) -> Result<Query, String> {
        let catalog = fixture::catalog();
        let scope = Scope::of(&catalog, Viewer::Brand, "IRacme").unwrap();
        let query = format!("CampaignId=1000&{query}");
        parse(&query, &scope, NOW).map_err(|error| match error {
            ReportError::Invalid(errors) => errors[0].to_string(),
            other => other.to_string(),
        })
    }

    #[test]
    fn a_range_has_forty_five_days_of_the_programs_calendar() {
        for (range, said) in [
            // One of these days in New York has 25 hours.
            ("StartDate=2026-10-10&EndDate=2026-11-23", None),
            (
                "StartDate=2026-10-10&EndDate=2026-11-24",
                Some("EndDate: is more than 45"),
            ),
            (
                "StartDate=2026-01-01T00:00:00Z&EndDate=2026-02-15T00:00:00Z",
                None,
            ),
            (
                "StartDate=2026-01-01T00:00:00Z&EndDate=2026-02-15T00:00:01Z",
                Some("EndDate: is more than 45"),
            ),
            (
                "StartDate=2023-11-25T12:00:00Z&EndDate=2023-11-25T12:00:00Z",
                None,
            ),
            (
                "StartDate=2023-11-25T11:59:59Z&EndDate=2023-11-25T12:00:00Z",
                Some("StartDate: is more than 3 years"),
            ),
        ] {
            match (parsed(range), said) {
                (Ok(_), None) => {}
                (Err(found), Some(said)) if found.starts_with(said) => {}
                other => panic!("{range}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_link_names_the_same_rows_later() {
        let query = parsed("State=reversed&ActionDateStart=2026-10-10&ActionDateEnd=2026-10-10");
        let query = query.unwrap();
        let link = query.link("/a", 3);
        assert_eq!(
            link,
            "/a?CampaignId=1000&State=REVERSED&ActionDateStart=2026-10-10T04:00:00.000Z\
             &ActionDateEnd=2026-10-11T03:59:59.999Z&Page=3&PageSize=20000"
        );
        let (_, again) = link.split_once("CampaignId=1000&").unwrap();
        assert_eq!(parsed(again), Ok(Query { page: 3, ..query }));
        let default = parsed("").unwrap();
        let week = NOW.plus(-7 * 86_400_000)..=NOW;
        assert_eq!(default.times, [(IndexKind::Updated, week)]);
    }
}
