//! A page of objects as JSON, paging attributes as strings and then the objects, or as CSV.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::super::error::ReportError;
use super::super::page::Page;
use super::super::query::Format;
use super::super::render::Written;
use super::super::table::{Object, Table};
use super::query::Query;

/// Begins an answer: everything up to the objects.
pub(super) struct Head(Map<String, Value>);

impl Head {
    /// Of one page of the `total` objects that `query` selects.
    pub(super) fn of(query: &Query, path: &str, page: &Page, total: usize) -> Self {
        let to = |number: u32| query.link(path, number);
        Self::with(page.attributes(query.page_size, total, to))
    }

    /// Of a list that is always whole.
    pub(super) fn whole(path: &str, total: usize) -> Self {
        let (own, none) = (|| path.to_owned(), String::new);
        Self::with([
            ("@page", "1".to_owned()),
            ("@numpages", "1".to_owned()),
            ("@pagesize", total.to_string()),
            ("@total", total.to_string()),
            ("@start", "0".to_owned()),
            ("@end", total.saturating_sub(1).to_string()),
            ("@uri", own()),
            ("@firstpageuri", own()),
            ("@previouspageuri", none()),
            ("@nextpageuri", none()),
            ("@lastpageuri", own()),
        ])
    }

    fn with(attributes: [(&str, String); 11]) -> Self {
        let attributes = attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()));
        Self(attributes.collect())
    }

    /// Adds what the answer says about its moment.
    pub(super) fn at_moment(mut self, at: Option<String>) -> Self {
        self.0.insert("@asof".to_owned(), at.into());
        self
    }

    /// The objects of a page in one of the forms, and what is said beside CSV; `none` has their
    /// fields.
    pub(super) fn written<T: Serialize>(
        self,
        (name, format): (&str, Format),
        none: &T,
        objects: impl Iterator<Item = Result<Box<RawValue>, ReportError>>,
    ) -> Result<Written, ReportError> {
        let said = |attribute: &str| {
            let text = self.0.get(attribute).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(ToOwned::to_owned)
        };
        Ok(Written {
            format,
            next: said("@nextpageuri"),
            as_of: said("@asof"),
            // Each row says its own.
            currency: None,
            body: match format {
                Format::Json => self.list(name, objects)?,
                Format::Csv => table(none, objects)?,
            },
        })
    }

    /// The whole answer. Objects are made one after the other, so that only their text is held.
    pub(super) fn list<T: Serialize>(
        self,
        name: &str,
        objects: impl Iterator<Item = Result<T, ReportError>>,
    ) -> Result<Vec<u8>, ReportError> {
        let mut out = json(&self.0)?;
        out.pop();
        out.extend_from_slice(format!(",\"{name}\":[").as_bytes());
        let mut is_first = true;
        for object in objects {
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            serde_json::to_writer(&mut out, &object?).map_err(|error| unwritten(&error))?;
        }
        out.extend_from_slice(b"]}");
        Ok(out)
    }
}

/// The objects as CSV, with the columns of `none`.
fn table<T: Serialize>(
    none: &T,
    objects: impl Iterator<Item = Result<Box<RawValue>, ReportError>>,
) -> Result<Vec<u8>, ReportError> {
    let none = to_raw_value(none).map_err(|error| unwritten(&error))?;
    let mut table = Table::of(Object::read(&none)?.names())?;
    for object in objects {
        table.row(Object::read(&object?)?.cells())?;
    }
    table.end()
}

/// One object as JSON.
pub(super) fn json<T: Serialize>(object: &T) -> Result<Vec<u8>, ReportError> {
    serde_json::to_vec(object).map_err(|error| unwritten(&error))
}

/// What can't be written as JSON.
pub(super) fn unwritten(error: &serde_json::Error) -> ReportError {
    ReportError::Unreadable(error.to_string())
}
