//! A path as the facet of a sum: what led to an action, step by step, as one text.
//!
//! Steps lie between tabs. A partner is its number, a channel a colon and its name, in which a
//! backslash is `\\` and a tab `\t`, so that different paths are different texts.

use super::super::id::PartnerId;

/// Most steps of a path that is kept as a facet: the trade's bound.
pub const STEPS_MAX: usize = 9;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Touchpoint {
    /// A partner's click, or what names the partner.
    Partner(PartnerId),
    /// An arrival by a channel of the brand's own.
    Channel(Box<str>),
}

/// The text of a path.
#[must_use]
pub fn write(steps: &[Touchpoint]) -> String {
    let steps = steps.iter().map(|step| match step {
        Touchpoint::Partner(partner) => partner.to_string(),
        Touchpoint::Channel(name) => {
            format!(":{}", name.replace('\\', "\\\\").replace('\t', "\\t"))
        }
    });
    steps.collect::<Vec<String>>().join("\t")
}

/// The steps of a text. What is no number and no channel is partner 0.
pub fn read(text: &str) -> impl Iterator<Item = Touchpoint> {
    text.split('\t').map(|step| match step.strip_prefix(':') {
        Some(name) => Touchpoint::Channel(plain(name).into()),
        None => Touchpoint::Partner(PartnerId(step.parse().unwrap_or(0))),
    })
}

/// The same path with each step that repeats the one before it left out.
#[must_use]
pub fn collapse(text: &str) -> String {
    let mut steps: Vec<&str> = text.split('\t').collect();
    steps.dedup();
    steps.join("\t")
}

/// A channel's name as it was before it was written.
fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name.chars();
    while let Some(next) = rest.next() {
        out.push(match next {
            '\\' => match rest.next() {
                Some('t') => '\t',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn touchpoint() -> impl Strategy<Value = Touchpoint> {
        prop_oneof![
            any::<u32>().prop_map(|partner| Touchpoint::Partner(PartnerId(partner))),
            "[:\\\\\ta-c7é]{0,5}".prop_map(|name| Touchpoint::Channel(name.into())),
        ]
    }

    proptest! {
        #[test]
        fn paths_read_back(steps in prop::collection::vec(touchpoint(), 1..STEPS_MAX)) {
            prop_assert_eq!(read(&write(&steps)).collect::<Vec<_>>(), steps);
        }

        #[test]
        fn a_path_collapses_as_its_steps(
            steps in prop::collection::vec(0_u32..3, 1..STEPS_MAX),
        ) {
            let mut steps: Vec<Touchpoint> =
                steps.into_iter().map(|id| Touchpoint::Partner(PartnerId(id))).collect();
            let text = write(&steps);
            steps.dedup();
            prop_assert_eq!(collapse(&text), write(&steps));
        }

        #[test]
        fn any_text_reads(text in ".{0,20}") {
            prop_assert!(read(&text).count() > 0);
        }
    }

    #[test]
    fn repeats_are_left_out_only_side_by_side() {
        assert_eq!(collapse("1\t1\t2\t1\t:a\t:a"), "1\t2\t1\t:a");
        assert_eq!(collapse("1"), "1");
    }
}
