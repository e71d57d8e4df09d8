//! The click id as a customer carries it: 32 bytes, written as 43 characters of base64url.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | event number of the click |
//! | 8..12 | partner |
//! | 12..16 | ad |
//! | 16..20 | program |
//! | 20 | bit 7: unrecorded · bit 6: reserved, 0 · bits 0–5: key number |
//! | 21..32 | tag over the bytes before it |
//!
//! All integers are big-endian. This module only lays bytes out; `click::signer` makes and checks
//! the tag. The text form is canonical: unpadded, no stray trailing bits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::id::{AdId, EventNumber, PartnerId, ProgramId};
use super::time::Millis;

/// Characters of a click id.
pub const TEXT_LEN: usize = 43;
/// Bytes of a click id.
pub const BYTES_LEN: usize = 32;
/// Bytes that the tag covers.
pub const BODY_LEN: usize = 21;
/// Bytes of the tag.
pub const TAG_LEN: usize = BYTES_LEN - BODY_LEN;

/// Key numbers run from 0 to this.
pub const KEY_NUMBER_MAX: u8 = 63;

/// 2020-01-01T00:00:00Z, from which event numbers count their milliseconds.
pub const EPOCH: Millis = Millis(1_577_836_800_000);
/// Bits below the time in an event number: 10 of writer, 12 of counter.
pub const TIME_SHIFT: u32 = 22;
/// Bits of the counter.
pub const COUNTER_BITS: u32 = 12;

const UNRECORDED: u8 = 0x80;

impl EventNumber {
    /// The lowest number minted in the millisecond `at` by `writer` (0 to 1,023).
    #[must_use]
    pub fn first_at(at: Millis, writer: u16) -> Self {
        let millis = u64::try_from(at.since(EPOCH)).unwrap_or(0);
        Self(millis << TIME_SHIFT | u64::from(writer & 0x3ff) << COUNTER_BITS)
    }

    /// When it was minted.
    #[must_use]
    pub fn time(self) -> Millis {
        EPOCH.plus(i64::try_from(self.0 >> TIME_SHIFT).unwrap_or(i64::MAX))
    }
}

/// What a click id says about its click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClickId {
    /// The click's own number, which holds its mint time.
    pub number: EventNumber,
    /// The partner number of the link.
    pub partner: PartnerId,
    /// The ad number of the link.
    pub ad: AdId,
    /// The program of the link.
    pub program: ProgramId,
    /// Whether the customer was sent on without the click being stored.
    pub unrecorded: bool,
    /// The key that made the tag, 0 to [`KEY_NUMBER_MAX`].
    pub key_number: u8,
}

impl ClickId {
    /// The bytes that the tag covers.
    #[must_use]
    pub fn body(&self) -> [u8; BODY_LEN] {
        let flags = self.key_number & KEY_NUMBER_MAX | if self.unrecorded { UNRECORDED } else { 0 };
        let mut body = [0; BODY_LEN];
        put(&mut body, 0, &self.number.0.to_be_bytes());
        put(&mut body, 8, &self.partner.0.to_be_bytes());
        put(&mut body, 12, &self.ad.0.to_be_bytes());
        put(&mut body, 16, &self.program.0.to_be_bytes());
        put(&mut body, 20, &[flags]);
        body
    }

    /// What the covered bytes say; `None` if the reserved bit is set.
    #[must_use]
    pub fn from_body(body: &[u8; BODY_LEN]) -> Option<Self> {
        let (number, rest) = body.split_first_chunk::<8>()?;
        let (partner, rest) = rest.split_first_chunk::<4>()?;
        let (ad, rest) = rest.split_first_chunk::<4>()?;
        let (program, rest) = rest.split_first_chunk::<4>()?;
        let flags = *rest.first()?;
        (flags & 0x40 == 0).then_some(Self {
            number: EventNumber(u64::from_be_bytes(*number)),
            partner: PartnerId(u32::from_be_bytes(*partner)),
            ad: AdId(u32::from_be_bytes(*ad)),
            program: ProgramId(u32::from_be_bytes(*program)),
            unrecorded: flags & UNRECORDED != 0,
            key_number: flags & KEY_NUMBER_MAX,
        })
    }
}

/// The text of body and tag.
#[must_use]
pub fn to_text(body: &[u8; BODY_LEN], tag: &[u8; TAG_LEN]) -> [u8; TEXT_LEN] {
    let mut bytes = [0; BYTES_LEN];
    put(&mut bytes, 0, body);
    put(&mut bytes, BODY_LEN, tag);
    let mut text = [0; TEXT_LEN];
    // The text of 32 bytes is 43 characters, so the slice always suffices.
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(TEXT_LEN));
    text
}

/// Copies `part` to the place at `at`, which is within `out`.
fn put(out: &mut [u8], at: usize, part: &[u8]) {
    if let Some(place) = out.get_mut(at..at + part.len()) {
        place.copy_from_slice(part);
    }
}

/// Body and tag of a text; `None` for anything but 43 canonical characters.
#[must_use]
pub fn from_text(text: &[u8]) -> Option<([u8; BODY_LEN], [u8; TAG_LEN])> {
    if text.len() != TEXT_LEN {
        return None;
    }
    let mut bytes = [0; BYTES_LEN];
    let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    let (body, tag) = bytes.get(..read)?.split_first_chunk::<BODY_LEN>()?;
    Some((*body, tag.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ClickId {
        ClickId {
            number: EventNumber(0x0123_4567_89ab_cdef),
            partner: PartnerId(280),
            ad: AdId(u32::MAX),
            program: ProgramId(7),
            unrecorded: true,
            key_number: 63,
        }
    }

    #[test]
    fn bodies_and_texts_read_back() {
        let body = id().body();
        assert_eq!(ClickId::from_body(&body), Some(id()));
        let tag = [0xa5; TAG_LEN];
        assert_eq!(from_text(&to_text(&body, &tag)), Some((body, tag)));
    }

    #[test]
    fn only_canonical_text_is_read() {
        let text = to_text(&id().body(), &[0xff; TAG_LEN]);
        let mut stray = text;
        // The last character carries four spare bits; setting one must not name the same id.
        assert_eq!(stray[TEXT_LEN - 1], b'8');
        stray[TEXT_LEN - 1] = b'9';
        assert_eq!(from_text(&stray), None);
        assert_eq!(from_text(&text[..42]), None);
        assert_eq!(
            from_text(b"+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8"),
            None
        );
        assert_eq!(from_text(b""), None);
    }

    #[test]
    fn numbers_hold_their_time() {
        let at = Millis(1_795_368_000_123);
        assert_eq!(EventNumber::first_at(at, 1_023).time(), at);
        assert!(EventNumber::first_at(at, 1_023) < EventNumber::first_at(at.plus(1), 0));
    }
}
