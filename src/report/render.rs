//! An answer as JSON in the API's form, paging attributes as strings and then the records, or as
//! CSV.
//!
//! Counts are JSON numbers. Money and quotients are decimal strings, so that no reader's floating
//! point rounds them; a quotient that divides by 0 is `null`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::money::decimal_text;
use crate::model::tally::{Facet, Tally};
use crate::model::time::Millis;
use crate::registry::dimension::{Names, RowKey, day_text};
use crate::registry::facet::FacetKind;
use crate::registry::measure::{GROSS_ACTIONS, Measure, Unit};
use crate::registry::report::{Column, Source};

use super::answer::{Answer, Row};
use super::listing::LISTED_DAYS_MAX;
use super::page::{Page, link};
use super::query::Query;

/// An answer to be written as one page of JSON.
pub struct Rendered<'a> {
    /// The whole answer.
    pub answer: &'a Answer,
    /// The query, which says which page.
    pub query: &'a Query,
    /// Path of the report's address, without a query.
    pub path: &'a str,
    /// What the catalogue calls things.
    pub names: &'a dyn Names,
}

impl Rendered<'_> {
    /// The JSON text.
    ///
    /// # Errors
    /// None in practice: every key is a string and every value can be written.
    pub fn json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// The rows of the page as CSV (RFC 4180), the names of the columns first.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let report = self.answer.report;
        let compared = report
            .measures()
            .iter()
            .filter(|_| self.query.compare.is_some());
        let names = report.columns().map(|column| column.name().to_owned());
        let more = compared.flat_map(compared_names);
        out.write_record(names.chain(more))?;
        let page = Page::of(self.query, self.answer.rows.len());
        for row in self.answer.rows.get(page.rows).unwrap_or_default() {
            let record = Record { of: self, row };
            let own = report.columns().map(|column| match column {
                Column::Attribute(attribute) => {
                    harmless(attribute.text(&row.key, &row.details, self.names))
                }
                Column::Measure(measure) => plain(record.figure(measure, &row.tally)),
                // A report of sums has none.
                Column::Field(_) => String::new(),
            });
            let compared = record.compared().map(|(_, value)| plain(value));
            out.write_record(own.chain(compared))?;
        }
        let written = out.into_inner();
        written.map_err(|error| csv::Error::from(error.into_error()))
    }

    /// Path and query of the page after this one.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let page = Page::of(self.query, self.answer.rows.len());
        let slot = self.answer.as_of.map(|as_of| as_of.slot);
        let to = |number| link(self.path, self.answer.report, self.query, number, slot);
        page.next().map(to)
    }
}

/// The names of the columns that compare a figure.
fn compared_names(measure: &Measure) -> [String; 2] {
    [
        format!("{}Previous", measure.name),
        format!("{}Change", measure.name),
    ]
}

/// A figure as CSV has it.
fn plain(figure: serde_json::Value) -> String {
    match figure {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        number => number.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula: one that would begin like one is quoted, as
/// OWASP advises against CSV injection.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text
}

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (answer, query) = (self.answer, self.query);
        let page = Page::of(query, answer.rows.len());
        let slot = answer.as_of.map(|as_of| as_of.slot);
        let to = |number: u32| link(self.path, answer.report, query, number, slot);
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in page.attributes(query.page_size, answer.rows.len(), to) {
            map.serialize_entry(name, &value)?;
        }
        let as_of = answer.as_of.map(|as_of| as_of.wall_end.to_string());
        map.serialize_entry("@asof", &as_of)?;
        map.serialize_entry("@asofslot", &slot.map(|slot| slot.to_string()))?;
        map.serialize_entry("@currency", &query.currency.map(|c| c.to_string()))?;
        let rows = answer.rows.get(page.rows).unwrap_or_default();
        map.serialize_entry("Records", &Records { of: self, rows })?;
        map.end()
    }
}

