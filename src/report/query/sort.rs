//! What rows are sorted by: one of the columns that the answer has.

use super::super::column::{Column, columns};
use super::super::error::QueryError;
use super::super::parameters::{Parameters, shown};
use super::parse::word;
use crate::registry::Report;
use crate::registry::filter::FilterKind;
use crate::registry::report::Source;
use crate::registry::show::{self, Show};

/// How the rows are ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Name of the column.
    pub column: Box<str>,
    /// Largest first.
    pub descending: bool,
}

impl Sort {
    /// The column that it names among those of an answer, and whether the largest comes first.
    ///
    /// # Errors
    /// There is none of that name.
    pub(in crate::report) fn among<'a>(
        &self,
        columns: &'a [Column],
    ) -> Result<(&'a Column, bool), QueryError> {
        let found = named(&self.column, columns).map(|column| (column, self.descending));
        found.ok_or_else(|| unknown(&self.column, columns))
    }
}

/// Whether the largest comes first, with the word that asks for it.
const DIRECTIONS: &[(bool, &str)] = &[(false, "ASC"), (true, "DESC")];

/// The order that a query asks for, of a report with what is added to its own columns: those shown
/// on request, and whether figures are compared. Nothing when that is not known.
pub(super) fn asked(
    report: &Report,
    added: Option<(&[Show], bool)>,
    sent: &Parameters,
    errors: &mut Vec<QueryError>,
) -> Option<Sort> {
    // Of a listing, both parameters are told to be inapplicable.
    if matches!(report.source, Source::Clicks(_)) {
        return None;
    }
    let by = sent.get(FilterKind::SortBy);
    let (name, minus) = match by.and_then(|by| by.strip_prefix('-')) {
        Some(name) => (Some(name), true),
        None => (by, false),
    };
    let direction = word(FilterKind::SortDir, DIRECTIONS, sent, errors);
    if minus && direction == Some(false) {
        let message = "is ASC while SortBy asks for descending with `-`; send one of them";
        errors.push(QueryError::new("SortDir", message));
    }
    let (show, is_compared) = added?;
    // Which event types there are is known with the answer.
    let of_types = show.contains(&Show::EventTypes);
    let any = of_types.then_some("{name}");
    let columns = columns(report, show, is_compared, any.into_iter());
    let column = match name {
        None => columns.first().map(|first| &*first.name),
        Some(name) if of_types && is_of_event_type(name) => Some(name),
        Some(name) => named(name, &columns).map(|column| &*column.name),
    };
    if column.is_none() {
        errors.push(unknown(by.unwrap_or_default(), &columns));
    }
    if by.is_none() && direction.is_none() {
        return None;
    }
    column.map(|column| Sort {
        column: column.into(),
        descending: minus || direction == Some(true),
    })
}

/// The column of this name, or else the first that differs in the case of letters alone.
fn named<'a>(name: &str, columns: &'a [Column]) -> Option<&'a Column> {
    let exactly = columns.iter().find(|column| column.name == name);
    exactly.or_else(|| {
        let mut all = columns.iter();
        all.find(|column| column.name.eq_ignore_ascii_case(name))
    })
}

/// Whether it may name a column of an event type.
fn is_of_event_type(name: &str) -> bool {
    show::of_event_type("").iter().any(|start| {
        let own = name.get(..start.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(start))
    })
}

fn unknown(by: &str, columns: &[Column]) -> QueryError {
    let all: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let message = format!("is `{}`; one of {} is allowed", shown(by), all.join(", "));
    QueryError::new("SortBy", message)
}
