//! The path of a tracking link, and the link as a whole.
//!
//! Hot path. Runs on a public worker, once per click. Reads each byte of the target at most
//! twice, borrows from it and allocates nothing once the buffers have grown. The path is taken
//! literally: no normalisation, no decoding, so that one link has one spelling.

use crate::model::click::{ClickFlags, Parameter};
use crate::model::id::{AdId, PartnerId, ProgramId};

use super::query::Pairs;

/// A tracking link. Borrows from the request target and from the buffer of its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The partner number.
    pub partner: PartnerId,
    /// The ad number.
    pub ad: AdId,
    /// The program number.
    pub program: ProgramId,
    /// The raw value of `u`, if there is one to consider.
    pub deep_link: Option<&'a str>,
    /// What was wrong with the parameters.
    pub flags: ClickFlags,
    query: &'a str,
    pairs: &'a Pairs,
}

impl<'a> Link<'a> {
    /// The stored parameters with their decoded values, in link order.
    pub fn parameters(&self) -> impl Iterator<Item = (Parameter, &'a [u8])> + Clone + use<'a> {
        self.pairs.iter(self.query)
    }

    /// The decoded value of one parameter; empty when it was not sent.
    #[must_use]
    pub fn value(&self, parameter: Parameter) -> &'a [u8] {
        self.parameters()
            .find(|pair| pair.0 == parameter)
            .map_or(&[], |pair| pair.1)
    }
}

/// The target is no tracking link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The path does not begin with `/c/`.
    #[error("the path is not a tracking link")]
    OtherPath,
    /// The path begins with `/c/` but is not three numbers.
    #[error("the path must be /c/partner/ad/program with three whole numbers")]
    BadPath,
}

/// Reads `path` and `query` of a request target; `pairs` is a buffer to be reused.
///
/// One slash may follow the program number.
///
/// # Errors
/// The path is something else.
pub fn parse<'a>(
    path: &'a str,
    query: Option<&'a str>,
    pairs: &'a mut Pairs,
) -> Result<Link<'a>, LinkError> {
    let rest = path
        .as_bytes()
        .strip_prefix(b"/c/")
        .ok_or(LinkError::OtherPath)?;
    let (partner, rest) = number(rest).ok_or(LinkError::BadPath)?;
    let (ad, rest) = rest
        .strip_prefix(b"/")
        .and_then(number)
        .ok_or(LinkError::BadPath)?;
    let (program, rest) = rest
        .strip_prefix(b"/")
        .and_then(number)
        .ok_or(LinkError::BadPath)?;
    if !matches!(rest, [] | [b'/']) {
        return Err(LinkError::BadPath);
    }
    let query = query.unwrap_or_default();
    let found = pairs.read(query);
    Ok(Link {
        partner: PartnerId(partner),
        ad: AdId(ad),
        program: ProgramId(program),
        deep_link: found.deep_link,
        flags: found.flags,
        query,
        pairs,
    })
}

/// The decimal number at the front, without sign or leading zero, and what follows it.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut value: u32 = 0;
    let mut rest = text;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        value = value
            .checked_mul(10)?
            .checked_add(u32::from(digit - b'0'))?;
        rest = after;
    }
    match text.len() - rest.len() {
        0 => None,
        1 => Some((value, rest)),
        _ if text.first() == Some(&b'0') => None,
        _ => Some((value, rest)),
    }
}
