//! Whose a promo code is, which lists a value is on, and whose a page is.

use std::borrow::Borrow;

use ahash::{AHashMap, AHashSet};

use super::rule::Pattern;
use crate::model::id::PartnerId;
use crate::model::time::Millis;

/// The promo codes of a program.
#[derive(Clone, Debug, Default)]
pub struct PromoCodes {
    /// By the code in lower case, in file order.
    exact: AHashMap<Box<str>, Vec<PromoCode>>,
    /// In file order.
    patterns: Vec<(Pattern, PromoCode)>,
}

/// Whose a promo code is and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromoCode {
    /// Whose it is.
    pub owner: CodeOwner,
    /// When its owner earns.
    pub policy: CodePolicy,
    /// First instant; none means always.
    pub start: Option<Millis>,
    /// First instant after; none means for ever.
    pub end: Option<Millis>,
}

/// Whose a promo code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeOwner {
    /// A partner's.
    Partner(PartnerId),
    /// A channel's, which earns nothing.
    Channel(Box<str>),
}

/// When the owner of a promo code earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePolicy {
    /// Always.
    Always,
    /// When it took part in the journey.
    Involved,
    /// When it has won already.
    Winner,
}

impl PromoCode {
    fn is_in_force(&self, at: Millis) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at < end)
    }
}

impl PromoCodes {
    /// Whether there is none, so that no code can matter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }

    /// Adds a code that is compared in any case.
    pub fn add(&mut self, code: &str, of: PromoCode) {
        let code = code.to_lowercase().into_boxed_str();
        self.exact.entry(code).or_default().push(of);
    }

    /// Adds codes by an expression.
    pub fn add_pattern(&mut self, pattern: Pattern, of: PromoCode) {
        self.patterns.push((pattern, of));
    }

    /// Whose `code` is at `at`: written codes before expressions, each in file order.
    #[must_use]
    pub fn find(&self, code: &str, at: Millis) -> Option<&PromoCode> {
        let exact = self.exact.get(&*code.to_lowercase());
        let mut exact = exact.into_iter().flatten();
        exact.find(|of| of.is_in_force(at)).or_else(|| {
            let mut patterns = self.patterns.iter();
            let found = patterns.find(|(pattern, of)| of.is_in_force(at) && pattern.matches(code));
            found.map(|(_, of)| of)
        })
    }
}

/// The exception lists of a program.
#[derive(Clone, Debug, Default)]
pub struct ExceptionLists(pub AHashMap<u32, ExceptionList>);

/// Values that a payout rule asks for by the list's id.
#[derive(Clone, Debug)]
pub struct ExceptionList {
    /// Its id, unique in its program.
    pub id: u32,
    /// Shown in explanations.
    pub name: Box<str>,
    /// What its values are.
    pub kind: ListKind,
    /// Values in lower case.
    pub texts: AHashSet<Box<str>>,
    /// Expressions.
    pub patterns: Box<[Pattern]>,
}

/// What the values of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// SKUs.
    Sku,
    /// Categories.
    Category,
    /// Promo codes.
    PromoCode,
}

impl ExceptionLists {
    /// Whether `text` is on list `id`.
    #[must_use]
    pub fn holds(&self, id: u32, text: &str) -> bool {
        self.0.get(&id).is_some_and(|list| list.holds(text))
    }
}

impl ExceptionList {
    /// Whether `text` is on it; an empty text never is.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        !text.is_empty()
            && (self.texts.contains(&*text.to_lowercase())
                || self.patterns.iter().any(|pattern| pattern.matches(text)))
    }
}

/// Beginnings of pages, each of one partner.
#[derive(Clone, Debug, Default)]
pub struct UniqueUrls(AHashMap<Box<str>, PartnerId>);

impl UniqueUrls {
    /// Adds the beginning of a partner's pages, in the URL parser's own form.
    pub fn add(&mut self, url: &str, partner: PartnerId) {
        self.0.insert(url.into(), partner);
    }

