//! The columns of an answer, and what a row has in each.
//!
//! One list says which there are, in their order: those of the registry, those that are shown on
//! request, two for each event type, two for each figure that is compared. JSON, CSV and the order
//! of rows all come of it, so rows can be sorted by whatever they show. Pure.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};

use crate::registry::Report;
use crate::registry::dimension::{Attribute, Names};
use crate::registry::measure::{ACTION_COST, ACTIONS, Measure, Unit};
use crate::registry::report;
use crate::registry::show::{self, Show};

use super::answer::Row;

/// A column of an answer.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub(super) name: Cow<'static, str>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Names something of the row.
    Attribute(&'static Attribute),
    Figure(Of, &'static Measure),
}

/// What a figure is made of.
#[derive(Clone, Copy, Debug)]
enum Of {
    /// All that the row counts.
    Row,
    /// One event type, by its place among those of the answer.
    EventType(usize),
    /// What the row counted in the earlier days.
    Before,
    /// What it has changed by since, as a part of that.
    Change,
}

/// What a row has in a column.
pub(super) enum Value {
    /// Words, or a number that names something.
    Text(String),
    /// A figure in the smallest unit; none where it divides by 0.
    Figure(Option<i128>, Unit),
}

/// The columns of an answer of sums in their order, where event types of these names are shown one
/// by one, and figures are compared or not.
pub(super) fn columns<'a>(
    report: &Report,
    show: &[Show],
    is_compared: bool,
    event_types: impl Iterator<Item = &'a str>,
) -> Vec<Column> {
    let own = report.columns().filter_map(|own| {
        let kind = match own {
            report::Column::Attribute(attribute) => Kind::Attribute(attribute),
            report::Column::Measure(measure) => Kind::Figure(Of::Row, measure),
            // Only listings have those.
            report::Column::Field(_) => return None,
        };
        Some(Column::of(own.name(), kind))
    });
    let shown = show.iter().flat_map(|show| show.attributes());
    let shown = shown.map(|shown| Column::of(shown.name, Kind::Attribute(shown)));
    let of_types = event_types.enumerate().flat_map(|(nth, name)| {
        let [actions, cost] = show::of_event_type(name);
        [
            Column::of(actions, Kind::Figure(Of::EventType(nth), &ACTIONS)),
            Column::of(cost, Kind::Figure(Of::EventType(nth), &ACTION_COST)),
        ]
    });
    let compared = report.measures().iter().filter(move |_| is_compared);
    let compared = compared.flat_map(|measure| {
        let [before, change] = show::compared(measure.name);
        [
            Column::of(before, Kind::Figure(Of::Before, measure)),
            Column::of(change, Kind::Figure(Of::Change, measure)),
        ]
    });
    own.chain(shown).chain(of_types).chain(compared).collect()
}

impl Column {
    fn of(name: impl Into<Cow<'static, str>>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }

    /// What `row` has in it.
    pub(super) fn value(&self, row: &Row, names: &dyn Names) -> Value {
        match self.kind {
            Kind::Attribute(attribute) => {
                Value::Text(attribute.text(&row.key, &row.details, names))
            }
            Kind::Figure(Of::Change, measure) => {
                Value::Figure(Of::Change.figure(measure, row), Unit::Quotient)
            }
            Kind::Figure(of, measure) => Value::Figure(of.figure(measure, row), measure.unit()),
        }
    }

    /// Puts rows in order of what they have in it: numbers by their size, texts by their letters;
    /// a figure that does not exist comes last either way, and rows that have the same stay in the
    /// order that they are in.
    pub(super) fn sort(&self, rows: &mut [Row], descending: bool, names: &dyn Names) {
        let directed = |ordering: Ordering| {
            if descending {
                ordering.reverse()
            } else {
                ordering
            }
        };
        match self.kind {
            Kind::Attribute(attribute) if attribute.is_number() => {
                let value = |row: &Row| attribute.number(&row.key);
                rows.sort_by(|a, b| directed(value(a).cmp(&value(b))));
            }
            Kind::Attribute(attribute) => {
                let text = |row: &Row| attribute.text(&row.key, &row.details, names);
                if descending {
                    rows.sort_by_cached_key(|row| Reverse(text(row)));
                } else {
                    rows.sort_by_cached_key(text);
                }
            }
            Kind::Figure(of, measure) => {
                let value = |row: &Row| of.figure(measure, row);
                rows.sort_by(|a, b| match (value(a), value(b)) {
                    (Some(a), Some(b)) => directed(a.cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                });
            }
        }
    }
}

impl Of {
    fn figure(self, measure: &Measure, row: &Row) -> Option<i128> {
        match self {
            Self::Row => measure.value(&row.tally),
            Self::EventType(nth) => measure.value(row.of_event_types.get(nth)?),
            Self::Before => measure.value(row.before.as_ref()?),
            Self::Change => measure.change(row.before.as_ref()?, &row.tally),
        }
    }
}
