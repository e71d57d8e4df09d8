//! Rows as CSV (RFC 4180): the names of the columns, then a line for each row.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::ReportError;

/// Lines in the making.
pub(super) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    /// A table that begins with the names of its columns.
    pub(super) fn of<T: AsRef<[u8]>>(
        names: impl IntoIterator<Item = T>,
    ) -> Result<Self, ReportError> {
        let mut table = Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(Vec::new()),
        );
        table.row(names)?;
        Ok(table)
    }

    /// Adds a line.
    pub(super) fn row<T: AsRef<[u8]>>(
        &mut self,
        cells: impl IntoIterator<Item = T>,
    ) -> Result<(), ReportError> {
        let written = self.0.write_record(cells);
        written.map_err(|error| ReportError::Unreadable(error.to_string()))
    }

    /// The whole text.
    pub(super) fn end(self) -> Result<Vec<u8>, ReportError> {
        let written = self.0.into_inner();
        written.map_err(|error| ReportError::Unreadable(error.to_string()))
    }
}

/// A text that no spreadsheet takes for a formula: one that would begin like one is quoted, as
/// OWASP advises against CSV injection.
pub(super) fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text
}

/// The names and values of a JSON object in its order; numbers keep every digit they have.
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads the text of an object.
    pub(super) fn read(json: &RawValue) -> Result<Self, ReportError> {
        let read = serde_json::from_str(json.get());
        read.map_err(|error| ReportError::Unreadable(error.to_string()))
    }

    /// Its names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Its values: texts made harmless, everything else as it is written.
    pub(super) fn cells(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(_, value)| {
            let text: Result<String, _> = serde_json::from_str(value.get());
            text.map_or_else(|_| value.get().to_owned(), harmless)
        })
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ordered;

        impl<'de> Visitor<'de> for Ordered {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }

        deserializer.deserialize_map(Ordered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_begin_like_formulas_are_quoted_and_numbers_stay_exact() {
        let json = r#"{"B":"=1+1","A":-9223372036854.775807,"C":"a\"b,c","D":"@x","E":"","F":"-"}"#;
        let object = Object::read(&RawValue::from_string(json.to_owned()).unwrap()).unwrap();
        let mut table = Table::of(object.names()).unwrap();
        table.row(object.cells()).unwrap();
        assert_eq!(
            String::from_utf8(table.end().unwrap()).unwrap(),
            "B,A,C,D,E,F\r\n'=1+1,-9223372036854.775807,\"a\"\"b,c\",'@x,,'-\r\n"
        );
        for formula in ["+1", "\tx", "\rx"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        assert_eq!(harmless("a=1".to_owned()), "a=1");
    }
}