    /// Whose a page is, in the URL parser's own form: that of the longest beginning which ends
    /// where a part of the URL does.
    #[must_use]
    pub fn partner(&self, url: &str) -> Option<PartnerId> {
        let url = url.split('#').next().unwrap_or_default();
        let found = |beginning: &str| self.0.get(Borrow::<str>::borrow(beginning)).copied();
        found(url).or_else(|| {
            let ends = url.rmatch_indices(['/', '?', '&']);
            let mut beginnings =
                ends.flat_map(|(at, sign)| [url.get(..at + sign.len()), url.get(..at)]);
            beginnings.find_map(|beginning| found(beginning?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(partner: u32, start: Option<i64>, end: Option<i64>) -> PromoCode {
        PromoCode {
            owner: CodeOwner::Partner(PartnerId(partner)),
            policy: CodePolicy::Always,
            start: start.map(Millis),
            end: end.map(Millis),
        }
    }

    #[test]
    fn a_written_code_goes_before_an_expression_and_both_by_their_period() {
        let mut codes = PromoCodes::default();
        assert!(codes.is_empty());
        codes.add_pattern(Pattern::new("SAVE[0-9]+").unwrap(), code(1, None, None));
        codes.add_pattern(Pattern::new("SAVE.*").unwrap(), code(2, None, None));
        codes.add("Save10", code(3, Some(10), Some(20)));
        codes.add("SAVE10", code(4, Some(20), None));
        assert!(!codes.is_empty());
        let owner = |text, at| match codes.find(text, Millis(at))?.owner {
            CodeOwner::Partner(partner) => Some(partner.0),
            CodeOwner::Channel(_) => None,
        };
        for (text, at, expected) in [
            ("save10", 9, None),
            ("SAVE10", 9, Some(1)),
            ("save10", 10, Some(3)),
            ("sAVE10", 19, Some(3)),
            ("SAVE10", 20, Some(4)),
            ("SAVE11", 20, Some(1)),
            ("SAVEX", 20, Some(2)),
            ("NOSAVE11", 20, None),
            ("save11", 20, None),
            ("", 20, None),
        ] {
            assert_eq!(owner(text, at), expected, "{text} {at}");
        }
    }

    #[test]
    fn a_list_holds_its_values_in_any_case_and_what_its_expressions_match() {
        let list = ExceptionList {
            id: 3,
            name: "Shoes".into(),
            kind: ListKind::Sku,
            texts: AHashSet::from_iter(["boot-1".into()]),
            patterns: [Pattern::new("SHOE-[0-9]+").unwrap()].into(),
        };
        let lists = ExceptionLists(AHashMap::from_iter([(3, list)]));
        for (text, expected) in [
            ("Boot-1", true),
            ("boot-12", false),
            ("SHOE-12", true),
            ("XSHOE-12", false),
            ("shoe-12", false),
            ("", false),
        ] {
            assert_eq!(lists.holds(3, text), expected, "{text}");
            assert!(!lists.holds(4, text));
        }
    }

    #[test]
    fn a_page_is_the_partners_with_the_longest_beginning_of_whole_parts() {
        let mut urls = UniqueUrls::default();
        urls.add("https://b.example/jane", PartnerId(1));
        urls.add("https://b.example/jane/shoes/", PartnerId(2));
        urls.add("https://b.example/?by=bob", PartnerId(3));
        for (url, partner) in [
            ("https://b.example/jane", Some(1)),
            ("https://b.example/jane?x=1", Some(1)),
            ("https://b.example/jane#top", Some(1)),
            ("https://b.example/jane/boots", Some(1)),
            ("https://b.example/jane/shoes", Some(1)),
            ("https://b.example/jane/shoes/", Some(2)),
            ("https://b.example/jane/shoes/red", Some(2)),
            ("https://b.example/janet", None),
            ("https://b.example/?by=bob", Some(3)),
            ("https://b.example/?by=bob&x=1", Some(3)),
            ("https://b.example/?by=bobby", None),
            ("https://b.example/", None),
            ("", None),
        ] {
            assert_eq!(urls.partner(url), partner.map(PartnerId), "{url}");
        }
    }
}
