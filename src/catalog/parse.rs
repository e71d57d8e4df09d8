//! Catalogue text (TOML) to a [`CatalogDoc`], with the line of every entity and every problem of
//! shape at once.
//!
//! The text is read by TOML's own rules and no others: UTF-8 without a byte order mark, LF or
//! CRLF, no NUL or other control character. A line may hold [`LINE_MAX`] bytes. Syntax problems
//! are reported alone, since nothing after them can be trusted; otherwise each entity that has the
//! wrong shape is reported with its line, one problem per entity.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::document::{
    AdDoc, BrandDoc, CatalogDoc, ChannelDoc, ContractDoc, EventTypeDoc, ExceptionListDoc, Line,
    PartnerDoc, PostbackDoc, ProgramDoc, PromoCodeDoc,
};
use super::problem::Problem;

/// The longest line of a catalogue file, in bytes.
pub const LINE_MAX: usize = 1 << 20;

/// The top-level keys of the format.
const KEYS: &str = "version, brand, program, exception_list, channel, event_type, ad, partner, \
                    promo_code, contract, postback, retired";

/// Reads a catalogue file as it was read from disk.
///
/// # Errors
/// As [`parse_toml`], and when the bytes are not UTF-8.
pub fn parse_bytes(bytes: &[u8]) -> Result<CatalogDoc, Vec<Problem>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_toml(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            Err(vec![Problem {
                place: format!("line {line}"),
                problem: "is not UTF-8".to_owned(),
                allowed: "save the file as UTF-8 without a byte order mark".to_owned(),
            }])
        }
    }
}

/// Reads catalogue text. The values are checked later, by [`super::Catalog::build`].
///
/// # Errors
/// Every problem of syntax, or else every entity of the wrong shape.
pub fn parse_toml(text: &str) -> Result<CatalogDoc, Vec<Problem>> {
    let lines = Lines::new(text);
    if text.starts_with('\u{feff}') {
        return Err(vec![Problem {
            place: "line 1".to_owned(),
            problem: "the file begins with a byte order mark".to_owned(),
            allowed: "save the file as UTF-8 without a byte order mark".to_owned(),
        }]);
    }
    if let Some(line) = text.lines().position(|line| line.len() > LINE_MAX) {
        return Err(vec![Problem {
            place: format!("line {}", line + 1),
            problem: format!("is longer than {LINE_MAX} bytes"),
            allowed: "break arrays over several lines".to_owned(),
        }]);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .map(|error| lines.problem(error, None))
            .collect());
    }
    let mut reader = Reader {
        lines,
        problems: Vec::new(),
    };
    let doc = reader.document(table.into_inner());
    if reader.problems.is_empty() {
        Ok(doc)
    } else {
        Err(reader.problems)
    }
}

struct Reader {
    lines: Lines,
    problems: Vec<Problem>,
}

impl Reader {
    fn document(&mut self, table: DeTable<'_>) -> CatalogDoc {
        let mut doc = CatalogDoc::default();
        for (key, value) in table {
            match &**key.get_ref() {
                "version" => doc.version = self.value("version", value).unwrap_or_default(),
                "brand" => doc.brands = self.entities("brand", value),
                "program" => doc.programs = self.entities("program", value),
                "exception_list" => doc.exception_lists = self.entities("exception_list", value),
                "channel" => doc.channels = self.entities("channel", value),
                "promo_code" => doc.promo_codes = self.entities("promo_code", value),
                "postback" => doc.postbacks = self.entities("postback", value),
                "event_type" => doc.event_types = self.entities("event_type", value),
                "ad" => doc.ads = self.entities("ad", value),
                "partner" => doc.partners = self.entities("partner", value),
                "contract" => doc.contracts = self.entities("contract", value),
                "retired" => doc.retired = self.value("retired", value).unwrap_or_default(),
                other => self.problems.push(Problem {
                    place: format!("line {}", self.lines.line(key.span().start)),
                    problem: format!("unknown key `{}`", other.escape_debug()),
                    allowed: format!("expected one of {KEYS}"),
                }),
            }
        }
        doc
    }

    fn entities<T: Entity>(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Vec<T> {
        let start = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            self.problems.push(Problem {
                place: format!("line {}: {key}", self.lines.line(start)),
                problem: "is not a list of tables".to_owned(),
                allowed: format!("begin each entry with [[{key}]]"),
            });
            return Vec::new();
        };
        let mut entities = Vec::with_capacity(items.len());
        for item in items {
            let line = self.lines.line(item.span().start);
            if let Some(entity) = self.value::<T>(key, item) {
                entities.push(entity.at(Line(Some(line))));
            }
        }
        entities
    }

    fn value<T: DeserializeOwned>(&mut self, key: &str, value: Spanned<DeValue<'_>>) -> Option<T> {
        let start = value.span().start;
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems
                    .push(self.lines.problem(&error, Some((key, start))));
                None
            }
        }
    }
}

