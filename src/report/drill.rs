//! What a figure of a row is made of: links to the lists behind it.
//!
//! A link is given only where the list holds exactly what the row counts and the account may read
//! it, and every value in it is resolved: it names the same days, and the same state of the clicks,
//! later.

use crate::model::tally::Facet;
use crate::model::time::Day;
use crate::model::time::calendar::day_start;
use crate::registry::click::{NARROWED_BY, Shown};
use crate::registry::dimension::{RowKey, day_text};
use crate::registry::facet::FacetKind;
use crate::registry::filter::{FILTERS, FilterKind};
use crate::registry::measure::{ADJUSTMENTS, CLICKS, GROSS_ACTIONS, RAW_CLICKS};
use crate::registry::report::{Figures, Source};
use crate::registry::{REPORTS, Report};

use super::listing::LISTED_DAYS_MAX;
use super::page::{facet_text, zone_name};
use super::query::Query;
use super::render::Rendered;

/// How many days back a list of actions may begin: it reaches back three years, and a day of the
/// program's calendar may begin before that of UTC, and the link be followed the day after.
const LISTED_BACK_MAX: i32 = 3 * 365 - 2;

/// The links of the rows of a page, as far as they are the same for all of them.
pub(super) struct Links<'r, 'a> {
    of: &'r Rendered<'a>,
    figures: Figures,
    /// Path of the account.
    base: &'r str,
    /// First and last day of the query.
    days: [String; 2],
    /// The same as a list of actions takes them.
    bounds: [String; 2],
    /// The zone of the days, as a parameter; empty where it is each program's own.
    zone: String,
    /// The state of the clicks, as a parameter.
    as_of: String,
    /// Whether rows may lead to a list of their actions, but for what they are kept apart by.
    to_actions: bool,
    /// The listings that rows lead to: the link's name, the report, and which clicks of it.
    listings: Vec<(&'static str, &'static Report, &'static str)>,
}

impl<'r, 'a> Links<'r, 'a> {
    /// Those of an answer; none of a listing.
    pub(super) fn of(of: &'r Rendered<'a>) -> Option<Self> {
        let (report, query) = (of.answer.report, of.query);
        let Source::Cells(figures) = report.source else {
            return None;
        };
        let base = of.path.strip_suffix(report.handle)?;
        let as_of = of.answer.as_of;
        let shows = |name: &str| figures.measures.iter().any(|own| own.name == name);
        let listing = |shown| {
            REPORTS.iter().find(|report| {
                report.audience.includes(of.viewer)
                    && matches!(report.source, Source::Clicks(own) if own == shown)
            })
        };
        // What was paid and is not unique any more, and adjustments, are no unique clicks.
        let listings = [
            ("ClicksUri", CLICKS, Shown::Unique, "&Classification=U"),
            ("RawClicksUri", RAW_CLICKS, Shown::All, ""),
            ("AdjustmentsUri", ADJUSTMENTS, Shown::Adjusted, ""),
        ];
        Some(Self {
            of,
            figures,
            base: base.strip_suffix("/Reports/")?,
            days: [query.start, query.end].map(day_text),
            bounds: bounds_of(query, (query.start, query.end))?,
            zone: zone_name(query).map_or_else(String::new, |name| format!("&TimeZone={name}")),
            as_of: as_of.map_or_else(String::new, |as_of| format!("&AsOf={}", as_of.slot)),
            to_actions: shows(GROSS_ACTIONS.name) && as_of.is_some(),
            listings: listings
                .into_iter()
                .filter(|(_, column, ..)| shows(column.name))
                // Actions among adjustments are told apart by nothing.
                .filter(|(.., shown, _)| {
                    *shown != Shown::Adjusted || figures.dimension.facet == FacetKind::None
                })
                .filter_map(|(name, _, shown, class)| Some((name, listing(shown)?, class)))
                .collect(),
        })
    }

