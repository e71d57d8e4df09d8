//! An answer as JSON in the API's form, paging attributes as strings and then the records, or as
//! CSV.
//!
//! Counts are JSON numbers. Money and quotients are decimal strings, so that no reader's floating
//! point rounds them; a quotient that divides by 0 is `null`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::currency::Currency;
use crate::model::money::DecimalText;
use crate::model::time::Millis;
use crate::registry::Viewer;
use crate::registry::dimension::Names;
use crate::registry::measure::Unit;

use super::answer::{Answer, Row};
use super::column::{Column, Value};
use super::drill::Links;
use super::error::ReportError;
use super::page::{Page, link};
use super::query::{Format, Query};
use super::table::{Table, harmless};

/// A page of an answer as it is sent, and what CSV has no place for.
#[derive(Debug)]
pub struct Written {
    /// Its form.
    pub format: Format,
    /// Its text.
    pub body: Vec<u8>,
    /// Path and query of the page after it.
    pub next: Option<String>,
    /// How far the events go that it is made from.
    pub as_of: Option<String>,
    /// The currency of its money.
    pub currency: Option<Currency>,
}

/// An answer to be written as one page.
pub struct Rendered<'a> {
    /// The whole answer.
    pub answer: &'a Answer,
    /// The side of the account that reads it.
    pub viewer: Viewer,
    /// The query, which says which page.
    pub query: &'a Query,
    /// Path of the report's address, without a query.
    pub path: &'a str,
    /// What the catalogue calls things.
    pub names: &'a dyn Names,
}

impl Rendered<'_> {
    /// The answer in the form that the query names, or else in the one that is `asked` for.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn written(&self, asked: Format) -> Result<Written, ReportError> {
        let format = self.query.format.unwrap_or(asked);
        Ok(Written {
            format,
            body: match format {
                Format::Json => self.json()?,
                Format::Csv => self.csv()?,
            },
            next: self.next(),
            as_of: self.answer.as_of.map(|as_of| as_of.wall_end.to_string()),
            currency: self.query.currency,
        })
    }

    /// The JSON text.
    ///
    /// # Errors
    /// None in practice: every key is a string and every value can be written.
    pub fn json(&self) -> Result<Vec<u8>, ReportError> {
        let json = serde_json::to_vec(self);
        json.map_err(|error| ReportError::Unreadable(error.to_string()))
    }

    /// The rows of the page as CSV, the names of the columns first.
    ///
    /// # Errors
    /// None in practice: it is written to memory.
    pub fn csv(&self) -> Result<Vec<u8>, ReportError> {
        let columns = &self.answer.columns;
        let mut table = Table::of(columns.iter().map(|column| &*column.name))?;
        let page = Page::of(self.query, self.answer.rows.len());
        for row in self.answer.rows.get(page.rows).unwrap_or_default() {
            table.row(columns.iter().map(|column| self.entry(column, row).plain()))?;
        }
        table.end()
    }

    /// What a row has in a column, as it is written.
    fn entry(&self, column: &Column, row: &Row) -> Entry {
        match column.value(row, self.names) {
            Value::Text(text) => Entry::Text(text),
            Value::Figure(None, _) => Entry::None,
            Value::Figure(Some(value), unit) => self.figure(value, unit),
        }
    }

    fn figure(&self, value: i128, unit: Unit) -> Entry {
        match unit {
            Unit::Count => match i64::try_from(value) {
                Ok(count) => Entry::Count(count),
                Err(_) => Entry::Large(value),
            },
            Unit::Money => {
                let currency = self.query.currency;
                let decimals = currency.map_or(2, |currency| currency.decimals());
                Entry::Decimal(DecimalText::new(value, decimals))
            }
            Unit::Instant => {
                let at = Millis(i64::try_from(value).unwrap_or(i64::MAX));
                Entry::Text(at.to_string())
            }
            Unit::Quotient => Entry::Decimal(DecimalText::new(value, 6)),
        }
    }

    /// Path and query of the page after this one.
    fn next(&self) -> Option<String> {
        let page = Page::of(self.query, self.answer.rows.len());
        let slot = self.answer.as_of.map(|as_of| as_of.slot);
        let to = |number| link(self.path, self.answer.report, self.query, number, slot);
        page.next().map(to)
    }
}

/// What a row has in a column, as it is written.
enum Entry {
    /// There is no figure, since it divides by 0.
    None,
    Count(i64),
    /// A count that is too large for a JSON number.
    Large(i128),
    Decimal(DecimalText),
    /// Words, or a moment.
    Text(String),
}

impl Entry {
    /// As CSV has it.
    fn plain(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Count(count) => count.to_string(),
            Self::Large(count) => count.to_string(),
            Self::Decimal(decimal) => decimal.as_str().to_owned(),
            Self::Text(text) => harmless(text),
        }
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Count(count) => serializer.serialize_i64(*count),
            Self::Large(count) => serializer.collect_str(count),
            Self::Decimal(decimal) => serializer.serialize_str(decimal.as_str()),
            Self::Text(text) => serializer.serialize_str(text),
        }
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
        map.serialize_entry("@complete", &answer.is_complete)?;
        map.serialize_entry("@currency", &query.currency.map(|c| c.to_string()))?;
        let records = Records {
            of: self,
            rows: answer.rows.get(page.rows).unwrap_or_default(),
            links: Links::of(self),
        };
        map.serialize_entry("Records", &records)?;
        map.end()
    }
}

struct Records<'r, 'a> {
    of: &'r Rendered<'a>,
    rows: &'r [Row],
    links: Option<Links<'r, 'a>>,
}

impl Serialize for Records<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows {
            seq.serialize_element(&Record { of: self, row })?;
        }
        seq.end()
    }
}

struct Record<'p, 'r, 'a> {
    of: &'p Records<'r, 'a>,
    row: &'p Row,
}

impl Serialize for Record<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { of, row } = self;
        let mut map = serializer.serialize_map(None)?;
        for column in &of.of.answer.columns {
            map.serialize_entry(&column.name, &of.of.entry(column, row))?;
        }
        let links = of.links.iter();
        for (name, uri) in links.flat_map(|links| links.of_row(&row.key)) {
            map.serialize_entry(name, &uri)?;
        }
        map.end()
    }
}
