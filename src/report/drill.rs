//! What a figure of a row is made of: links to the lists behind it.
//!
//! A link is given only where the list holds exactly what the row counts and the account may read
//! it, and every value in it is resolved: it names the same days, and the same state of the clicks,
//! later.

use crate::model::tally::Facet;
use crate::model::time::Day;
use crate::registry::REPORTS;
use crate::registry::click::{NARROWED_BY, Shown};
use crate::registry::dimension::{RowKey, day_text};
use crate::registry::facet::FacetKind;
use crate::registry::filter::{FILTERS, FilterKind};
use crate::registry::measure::{ADJUSTMENTS, CLICKS, GROSS_ACTIONS, RAW_CLICKS};
use crate::registry::report::{Figures, Source};

use super::listing::LISTED_DAYS_MAX;
use super::page::facet_text;
use super::render::Rendered;

/// How many days back a list of actions may begin: it reaches back three years, and a day of the
/// program's calendar may begin before that of UTC, and the link be followed the day after.
const LISTED_BACK_MAX: i32 = 3 * 365 - 2;

/// The links of a row, each with its name.
pub(super) fn links(
    of: &Rendered<'_>,
    row: &RowKey,
) -> impl Iterator<Item = (&'static str, String)> {
    let behind = Behind::of(of, row);
    let actions = behind.as_ref().and_then(Behind::actions);
    let unique = behind
        .as_ref()
        .and_then(|b| b.clicks(CLICKS.name, Shown::Unique));
    let raw = behind
        .as_ref()
        .and_then(|b| b.clicks(RAW_CLICKS.name, Shown::All));
    let adjusted = behind.as_ref().and_then(Behind::adjustments);
    let links = [
        ("ActionsUri", actions),
        ("ClicksUri", unique),
        ("RawClicksUri", raw),
        ("AdjustmentsUri", adjusted),
    ];
    links
        .into_iter()
        .filter_map(|(name, uri)| Some((name, uri?)))
}

/// What is behind one row.
struct Behind<'r, 'a> {
    of: &'r Rendered<'a>,
    row: &'r RowKey,
    figures: Figures,
    /// The days of the row.
    days: (Day, Day),
    /// Path of the account.
    base: &'r str,
}

impl<'r, 'a> Behind<'r, 'a> {
    fn of(of: &'r Rendered<'a>, row: &'r RowKey) -> Option<Self> {
        let (report, query) = (of.answer.report, of.query);
        let Source::Cells(figures) = report.source else {
            return None;
        };
        let days = match (figures.dimension.bucket, row.bucket) {
            (Some(bucket), Some(first)) => {
                let last = bucket.last(first);
                (first.max(query.start), last.min(query.end))
            }
            _ => (query.start, query.end),
        };
        let base = of.path.strip_suffix(report.handle)?;
        Some(Self {
            of,
            row,
            figures,
            days,
            base: base.strip_suffix("/Reports/")?,
        })
    }

    fn shows(&self, name: &str) -> bool {
        self.figures.measures.iter().any(|own| own.name == name)
    }

    /// The parameter that asks for the row's partner.
    fn partner(&self, name: &str) -> String {
        let partner = self.row.partner.or(self.of.query.partner);
        partner.map_or_else(String::new, |id| format!("&{name}={id}"))
    }

    /// The list of the actions that a row counts, reversed ones included: of one program, at most
    /// as many days as such a list takes and no further back than it reaches, and told apart by no
    /// more than it can tell apart.
    fn actions(&self) -> Option<String> {
        let program = match (self.row.program, self.of.query.programs.as_slice()) {
            (Some(program), _) => program,
            (None, [program]) => *program,
            (None, _) => return None,
        };
        let (start, end) = self.days;
        let today = self.of.answer.as_of?.wall_end.utc_day();
        if !self.shows(GROSS_ACTIONS.name)
            || end.0.saturating_sub(start.0) >= LISTED_DAYS_MAX
            || today.0.saturating_sub(start.0) > LISTED_BACK_MAX
        {
            return None;
        }
        let kept_apart = match (self.figures.dimension.facet, &self.row.facet) {
            (FacetKind::None, _) => String::new(),
            (FacetKind::Ad, Facet::Number(ad)) => format!("&AdId={ad}"),
            (FacetKind::EventType, Facet::Number(id)) => format!("&ActionTrackerId={id}"),
            _ => return None,
        };
        Some(format!(
            "{}/Actions?CampaignId={program}{}{kept_apart}&ActionDateStart={}&ActionDateEnd={}",
            self.base,
            self.partner("MediaPartnerId"),
            day_text(start),
            day_text(end),
        ))
    }

    /// The listing of what adjustments are made of. Actions in it are told apart by nothing.
    fn adjustments(&self) -> Option<String> {
        let dimension = self.figures.dimension;
        let whole = dimension.facet == FacetKind::None;
        let whole = whole.then(|| self.clicks(ADJUSTMENTS.name, Shown::Adjusted));
        whole.flatten()
    }

    /// The listing of the clicks that a column counts.
    fn clicks(&self, column: &str, shown: Shown) -> Option<String> {
        if !self.shows(column) {
            return None;
        }
        let mut listings = REPORTS.iter();
        let listing = listings.find(|report| {
            report.audience.includes(self.of.viewer)
                && matches!(report.source, Source::Clicks(own) if own == shown)
        })?;
        let kind = self.figures.dimension.facet;
        let kept_apart = match &self.row.facet {
            _ if kind == FacetKind::None => String::new(),
            // Some clicks of the text were added up with others on days with too many texts.
            Facet::Text(_) if self.of.answer.is_added_up => return None,
            facet @ (Facet::Text(_) | Facet::Number(_)) if NARROWED_BY.contains(&kind) => {
                let kind = FilterKind::Facet(kind);
                let filter = FILTERS.iter().find(|filter| filter.kind == kind)?;
                format!("&{}={}", filter.name, facet_text(facet))
            }
            _ => return None,
        };
        // What was paid and is not unique any more, and adjustments, are no unique clicks.
        let class = match shown {
            Shown::Unique => "&Classification=U",
            Shown::All | Shown::Adjusted => "",
        };
        let query = self.of.query;
        let program = self.row.program.or(query.program);
        let program = program.map(|id| format!("SUBAID={id}&"));
        let as_of = self.of.answer.as_of;
        Some(format!(
            "{}/Reports/{}?{}StartDate={}&EndDate={}{}{kept_apart}{class}{}",
            self.base,
            listing.handle,
            program.unwrap_or_default(),
            day_text(self.days.0),
            day_text(self.days.1),
            self.partner("MediaId"),
            as_of.map_or_else(String::new, |as_of| format!("&AsOf={}", as_of.slot)),
        ))
    }
}