/// The list of the actions that a row counts, reversed ones included: of one program, at most as
/// many days as such a list takes, and told apart by no more than it can tell apart.
fn actions_uri(of: &Rendered<'_>, row: &RowKey) -> Option<String> {
    let (report, query) = (of.answer.report, of.query);
    let program = match (row.program, query.programs.as_slice()) {
        (Some(program), _) => program,
        (None, [program]) => *program,
        (None, _) => return None,
    };
    let Source::Cells(figures) = report.source else {
        return None;
    };
    if !figures
        .measures
        .iter()
        .any(|m| m.name == GROSS_ACTIONS.name)
    {
        return None;
    }
    let kept_apart = match (figures.dimension.facet, &row.facet) {
        (FacetKind::None, _) => String::new(),
        (FacetKind::Ad, Facet::Number(ad)) => format!("&AdId={ad}"),
        (FacetKind::EventType, Facet::Number(id)) => format!("&ActionTrackerId={id}"),
        _ => return None,
    };
    let partner = row.partner.or(query.partner);
    let partner = partner.map_or_else(String::new, |id| format!("&MediaPartnerId={id}"));
    let (start, end) = match (figures.dimension.bucket, row.bucket) {
        (Some(bucket), Some(first)) => {
            let last = bucket.last(first);
            (first.max(query.start), last.min(query.end))
        }
        _ => (query.start, query.end),
    };
    if end.0.saturating_sub(start.0) >= LISTED_DAYS_MAX {
        return None;
    }
    let base = of
        .path
        .strip_suffix(report.handle)?
        .strip_suffix("/Reports/")?;
    let (start, end) = (day_text(start), day_text(end));
    Some(format!(
        "{base}/Actions?CampaignId={program}{partner}{kept_apart}&ActionDateStart={start}\
         &ActionDateEnd={end}"
    ))
}

struct Records<'r, 'a> {
    of: &'r Rendered<'a>,
    rows: &'r [Row],
}

impl Serialize for Records<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows {
            seq.serialize_element(&Record { of: self.of, row })?;
        }
        seq.end()
    }
}

struct Record<'r, 'a> {
    of: &'r Rendered<'a>,
    row: &'r Row,
}

impl Serialize for Record<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for column in self.of.answer.report.columns() {
            match column {
                Column::Attribute(attribute) => {
                    let text = attribute.text(&self.row.key, &self.row.details, self.of.names);
                    map.serialize_entry(attribute.name, &text)?;
                }
                Column::Measure(measure) => {
                    let figure = self.figure(measure, &self.row.tally);
                    map.serialize_entry(measure.name, &figure)?;
                }
                // A report of sums has none.
                Column::Field(_) => {}
            }
        }
        for (name, value) in self.compared() {
            map.serialize_entry(&name, &value)?;
        }
        if let Some(uri) = actions_uri(self.of, &self.row.key) {
            map.serialize_entry("ActionsUri", &uri)?;
        }
        map.end()
    }
}

impl Record<'_, '_> {
    /// For each figure what it was in the earlier days, and the change as a part of that.
    fn compared(&self) -> impl Iterator<Item = (String, serde_json::Value)> {
        let before = self.row.before.iter();
        before.flat_map(move |before| {
            self.of.answer.report.measures().iter().flat_map(move |m| {
                let change = m.change(before, &self.row.tally);
                let change = change.map(|change| decimal_text(change, 6).into());
                let [previous, changed] = compared_names(m);
                [
                    (previous, self.figure(m, before)),
                    (changed, change.unwrap_or(serde_json::Value::Null)),
                ]
            })
        })
    }

    fn figure(&self, measure: &Measure, tally: &Tally) -> serde_json::Value {
        let Some(value) = measure.value(tally) else {
            return serde_json::Value::Null;
        };
        match measure.unit() {
            Unit::Count => {
                i64::try_from(value).map_or_else(|_| value.to_string().into(), Into::into)
            }
            Unit::Money => {
                let currency = self.of.query.currency;
                decimal_text(value, currency.map_or(2, |currency| currency.decimals())).into()
            }
            Unit::Instant => {
                let at = Millis(i64::try_from(value).unwrap_or(i64::MAX));
                at.to_string().into()
            }
            Unit::Quotient => decimal_text(value, 6).into(),
        }
    }
}
