//! The parameters of a query string, each matched to its row of the registry.

use percent_encoding::percent_decode_str;

use super::error::QueryError;
use crate::registry::filter::{FILTERS, Filter, FilterKind};

/// Characters of a value or name that an error repeats.
const SHOWN_MAX: usize = 40;

/// The values sent, each parameter at most once.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(FilterKind, String)>);

impl Parameters {
    /// Reads `query`, the part of the target after `?`.
    #[must_use]
    pub fn read(query: &str, errors: &mut Vec<QueryError>) -> Self {
        let mut read = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                errors.push(QueryError::new(
                    shown(name),
                    "is not UTF-8 after percent-decoding",
                ));
                continue;
            };
            match Filter::named(&name) {
                None => errors.push(QueryError::new(shown(&name), unknown(&name))),
                Some(filter) if read.get(filter.kind).is_some() => errors.push(QueryError::new(
                    filter.name,
                    "is given more than once; send it once",
                )),
                Some(filter) => read.0.push((filter.kind, value)),
            }
        }
        read
    }

    /// The value sent for a parameter.
    #[must_use]
    pub fn get(&self, kind: FilterKind) -> Option<&str> {
        let found = self.0.iter().find(|(sent, _)| *sent == kind);
        found.map(|(_, value)| value.as_str())
    }
}

/// The start of a text, for an error to repeat.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// The text of a name or value without percent-encoding; nothing when it is not UTF-8.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn unknown(name: &str) -> String {
    let names = || FILTERS.iter().map(|filter| filter.name);
    let nearest = names()
        .map(|known| (distance(&shown(name), known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().div_ceil(2));
    if let Some((_, known)) = nearest {
        return format!("is no parameter of a report; did you mean {known}?");
    }
    let all: Vec<&str> = names().collect();
    format!("is no parameter of a report; known are {}", all.join(", "))
}

/// Edits between two names without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_ascii_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_ascii_lowercase().chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let above = *cell;
            let changed = corner + usize::from(from != *to);
            left = changed.min(above + 1).min(left + 1);
            corner = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "ABC", 0),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_by_alias() {
        let mut errors = Vec::new();
        let read = Parameters::read("subaid=1&START_DATE=2026-01-01&Page=&&", &mut errors);
        assert_eq!(errors, []);
        assert_eq!(read.get(FilterKind::Program), Some("1"));
        assert_eq!(read.get(FilterKind::Start), Some("2026-01-01"));
        assert_eq!(read.get(FilterKind::Page), Some(""));
        assert_eq!(read.get(FilterKind::End), None);
    }

    #[test]
    fn unknown_and_repeated_names_are_told() {
        let mut errors = Vec::new();
        let long = "x".repeat(3_000);
        let query = format!("Pagesze=1&StartDate=a&START_DATE=b&*=1&%ff=1&{long}=1");
        let read = Parameters::read(&query, &mut errors);
        assert_eq!(read.get(FilterKind::Start), Some("a"));
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 5, "{said:?}");
        assert!(said[0].ends_with("did you mean PageSize?"), "{said:?}");
        assert!(said[1].starts_with("StartDate: is given more than once"));
        assert!(said[2].contains("known are SUBAID, MediaId"));
        assert!(said[3].contains("not UTF-8"));
        assert!(said[4].contains(&"x".repeat(SHOWN_MAX)), "{said:?}");
        assert!(!said[4].contains(&"x".repeat(SHOWN_MAX + 1)), "{said:?}");
    }
}