    /// Those of a row, each with its name.
    pub(super) fn of_row(&self, row: &RowKey) -> impl Iterator<Item = (&'static str, String)> {
        let query = self.of.query;
        let days = match (self.figures.dimension.bucket, row.bucket) {
            (Some(bucket), Some(first)) => {
                let last = bucket.last(first);
                (first.max(query.start), last.min(query.end))
            }
            _ => (query.start, query.end),
        };
        let texts;
        let [start, end] = if days == (query.start, query.end) {
            &self.days
        } else {
            texts = [days.0, days.1].map(day_text);
            &texts
        };
        let actions = self.actions(row, days);
        let program = row.program.or(query.program);
        let program = program.map_or_else(String::new, |id| format!("SUBAID={id}&"));
        let kept_apart = self.kept_apart(row);
        let clicks = kept_apart.map(|kept_apart| {
            let partner = self.partner(row, "MediaId");
            let (base, as_of) = (self.base, &self.as_of);
            let link = |(name, report, class): &(&'static str, &Report, &str)| {
                let (handle, zone) = (report.handle, &self.zone);
                let uri = format!(
                    "{base}/Reports/{handle}?{program}StartDate={start}&EndDate={end}{zone}\
                     {partner}{kept_apart}{class}{as_of}"
                );
                (*name, uri)
            };
            self.listings.iter().map(link).collect::<Vec<_>>()
        });
        let actions = actions.map(|uri| ("ActionsUri", uri));
        actions.into_iter().chain(clicks.into_iter().flatten())
    }

    /// The parameter that asks for the row's partner.
    fn partner(&self, row: &RowKey, name: &str) -> String {
        let partner = row.partner.or(self.of.query.partner);
        partner.map_or_else(String::new, |id| format!("&{name}={id}"))
    }

    /// The list of the actions that a row counts, reversed ones included: of one program, at most
    /// as many days as such a list takes and no further back than it reaches, and told apart by no
    /// more than it can tell apart.
    fn actions(&self, row: &RowKey, days: (Day, Day)) -> Option<String> {
        let program = match (row.program, self.of.query.programs.as_slice()) {
            (Some(program), _) => program,
            (None, [program]) => *program,
            (None, _) => return None,
        };
        let today = self.of.answer.as_of?.wall_end.utc_day();
        // Where clocks change in one of two zones, days of one are an hour more than the other's.
        let days_max = LISTED_DAYS_MAX - i32::from(self.of.query.zone.is_some());
        if !self.to_actions
            || days.1.0.saturating_sub(days.0.0) >= days_max
            || today.0.saturating_sub(days.0.0) > LISTED_BACK_MAX
        {
            return None;
        }
        let kept_apart = match (self.figures.dimension.facet, &row.facet) {
            (FacetKind::None, _) => String::new(),
            (FacetKind::Ad, Facet::Number(ad)) => format!("&AdId={ad}"),
            (FacetKind::EventType, Facet::Number(id)) => format!("&ActionTrackerId={id}"),
            _ => return None,
        };
        let partner = self.partner(row, "MediaPartnerId");
        let bounds;
        let [from, to] = if days == (self.of.query.start, self.of.query.end) {
            &self.bounds
        } else {
            bounds = bounds_of(self.of.query, days)?;
            &bounds
        };
        Some(format!(
            "{}/Actions?CampaignId={program}{partner}{kept_apart}&ActionDateStart={from}\
             &ActionDateEnd={to}",
            self.base
        ))
    }

    /// The parameter that asks a listing of clicks for what a row is kept apart by; nothing where
    /// the listing can't tell them apart.
    fn kept_apart(&self, row: &RowKey) -> Option<String> {
        let kind = self.figures.dimension.facet;
        match &row.facet {
            _ if kind == FacetKind::None => Some(String::new()),
            // Some clicks of the text were added up with others on days with too many texts.
            Facet::Text(_) if self.of.answer.is_added_up => None,
            facet @ (Facet::Text(_) | Facet::Number(_)) if NARROWED_BY.contains(&kind) => {
                let kind = FilterKind::Facet(kind);
                let filter = FILTERS.iter().find(|filter| filter.kind == kind)?;
                Some(format!("&{}={}", filter.name, facet_text(facet)))
            }
            _ => None,
        }
    }
}

/// The first and the last of these days as a list of actions takes them: days of the program, or
/// the instants that they begin and end with in the zone of the query.
fn bounds_of(query: &Query, (first, last): (Day, Day)) -> Option<[String; 2]> {
    let Some(zone) = &query.zone else {
        return Some([first, last].map(day_text));
    };
    let after = Day(last.0.saturating_add(1));
    let bounds = [day_start(first, zone)?, day_start(after, zone)?.plus(-1)];
    Some(bounds.map(|at| at.to_string()))
}
