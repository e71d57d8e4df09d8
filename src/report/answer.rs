//! Rows of a report: cells read, merged by the report's dimension, figured and sorted.

use std::cmp::Ordering;

use ahash::AHashMap;

use crate::catalog::Catalog;
use crate::catalog::snapshot::{Brand, Program};
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::tally::Tally;
use crate::model::time::Millis;
use crate::registry::Report;
use crate::registry::dimension::{Names, RowKey};
use crate::registry::report::{self, Column};

use super::error::ReportError;
use super::query::{self, Query, Sort};
use super::source::{Source, Wanted};
use crate::derived::Watermark;

/// One row of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it stands for.
    pub key: RowKey,
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
    /// It is no report of sums, or they can't be read.
    pub fn answer(&self, report: &'static Report, query: &Query) -> Result<Answer, ReportError> {
        let report::Source::Cells(figures) = report.source else {
            return Err(ReportError::NotFound);
        };
        let mut sums: AHashMap<RowKey, Tally> = AHashMap::new();
        let wanted = Wanted {
            cube: figures.cube,
            programs: &query.programs,
            days: query.start..=query.end,
            partner: query.partner,
        };
        let as_of = self
            .source
            .read(&wanted, &mut |cell| {
                let key = figures.dimension.row(cell.day, cell.partner, &cell.facet);
                sums.entry(key).or_default().merge(&cell.tally);
            })
            .map_err(|error| ReportError::Unreadable(error.to_string()))?;
        let mut rows: Vec<Row> = sums
            .into_iter()
            .filter(|(_, tally)| figures.shows(tally))
            .map(|(key, tally)| Row { key, tally })
            .collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        if let Some(sort) = query.sort {
            self.sort(report, query, sort, &mut rows);
        }
        Ok(Answer {
            report,
            as_of,
            rows,
        })
    }

    /// Names for the rows of a query.
    #[must_use]
    pub fn names(&self, query: &Query) -> CatalogNames<'a> {
        CatalogNames {
            catalog: self.catalog,
            programs: query.programs.clone(),
        }
    }

    /// Sorts rows that are in order of their keys; figures that do not exist come last.
    fn sort(&self, report: &Report, query: &Query, sort: Sort, rows: &mut [Row]) {
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
            Some(Column::Attribute(attribute)) if attribute.is_number() => {
                let value = |row: &Row| attribute.number(&row.key);
                rows.sort_by(|a, b| directed(value(a).cmp(&value(b))));
            }
            Some(Column::Attribute(attribute)) => {
                let names = self.names(query);
                rows.sort_by_cached_key(|row| attribute.text(&row.key, &names));
                if sort.descending {
                    rows.reverse();
                }
            }
            Some(Column::Field(_)) | None => {}
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
}

impl Names for CatalogNames<'_> {
    fn partner(&self, id: PartnerId) -> Option<&str> {
        self.catalog.partner(id).map(|partner| &*partner.name)
    }

    fn ad(&self, id: AdId) -> Option<&str> {
        let ad = self.programs().find_map(|program| program.ads.get(&id));
        ad.map(|ad| &*ad.name)
    }

    fn event_type(&self, id: EventTypeId) -> Option<&str> {
        let named = self
            .programs()
            .find_map(|program| program.event_types.get(&id));
        named.map(|event_type| &*event_type.name)
    }
}
