//! Numbers for the texts of a slot's facets, so that places of cells are short.

use std::sync::Arc;

use ahash::AHashMap;

/// A text with the number it was last found by.
#[derive(Debug, Default)]
pub(in crate::fold) struct Named {
    text: Box<str>,
    number: u32,
    /// When that was, by how often [`Texts`] had forgotten; nothing before the first time.
    after: Option<u32>,
}

impl Named {
    /// A text that is not numbered yet.
    pub(in crate::fold) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// The text.
    pub(in crate::fold) fn text(&self) -> &str {
        &self.text
    }
}

/// Texts numbered in the order in which they were seen; 0 is the empty one. A number means nothing
/// outside of this process and is never stored.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: AHashMap<Arc<str>, u32>,
    listed: Vec<Arc<str>>,
    /// Where texts of several parts are put together.
    joined: String,
    /// How often all were forgotten.
    forgotten: u32,
}

impl Texts {
    /// The number of `text`, a new one when it has not been seen.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Arc<str> = text.into();
        self.listed.push(Arc::clone(&text));
        let number = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text, number);
        number
    }

    /// The number of a text that comes again and again.
    pub(super) fn number_again(&mut self, named: &mut Named) -> u32 {
        if named.after != Some(self.forgotten) {
            named.number = self.number(&named.text);
            named.after = Some(self.forgotten);
        }
        named.number
    }

    /// The number of the text that holds these parts, kept apart by tabs; that of the empty text
    /// where all are empty. A tab in a part becomes a blank, and what is not UTF-8 its replacement.
    pub(super) fn number_of(&mut self, parts: [&[u8]; 3]) -> u32 {
        if parts.iter().all(|part| part.is_empty()) {
            return 0;
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        for (nth, part) in parts.into_iter().enumerate() {
            if nth > 0 {
                joined.push('\t');
            }
            let text = String::from_utf8_lossy(part);
            if text.contains('\t') {
                joined.push_str(&text.replace('\t', " "));
            } else {
                joined.push_str(&text);
            }
        }
        let number = self.number(&joined);
        self.joined = joined;
        number
    }

    /// The text that has a number.
    pub(super) fn text(&self, number: u32) -> &str {
        let at = number
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| self.listed.get(at))
            .map_or("", |text| text)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.listed.len()
    }

    /// Forgets all of them; hands out what they were.
    pub(super) fn forget(&mut self) -> Self {
        let forgotten = self.forgotten.wrapping_add(1);
        std::mem::replace(
            self,
            Self {
                forgotten,
                ..Self::default()
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_text_that_comes_apart_again() {
        let mut texts = Texts::default();
        assert_eq!(texts.number_of([b"", b"", b""]), 0);
        let number = texts.number_of([b"a", b"", b"c"]);
        assert_eq!(texts.text(number), "a\t\tc");
        assert_eq!(texts.number_of([b"a", b"", b"c"]), number);
        let number = texts.number_of([b"a\tb", b"\xff", b""]);
        assert_eq!(texts.text(number), "a b\t\u{fffd}\t");
    }
}
