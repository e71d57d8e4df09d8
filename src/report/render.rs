//! An answer as JSON in the API's form, paging attributes as strings and then the records, or as
//! CSV.
//!
//! Counts are JSON numbers. Money and quotients are decimal strings, so that no reader's floating
//! point rounds them; a quotient that divides by 0 is `null`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::currency::Currency;
use crate::model::money::DecimalText;
use crate::model::tally::Tally;
use crate::model::time::Millis;
use crate::registry::Viewer;
use crate::registry::dimension::Names;
use crate::registry::measure::{ACTION_COST, ACTIONS, Measure, Unit};
use crate::registry::report::Column;
use crate::registry::show;

use super::answer::{Answer, Row};
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
        let report = self.answer.report;
        let compared = report
            .measures()
            .iter()
            .filter(|_| self.query.compare.is_some());
        let columns = || self.query.columns(report);
        let names = columns().map(|column| column.name().to_owned());
        let names = names.chain(self.type_names().into_iter().flatten());
        let mut table = Table::of(names.chain(compared.flat_map(compared_names)))?;
        let page = Page::of(self.query, self.answer.rows.len());
        for row in self.answer.rows.get(page.rows).unwrap_or_default() {
            let record = Record { of: self, row };
            let own = columns().map(|column| match column {
                Column::Attribute(attribute) => {
                    harmless(attribute.text(&row.key, &row.details, self.names))
                }
                Column::Measure(measure) => record.figure(measure, &row.tally).plain(),
                // A report of sums has none.
                Column::Field(_) => String::new(),
            });
            let compared = record.compared().map(|(_, figure)| figure.plain());
            let of_types = row
                .of_event_types
                .iter()
                .flat_map(|t| record.of_type(t))
                .map(|figure| figure.plain());
            table.row(own.chain(of_types).chain(compared))?;
        }
        table.end()
    }

    /// The columns of each event type that rows show one by one.
    fn type_names(&self) -> Vec<[String; 2]> {
        let types = self.answer.event_types.iter();
        types.map(|(_, name)| show::of_event_type(name)).collect()
    }

    /// Path and query of the page after this one.
    fn next(&self) -> Option<String> {
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

/// A figure as it is written.
enum Figure {
    /// There is none, since it divides by 0.
    None,
    Count(i64),
    Decimal(DecimalText),
    /// A number that is too large for JSON, or a moment.
    Text(String),
}

impl Figure {
    /// As CSV has it.
    fn plain(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Count(count) => count.to_string(),
            Self::Decimal(decimal) => decimal.as_str().to_owned(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Count(count) => serializer.serialize_i64(*count),
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
            type_names: self.type_names(),
            links: Links::of(self),
        };
        map.serialize_entry("Records", &records)?;
        map.end()
    }
}

struct Records<'r, 'a> {
    of: &'r Rendered<'a>,
    rows: &'r [Row],
    /// The columns of each event type that rows show one by one.
    type_names: Vec<[String; 2]>,
    links: Option<Links<'r, 'a>>,
}

impl Serialize for Records<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.rows.len()))?;
        for row in self.rows {
            let record = Record { of: self.of, row };
            seq.serialize_element(&Linked { record, page: self })?;
        }
        seq.end()
    }
}

struct Record<'r, 'a> {
    of: &'r Rendered<'a>,
    row: &'r Row,
}

/// A row, and what is the same for all of them.
struct Linked<'n, 'r, 'a> {
    record: Record<'r, 'a>,
    page: &'n Records<'r, 'a>,
}

impl Serialize for Linked<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { record, page } = self;
        let (of, row) = (record.of, record.row);
        let mut map = serializer.serialize_map(None)?;
        for column in of.query.columns(of.answer.report) {
            match column {
                Column::Attribute(attribute) => {
                    let text = attribute.text(&row.key, &row.details, of.names);
                    map.serialize_entry(attribute.name, &text)?;
                }
                Column::Measure(measure) => {
                    let figure = record.figure(measure, &row.tally);
                    map.serialize_entry(measure.name, &figure)?;
                }
                // A report of sums has none.
                Column::Field(_) => {}
            }
        }
        for (names, tally) in page.type_names.iter().zip(&row.of_event_types) {
            for (name, value) in names.iter().zip(record.of_type(tally)) {
                map.serialize_entry(name, &value)?;
            }
        }
        for (name, value) in record.compared() {
            map.serialize_entry(&name, &value)?;
        }
        let links = page.links.iter();
        for (name, uri) in links.flat_map(|links| links.of_row(&row.key)) {
            map.serialize_entry(name, &uri)?;
        }
        map.end()
    }
}

impl Record<'_, '_> {
    /// Actions and cost of one event type.
    fn of_type(&self, tally: &Tally) -> [Figure; 2] {
        [&ACTIONS, &ACTION_COST].map(|measure| self.figure(measure, tally))
    }

    /// For each figure what it was in the earlier days, and the change as a part of that.
    fn compared(&self) -> impl Iterator<Item = (String, Figure)> {
        let before = self.row.before.iter();
        before.flat_map(move |before| {
            self.of.answer.report.measures().iter().flat_map(move |m| {
                let change = m.change(before, &self.row.tally);
                let change = change.map(|change| Figure::Decimal(DecimalText::new(change, 6)));
                let [previous, changed] = compared_names(m);
                [
                    (previous, self.figure(m, before)),
                    (changed, change.unwrap_or(Figure::None)),
                ]
            })
        })
    }

    fn figure(&self, measure: &Measure, tally: &Tally) -> Figure {
        let Some(value) = measure.value(tally) else {
            return Figure::None;
        };
        match measure.unit() {
            Unit::Count => match i64::try_from(value) {
                Ok(count) => Figure::Count(count),
                Err(_) => Figure::Text(value.to_string()),
            },
            Unit::Money => {
                let currency = self.of.query.currency;
                let decimals = currency.map_or(2, |currency| currency.decimals());
                Figure::Decimal(DecimalText::new(value, decimals))
            }
            Unit::Instant => {
                let at = Millis(i64::try_from(value).unwrap_or(i64::MAX));
                Figure::Text(at.to_string())
            }
            Unit::Quotient => Figure::Decimal(DecimalText::new(value, 6)),
        }
    }
}
