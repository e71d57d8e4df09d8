//! Expressions, each compiled once however often a document names it.

use ahash::AHashMap;

use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::Pattern;

/// The most expressions of one catalogue; each may take 256 KiB.
const PATTERNS_MAX: usize = 1_000;

/// The expressions so far.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Patterns(AHashMap<Box<str>, Pattern>);

impl Patterns {
    /// The expression `text`.
    pub(in crate::catalog) fn get(&mut self, text: &str) -> Result<Pattern, Complaint> {
        if let Some(known) = self.0.get(text) {
            return Ok(known.clone());
        }
        let allowed = "an expression for the whole value, such as SHOE-[0-9]+, of at most 1024 \
                       bytes and 256 KiB once compiled, at most 1000 in one catalogue";
        if self.0.len() >= PATTERNS_MAX {
            return Err(Complaint::new("is one expression too many", allowed));
        }
        let compiled = Pattern::new(text)
            .map_err(|reason| Complaint::new(format!("{} {reason}", quoted(text)), allowed))?;
        self.0.insert(text.into(), compiled.clone());
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_limit_to_different_expressions() {
        let mut patterns = Patterns::default();
        for number in 0..PATTERNS_MAX {
            assert!(patterns.get(&format!("a{number}")).is_ok());
        }
        assert!(patterns.get("a0").is_ok());
        let complaint = patterns.get("b").unwrap_err();
        assert_eq!(complaint.problem, "is one expression too many");
        let complaint = Patterns::default().get("(").unwrap_err();
        assert!(
            complaint.problem.contains("unclosed group"),
            "{complaint:?}"
        );
    }
}
