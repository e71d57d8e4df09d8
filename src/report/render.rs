//! An answer as JSON in the API's form: paging attributes as strings, then the records.
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
                    let text = attribute.text(&self.row.key, self.of.names);
                    map.serialize_entry(attribute.name, &text)?;
                }
                Column::Measure(measure) => {
                    map.serialize_entry(measure.name, &self.figure(measure))?;
                }
                // A report of sums has none.
                Column::Field(_) => {}
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
