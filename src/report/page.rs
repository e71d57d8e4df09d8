//! Pages: which rows one holds, and the links to the others.

use std::fmt::Write as _;
use std::ops::Range;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::id::Slot;
use crate::model::tally::Facet;
use crate::registry::Report;
use crate::registry::audience::Audience;
use crate::registry::dimension::day_text;
use crate::registry::facet::FacetKind;
use crate::registry::filter::{FILTERS, FilterKind};
use crate::registry::report::Source;

use super::clicks::CLASSES;
use super::query::{COLLAPSES, COMPARES, FORMATS, Query};

/// The page of an answer and its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Positions of its rows; empty beyond the last page.
    pub rows: Range<usize>,
    /// Number of the page.
    pub number: u32,
    /// Number of the last page, at least 1.
    pub last: u32,
}

impl Page {
    /// The page that `query` asks for among `total` rows.
    #[must_use]
    pub fn of(query: &Query, total: usize) -> Self {
        Self::numbered(query.page, query.page_size, total)
    }

    /// Page `number` of `total` rows, `size` rows a page.
    #[must_use]
    pub fn numbered(number: u32, size: u32, total: usize) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
        let before = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = before.saturating_mul(size).min(total);
        Self {
            rows: start..start.saturating_add(size).min(total),
            number,
            last: u32::try_from(total.div_ceil(size))
                .unwrap_or(u32::MAX)
                .max(1),
        }
    }

    /// The paging attributes of an answer, all texts; `to` makes the link to a page.
    pub fn attributes(
        &self,
        size: u32,
        total: usize,
        to: impl Fn(u32) -> String,
    ) -> [(&'static str, String); 11] {
        let other = |number: Option<u32>| number.map(&to).unwrap_or_default();
        let last_row = self.rows.end.saturating_sub(1).max(self.rows.start);
        [
            ("@page", self.number.to_string()),
            ("@numpages", self.last.to_string()),
            ("@pagesize", size.to_string()),
            ("@total", total.to_string()),
            ("@start", self.rows.start.to_string()),
            ("@end", last_row.to_string()),
            ("@uri", to(self.number)),
            ("@firstpageuri", to(1)),
            ("@previouspageuri", other(self.previous())),
            ("@nextpageuri", other(self.next())),
            ("@lastpageuri", to(self.last)),
        ]
    }

    /// The page before this one.
    #[must_use]
    pub fn previous(&self) -> Option<u32> {
        (self.number > 1).then(|| (self.number - 1).min(self.last))
    }

    /// The page after this one.
    #[must_use]
    pub fn next(&self) -> Option<u32> {
        (self.number < self.last).then(|| self.number + 1)
    }
}

/// The word that asks for `value`.
fn word<T: Copy + PartialEq>(words: &[(T, &str)], value: T) -> Option<String> {
    let found = words.iter().find(|(listed, _)| *listed == value);
    found.map(|(_, word)| (*word).to_owned())
}

/// A value of a facet as a parameter has it.
pub(super) fn facet_text(facet: &Facet) -> String {
    match facet {
        Facet::Number(number) => number.to_string(),
        Facet::Text(text) => utf8_percent_encode(text, NON_ALPHANUMERIC).to_string(),
        Facet::None | Facet::Other => String::new(),
    }
}

/// The zone that a query names, as a parameter has it.
pub(super) fn zone_name(query: &Query) -> Option<String> {
    let name = query.zone.as_ref()?.iana_name()?;
    Some(utf8_percent_encode(name, NON_ALPHANUMERIC).to_string())
}

/// What a query asks of a facet, as a parameter has it.
fn facet(report: &Report, query: &Query, kind: FacetKind) -> Option<String> {
    match (report.source, kind) {
        (Source::Cells(figures), _) => {
            let asked = query.facet.as_ref();
            let asked = asked.filter(|_| figures.dimension.facet.names(kind));
            asked.map(facet_text)
        }
        (Source::Clicks(_), _) => {
            let mut asked = query.clicks.facets.iter();
            let asked = asked.find(|(own, _)| *own == kind);
            asked.map(|(_, facet)| facet_text(facet))
        }
    }
}

/// The link to one page of a query: every value resolved, so that it names the same days later.
#[must_use]
pub fn link(path: &str, report: &Report, query: &Query, page: u32, as_of: Option<Slot>) -> String {
    let mut out = format!("{path}?");
    for filter in FILTERS {
        let value = match filter.kind {
            FilterKind::Program => query.program.map(|program| program.to_string()),
            FilterKind::Partner => {
                let asked = query
                    .partner
                    .filter(|_| report.audience != Audience::Partner);
                asked.map(|partner| partner.to_string())
            }
            FilterKind::Start => Some(day_text(query.start)),
            FilterKind::End => Some(day_text(query.end)),
            FilterKind::TimeZone => zone_name(query),
            FilterKind::Facet(kind) => facet(report, query, kind),
            FilterKind::Group => {
                let group = query.group.as_deref();
                group.map(|group| utf8_percent_encode(group, NON_ALPHANUMERIC).to_string())
            }
            FilterKind::MinClicks => (query.min_clicks > 0).then(|| query.min_clicks.to_string()),
            FilterKind::MinActions => {
                (query.min_actions > 0).then(|| query.min_actions.to_string())
            }
            FilterKind::Collapse => query
                .collapse
                .and_then(|collapse| word(COLLAPSES, collapse)),
            FilterKind::Format => query.format.and_then(|format| word(FORMATS, format)),
            FilterKind::Compare => query.compare.and_then(|compare| word(COMPARES, compare)),
            FilterKind::SortBy => query.sort.as_ref().map(|sort| {
                let minus = if sort.descending { "-" } else { "" };
                let column = utf8_percent_encode(&sort.column, NON_ALPHANUMERIC);
                format!("{minus}{column}")
            }),
            FilterKind::Page => Some(page.to_string()),
            FilterKind::PageSize => Some(query.page_size.to_string()),
            FilterKind::AsOf => as_of.map(|slot| slot.to_string()),
            FilterKind::Click => query.clicks.click.map(|click| click.0.to_string()),
            FilterKind::Class => query.clicks.class.and_then(|class| word(CLASSES, class)),
            FilterKind::Show(show) => query.show.contains(&show).then(|| "1".to_owned()),
            FilterKind::SortDir | FilterKind::Version => None,
        };
        if let Some(value) = value {
            let joiner = if out.ends_with('?') { "" } else { "&" };
            // Writing to a String can't fail.
            let written = write!(out, "{joiner}{}={value}", filter.name);
            debug_assert!(written.is_ok());
        }
    }
    out
}
