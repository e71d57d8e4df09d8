//! One thing that is wrong with a catalogue document, said so that its author can put it right.
//!
//! A check of one field returns a [`Complaint`]; the stage that knows the entity turns it into a
//! [`Problem`] with its place. Problems are collected, never thrown at the first one.

use std::fmt;

/// One problem of a document: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, such as `line 12, ad 12 of program 7: landing_page`.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
    /// What is allowed, or what to do; may be empty.
    pub allowed: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        if self.allowed.is_empty() {
            return Ok(());
        }
        write!(f, "; {}", self.allowed)
    }
}

/// What is wrong with one value, by a check that does not know where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) problem: String,
    pub(super) allowed: String,
}

impl Complaint {
    pub(super) fn new(problem: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            allowed: allowed.into(),
        }
    }

    /// The same of a value inside, which `name` tells from others.
    pub(super) fn of(self, name: &str) -> Self {
        Self {
            problem: format!("{name} {}", self.problem),
            ..self
        }
    }
}

/// An entity that can say where it stands.
pub(super) trait Place {
    /// For instance `line 12, ad 12 of program 7`.
    fn place(&self) -> String;
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// Notes a problem of `field` of `entity`.
    pub(super) fn note(
        &mut self,
        entity: &dyn Place,
        field: &str,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.0.push(Problem {
            place: format!("{}: {field}", entity.place()),
            problem: problem.into(),
            allowed: allowed.into(),
        });
    }

    /// The value that passed its check, or `fallback` with the complaint noted, so that the
    /// checks that follow can go on.
    pub(super) fn or<T>(
        &mut self,
        entity: &dyn Place,
        field: &str,
        checked: Result<T, Complaint>,
        fallback: T,
    ) -> T {
        match checked {
            Ok(value) => value,
            Err(complaint) => {
                self.note(entity, field, complaint.problem, complaint.allowed);
                fallback
            }
        }
    }
}

/// `text` for a message: quoted, control characters escaped, cut at 60 characters.
pub(super) fn quoted(text: &str) -> String {
    let mut cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("`{}`", cut.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_place_problem_allowed() {
        let mut problem = Problem {
            place: "ad 1 of program 2: start".into(),
            problem: "`x` is no date".into(),
            allowed: "2026-01-31".into(),
        };
        assert_eq!(
            problem.to_string(),
            "ad 1 of program 2: start: `x` is no date; 2026-01-31"
        );
        problem.allowed.clear();
        assert_eq!(
            problem.to_string(),
            "ad 1 of program 2: start: `x` is no date"
        );
    }

    #[test]
    fn quoted_text_is_short_and_printable() {
        assert_eq!(quoted("a\0b"), r"`a\0b`");
        assert_eq!(quoted(&"é".repeat(61)), format!("`{}…`", "é".repeat(60)));
    }
}
