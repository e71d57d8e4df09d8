//! What only listings of clicks are asked for.

use crate::derived::Class;
use crate::model::click_id::{self, ClickId};
use crate::model::id::EventNumber;
use crate::model::tally::Facet;
use crate::registry::facet::FacetKind;
use crate::registry::filter::FilterKind;

use super::super::error::QueryError;
use super::super::parameters::{Parameters, shown};
use super::super::query::word;

/// Which clicks a listing shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Only those with these.
    pub facets: Vec<(FacetKind, Facet)>,
    /// Only this one.
    pub click: Option<EventNumber>,
    /// Only those that count as this, and no adjustments.
    pub class: Option<Class>,
}

/// Every class with its letter.
pub const CLASSES: &[(Class, &str)] = &[
    (Class::Unique, "U"),
    (Class::Duplicate, "D"),
    (Class::Robot, "R"),
    (Class::Prefetch, "P"),
    (Class::Head, "H"),
    (Class::Flagged, "F"),
];

impl Asked {
    /// What the parameters say, but for the facets.
    pub(in crate::report) fn read(sent: &Parameters, errors: &mut Vec<QueryError>) -> Self {
        Self {
            facets: Vec::new(),
            click: click(sent, errors),
            class: word(FilterKind::Class, CLASSES, sent, errors),
        }
    }
}

/// A click by its number, or by the click id of a landing page. Nothing is credited by it here, so
/// its tag does not matter.
fn click(sent: &Parameters, errors: &mut Vec<QueryError>) -> Option<EventNumber> {
    let text = sent.get(FilterKind::Click)?;
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok().map(EventNumber));
    let found = number.flatten().or_else(|| {
        let (body, _) = click_id::from_text(text.as_bytes())?;
        ClickId::from_body(&body).map(|id| id.number)
    });
    if found.is_none() {
        let message = format!(
            "is `{}`; a ClickId of an answer or the click id of a landing page is allowed",
            shown(text)
        );
        errors.push(QueryError::new("ClickId", message));
    }
    found
}
