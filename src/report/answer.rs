//! Rows of a report: cells read, merged by the report's dimension, figured and sorted.

use std::cmp::Ordering;

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::catalog::snapshot::Brand;
use crate::model::id::PartnerId;
use crate::model::tally::Tally;
use crate::model::time::Millis;
use crate::registry::Report;
use crate::registry::report::Column;

use super::error::ReportError;
use super::query::{self, Query, Sort};
use super::source::Source;
use crate::derived::Watermark;

/// One row of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number: the partner's, or the day's.
    pub number: i64,
    /// Its sums.
    pub tally: Tally,
}

/// Every row of a query in order, before it is cut into pages.
#[derive(Debug)]
pub struct Answer {
    /// The report.
    pub report: &'static Report,
    /// How far the events go; nothing before the first slot.
    pub as_of: Option<Watermark>,
    /// The rows in order; those without any event are left out.
    pub rows: Vec<Row>,
}

/// Reads reports for one brand.
pub struct Reader<'a, S: ?Sized> {
    catalog: &'a Catalog,
    brand: &'a Brand,
    source: &'a S,
}

impl<'a, S: Source + ?Sized> Reader<'a, S> {
    /// A reader for the brand with this account SID; nothing when there is none.
    #[must_use]
    pub fn for_brand(catalog: &'a Catalog, sid: &str, source: &'a S) -> Option<Self> {
        catalog.brand(sid).map(|brand| Self {
            catalog,
            brand,
            source,
        })
    }

    /// Checks the query string of a request.
    ///
    /// # Errors
    /// Every problem of the query, or a foreign or unknown program.
    pub fn query(&self, report: &Report, text: &str, now: Millis) -> Result<Query, ReportError> {
        query::parse(report, text, self.catalog, self.brand, now)
    }

    /// Answers a query that this reader has checked.
    ///
    /// # Errors
    /// The sums can't be read.
    pub fn answer(&self, report: &'static Report, query: &Query) -> Result<Answer, ReportError> {
        let mut sums: AHashMap<i64, Tally> = AHashMap::new();
        let as_of = self
            .source
            .read(
                report.cube,
                &query.programs,
                query.start..=query.end,
                &mut |day, partner, tally| {
                    if query.partner.is_none_or(|only| only == partner) {
                        let number = report.dimension.row(partner, day);
                        sums.entry(number).or_default().merge(tally);
                    }
                },
            )
            .map_err(|error| ReportError::Unreadable(error.to_string()))?;
        let mut rows: Vec<Row> = sums
            .into_iter()
            .filter(|(_, tally)| !tally.is_zero())
            .map(|(number, tally)| Row { number, tally })
            .collect();
        rows.sort_unstable_by_key(|row| row.number);
        if let Some(sort) = query.sort {
            self.sort(report, sort, &mut rows);
        }
        Ok(Answer {
            report,
            as_of,
            rows,
        })
    }

    /// The name of a partner in the catalogue.
    #[must_use]
    pub fn partner_name(&self, partner: PartnerId) -> Option<&'a str> {
        self.catalog.partner(partner).map(|partner| &*partner.name)
    }

    /// Sorts rows that are in order of their numbers; figures that do not exist come last.
    fn sort(&self, report: &Report, sort: Sort, rows: &mut [Row]) {
        let directed = |ordering: Ordering| {
            if sort.descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        match report.columns().nth(sort.column) {
            Some(Column::Measure(measure)) => {
                let value = |row: &Row| measure.value(&row.tally);
                rows.sort_by(|a, b| match (value(a), value(b)) {
                    (Some(a), Some(b)) => directed(a.cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                });
            }
            Some(Column::Attribute(_)) if sort.column == 0 => {
                rows.sort_by(|a, b| directed(a.number.cmp(&b.number)));
            }
            Some(Column::Attribute(attribute)) => {
                let name_of = |partner| self.partner_name(partner);
                rows.sort_by_cached_key(|row| attribute.text(row.number, &name_of));
                if sort.descending {
                    rows.reverse();
                }
            }
            None => {}
        }
    }
}
