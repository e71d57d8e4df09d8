//! An answer as JSON in the API's form, paging attributes as strings and then the records, or as
//! CSV.
//!
//! Counts are JSON numbers. Money and quotients are decimal strings, so that no reader's floating
//! point rounds them; a quotient that divides by 0 is `null`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::money::decimal_text;
use crate::model::time::Millis;
use crate::registry::dimension::Names;
use crate::registry::measure::{Measure, Unit};
use crate::registry::report::Column;

use super::answer::{Answer, Row};
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
        let columns = || self.answer.report.columns();
        out.write_record(columns().map(|column| column.name()))?;
        let page = Page::of(self.query, self.answer.rows.len());
        for row in self.answer.rows.get(page.rows).unwrap_or_default() {
            let record = Record { of: self, row };
            out.write_record(columns().map(|column| match column {
                Column::Attribute(attribute) => {
                    harmless(attribute.text(&row.key, &row.details, self.names))
                }
                Column::Measure(measure) => match record.figure(measure) {
                    serde_json::Value::Null => String::new(),
                    serde_json::Value::String(text) => text,
                    number => number.to_string(),
                },
            }))?;
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
                    map.serialize_entry(measure.name, &self.figure(measure))?;
                }
            }
        }
        map.end()
    }
}

impl Record<'_, '_> {
    fn figure(&self, measure: &Measure) -> serde_json::Value {
        let Some(value) = measure.value(&self.row.tally) else {
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
