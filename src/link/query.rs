//! The parameters of a link, told apart by name.
//!
//! Hot path. Names are compared in any case of letters. Values are decoded into a buffer that is
//! reused from request to request; a value without escapes is not copied at all.

use crate::model::click::{ClickFlags, Parameter};

use super::percent;

/// Parameters that are read; those after them are not.
pub const PARAMETERS_MAX: usize = 64;
/// Bytes of a value that are kept.
pub const VALUE_BYTES_MAX: usize = 255;

/// Where a value lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    parameter: Parameter,
    /// In the decoded buffer, else in the query.
    decoded: bool,
    start: u16,
    end: u16,
}

/// The parameters of one link, in a buffer made to be reused.
#[derive(Debug, Default)]
pub struct Pairs {
    places: Vec<Place>,
    decoded: Vec<u8>,
}

/// What the query said besides its stored parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// The raw value of `u`, if it came exactly once and is not empty.
    pub deep_link: Option<&'a str>,
    /// What was wrong.
    pub flags: ClickFlags,
}

/// What a name means.
enum Name {
    DeepLink,
    Known(Parameter),
    Unknown,
}

impl Pairs {
    /// Reads a query of at most 65,535 bytes.
    pub(super) fn read<'a>(&mut self, query: &'a str) -> Found<'a> {
        self.places.clear();
        self.decoded.clear();
        let mut found = Found::default();
        let mut deep_links = 0;
        let mut left = PARAMETERS_MAX;
        let mut start = 0;
        while start < query.len() {
            let at = start;
            let rest = query.get(at..).unwrap_or_default();
            let piece = before(b'&', rest);
            start += piece.len() + 1;
            if piece.is_empty() {
                continue;
            }
            if left == 0 {
                found.flags.set(ClickFlags::TOO_MANY_PARAMETERS);
                break;
            }
            left -= 1;
            let name = before(b'=', piece);
            let value = piece.get(name.len() + 1..).unwrap_or_default();
            match classify(name.as_bytes()) {
                Name::DeepLink => {
                    deep_links += 1;
                    found.deep_link = Some(value);
                }
                Name::Known(parameter) => {
                    found
                        .flags
                        .set(self.keep(parameter, at + piece.len() - value.len(), value));
                }
                Name::Unknown => {
                    found.flags.set(ClickFlags::UNKNOWN_PARAMETER);
                    let flags = self.place(Parameter::Unknown, false, at, piece.as_bytes());
                    found.flags.set(flags);
                }
            }
        }
        match (deep_links, found.deep_link) {
            (2.., _) => {
                found.deep_link = None;
                found.flags.set(ClickFlags::REPEATED_PARAMETER);
            }
            (_, Some("")) => {
                found.deep_link = None;
                found.flags.set(ClickFlags::EMPTY_DEEP_LINK);
            }
            _ => {}
        }
        found
    }

    /// Keeps the first value of a known parameter.
    fn keep(&mut self, parameter: Parameter, at: usize, value: &str) -> ClickFlags {
        if self.places.iter().any(|place| place.parameter == parameter) {
            return ClickFlags::REPEATED_PARAMETER;
        }
        if !percent::is_escaped(value.as_bytes()) {
            // The target was checked to be ASCII without control bytes.
            return self.place(parameter, false, at, value.as_bytes());
        }
        let start = self.decoded.len();
        percent::decode(value.as_bytes(), &mut self.decoded);
        let bytes = self.decoded.get(start..).unwrap_or_default();
        if !is_clean(bytes) {
            self.decoded.truncate(start);
            return ClickFlags::DROPPED_VALUE;
        }
        let kept = cut(bytes);
        let flags = if kept < bytes.len() {
            ClickFlags::CUT_VALUE
        } else {
            ClickFlags::NONE
        };
        self.decoded.truncate(start + kept);
        self.push(parameter, true, start, start + kept);
        flags
    }

    fn place(
        &mut self,
        parameter: Parameter,
        decoded: bool,
        at: usize,
        value: &[u8],
    ) -> ClickFlags {
        let kept = cut(value);
        self.push(parameter, decoded, at, at + kept);
        if kept < value.len() {
            ClickFlags::CUT_VALUE
        } else {
            ClickFlags::NONE
        }
    }

    fn push(&mut self, parameter: Parameter, decoded: bool, start: usize, end: usize) {
        if let (Ok(start), Ok(end)) = (u16::try_from(start), u16::try_from(end)) {
            self.places.push(Place {
                parameter,
                decoded,
                start,
                end,
            });
        }
    }

    /// The stored parameters in link order; `query` is the one that was read.
    pub(super) fn iter<'s>(
        &'s self,
        query: &'s str,
    ) -> impl Iterator<Item = (Parameter, &'s [u8])> + Clone {
        self.places.iter().map(move |place| {
            let source = if place.decoded {
                &self.decoded
            } else {
                query.as_bytes()
            };
            let range = usize::from(place.start)..usize::from(place.end);
            (place.parameter, source.get(range).unwrap_or_default())
        })
    }
}

/// What stands before the first `mark`, which is ASCII; all of `text` if there is none.
fn before(mark: u8, text: &str) -> &str {
    let end = memchr::memchr(mark, text.as_bytes()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// How many bytes of `value` are kept: all up to the bound, never half a character.
fn cut(value: &[u8]) -> usize {
    if value.len() <= VALUE_BYTES_MAX {
        return value.len();
    }
    let is_inside = |at: usize| value.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (0..=VALUE_BYTES_MAX)
        .rev()
        .find(|at| !is_inside(*at))
        .unwrap_or(0)
}

/// Whether `value` is text without control characters and without the marks that turn the
/// direction of writing, which make a label look like another one.
fn is_clean(value: &[u8]) -> bool {
    let unclean = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    value.iter().all(is_plain)
        || std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(unclean))
}

fn classify(name: &[u8]) -> Name {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let known = match name.len() {
        1 if is(b"u") => return Name::DeepLink,
        6.. if is_numbered(name, b"subid") => {
            small(name, 5).filter(|n| *n <= 3).map(Parameter::SubId)
        }
        6.. if is_numbered(name, b"param") => small(name, 5).map(Parameter::Param),
        7 if is(b"prodsku") => Some(Parameter::ProductSku),
        8 if is(b"sharedid") => Some(Parameter::SharedId),
        17 if is(b"partnerpropertyid") => Some(Parameter::Property),
        _ => None,
    };
    known.map_or(Name::Unknown, Name::Known)
}

fn is_numbered(name: &[u8], stem: &[u8]) -> bool {
    name.get(..stem.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(stem))
}

/// The number 1 to 99 that follows the first `from` bytes, written without leading zeros.
fn small(name: &[u8], from: usize) -> Option<u8> {
    match name.get(from..)? {
        [one @ b'1'..=b'9'] => Some(one - b'0'),
        [ten @ b'1'..=b'9', one @ b'0'..=b'9'] => Some((ten - b'0') * 10 + (one - b'0')),
        _ => None,
    }
}
