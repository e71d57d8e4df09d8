//! How the paths are shown that a facet holds.
//!
//! In: the facet of a row, written by the fold. Out: its steps as texts, or how many they are.

use crate::model::id::PartnerId;
use crate::model::tally::Facet;
use crate::model::tally::path::{self, Touchpoint};

/// Between two steps that are shown.
const ARROW: &str = " → ";

/// The steps by names.
#[must_use]
pub fn named(path: &str, partner: impl Fn(PartnerId) -> String) -> String {
    joined(path, |step| match step {
        Touchpoint::Partner(id) => partner(id),
        Touchpoint::Channel(name) => name.into(),
    })
}

/// The steps by numbers of partners and names of channels, which a colon begins.
#[must_use]
pub fn numbered(path: &str) -> String {
    joined(path, |step| match step {
        Touchpoint::Partner(id) => id.to_string(),
        Touchpoint::Channel(name) => format!(":{name}"),
    })
}

/// How many steps a path has; none of the paths that are not kept apart.
#[must_use]
pub fn length(facet: &Facet) -> Option<i64> {
    match facet {
        Facet::Text(text) => i64::try_from(path::read(text).count()).ok(),
        Facet::None | Facet::Number(_) | Facet::Other => None,
    }
}

/// Leaves out the steps that repeat the one before.
pub fn collapse(facet: &mut Facet) {
    if let Facet::Text(text) = facet {
        *text = path::collapse(text).into();
    }
}

fn joined(path: &str, shown: impl Fn(Touchpoint) -> String) -> String {
    let steps: Vec<String> = path::read(path).map(shown).collect();
    steps.join(ARROW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_by_names_and_by_numbers() {
        let text = "7\t:Paid Search\t7\t7";
        let named = named(text, |id| format!("Partner {id}"));
        assert_eq!(named, "Partner 7 → Paid Search → Partner 7 → Partner 7");
        assert_eq!(numbered(text), "7 → :Paid Search → 7 → 7");
        let mut facet = Facet::Text(text.into());
        assert_eq!(length(&facet), Some(4));
        collapse(&mut facet);
        assert_eq!(facet, Facet::Text("7\t:Paid Search\t7".into()));
        let mut other = Facet::Other;
        collapse(&mut other);
        assert_eq!((length(&other), other), (None, Facet::Other));
    }
}