/// An entity that remembers its line.
trait Entity: DeserializeOwned {
    fn at(self, line: Line) -> Self;
}

macro_rules! entities {
    ($($name:ident),*) => {$(
        impl Entity for $name {
            fn at(mut self, line: Line) -> Self {
                self.line = line;
                self
            }
        }
    )*};
}

entities!(
    BrandDoc,
    ProgramDoc,
    EventTypeDoc,
    AdDoc,
    PartnerDoc,
    ContractDoc,
    ExceptionListDoc,
    ChannelDoc,
    PromoCodeDoc,
    PostbackDoc
);

/// Where each line of the text begins.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        let after = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self(std::iter::once(0).chain(after).collect())
    }

    /// The line, counted from 1, that holds the byte at `offset`.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    fn problem(&self, error: &toml::de::Error, within: Option<(&str, usize)>) -> Problem {
        let start = match (error.span(), within) {
            (Some(span), _) => span.start,
            (None, Some((_, start))) => start,
            (None, None) => 0,
        };
        let line = self.line(start);
        let place = match within {
            Some((key, _)) => format!("line {line}: {key}"),
            None => format!("line {line}"),
        };
        let message = error.message();
        let (problem, allowed) = match message.split_once(", expected ") {
            Some((problem, expected)) => (problem, format!("expected {expected}")),
            None => (message, String::new()),
        };
        Problem {
            place,
            problem: problem.to_owned(),
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = parse_toml(text).expect_err(text);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn entities_know_their_lines() {
        let doc = parse_toml(
            "version = 3\n\n[[brand]]\nsid = \"A\"\nname = \"a\"\r\n# x\n[[brand]]\nsid = \"B\"\n\
             name = \"b\"\n",
        )
        .unwrap();
        assert_eq!(doc.version, 3);
        let lines: Vec<_> = doc.brands.iter().map(|brand| brand.line.0).collect();
        assert_eq!(lines, [Some(3), Some(7)]);
    }

    #[test]
    fn dates_are_text_or_toml_dates() {
        let doc = parse_toml(
            "[[ad]]\nprogram = 1\nid = 2\nname = \"n\"\ntype = \"BANNER\"\nstart = 2026-01-31\n\
             end = 2026-02-01T00:00:00+01:00\n\
             [[contract]]\nprogram = 1\npartner = 2\nstart = \"2026-01-31\"\n",
        )
        .unwrap();
        let ad = doc.ads.first().unwrap();
        assert_eq!(ad.start.as_deref(), Some("2026-01-31"));
        assert_eq!(ad.end.as_deref(), Some("2026-02-01T00:00:00+01:00"));
        assert_eq!(doc.contracts.first().unwrap().start, "2026-01-31");
    }

    #[test]
    fn every_entity_of_the_wrong_shape_is_named() {
        let found = problems(
            "pogram = 1\n[[brand]]\nsid = \"A\"\nname = 5\n[[partner]]\nid = -1\nname = \"x\"\n\
             [[partner]]\nid = 1\nname = \"x\"\ncolour = \"red\"\n[[partner]]\nid = 4294967296\n\
             name = \"y\"\n[[partner]]\nid = 2\n",
        );
        let places: Vec<_> = found
            .iter()
            .map(|p| p.split(": ").next().unwrap())
            .collect();
        for line in [
            "line 1", "line 4", "line 6", "line 11", "line 13", "line 15",
        ] {
            assert!(places.contains(&line), "{line} in {found:#?}");
        }
        assert_eq!(found.len(), 6, "{found:#?}");
    }

    #[test]
    fn texts_that_are_no_toml_are_refused_with_their_line() {
        for (text, place) in [
            ("\u{feff}version = 1", "line 1: "),
            ("version = 1\nversion = 2", "line 2"),
            ("version = 1\n[[brand]\n", "line 2"),
            ("version = 1\nx = \"a\0b\"", "line 2"),
            ("version = 1\n\n[[brand]]\nname = \"half", "line 4"),
            ("brand = 7", "line 1: brand: is not a list of tables"),
            ("version = -1", "line 1: version: "),
        ] {
            let found = problems(text);
            assert!(
                found.iter().any(|p| p.starts_with(place)),
                "{text:?}: {found:?}"
            );
        }
        let bytes = [b"version = 1\n# ".as_slice(), &[0xff, b'\n']].concat();
        let found = parse_bytes(&bytes).unwrap_err();
        assert_eq!(found.first().unwrap().place, "line 2");
    }

    #[test]
    fn a_line_has_a_limit() {
        let text = format!("version = 1\n# {}", "x".repeat(LINE_MAX));
        assert_eq!(problems(&text).len(), 1);
        assert!(problems(&text).concat().starts_with("line 2: is longer"));
    }

    #[test]
    fn an_empty_text_is_an_empty_document() {
        assert!(parse_toml("").unwrap().is_empty());
    }
}
