//! What a conversion names besides a click id.
//!
//! Persons, imported clicks and callers are kept as fingerprints: a key of a stored row is short
//! whatever was sent, and shows nobody's name. The texts lie in the fields of the submission alone.

use crate::model::id::{PartnerId, ProgramId};

/// The first 16 bytes of a hash over a purpose, the program and a text; names one thing in keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The fingerprint of an imported click by its `ExternalClickId`.
    #[must_use]
    pub fn of_external_click(program: ProgramId, id: &str) -> Self {
        Self::of("external click", program, id)
    }

    /// The fingerprint of a caller by his phone number as it was sent.
    #[must_use]
    pub fn of_caller(program: ProgramId, id: &str) -> Self {
        Self::of("caller", program, id)
    }

    /// Equal texts of different purposes or programs have nothing in common.
    fn of(purpose: &str, program: ProgramId, text: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [purpose, text] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(&length.to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&program.0.to_be_bytes());
        let hash = hasher.finalize();
        let first = hash.as_bytes().first_chunk::<16>().copied();
        Self(first.unwrap_or_default())
    }
}

/// How a person is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonKind {
    /// `CustomerId`: the brand's number of a customer.
    Customer,
    /// `CustomProfileId`: a visitor of the brand's site.
    Profile,
    /// An id of a phone or tablet.
    Device,
    /// The cookie that our links set in a browser.
    Cookie,
}

impl PersonKind {
    /// Every kind with the byte it is stored as; never renumbered.
    pub const ALL: [(Self, u8); 4] = [
        (Self::Customer, 1),
        (Self::Profile, 2),
        (Self::Device, 3),
        (Self::Cookie, 4),
    ];

    /// The byte it is stored as.
    #[must_use]
    pub fn byte(self) -> u8 {
        let found = Self::ALL.iter().find(|(kind, _)| *kind == self);
        found.map_or(0, |(_, byte)| *byte)
    }

    /// The kind stored as `byte`.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, listed)| *listed == byte);
        found.map(|(kind, _)| *kind)
    }
}

/// One way to tell a person from others, of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person {
    /// How.
    pub kind: PersonKind,
    /// The person.
    pub id: Fingerprint,
}

impl Person {
    /// The fields that name a person, here and on page loads.
    pub const FIELDS: &'static [(&'static str, PersonKind)] = &[
        ("CustomerId", PersonKind::Customer),
        ("CustomProfileId", PersonKind::Profile),
        ("AndroidId", PersonKind::Device),
        ("AppleIfa", PersonKind::Device),
        ("AppleIfv", PersonKind::Device),
        ("GoogAId", PersonKind::Device),
    ];

    /// The person whom a field of this published name and value names. Ids of devices are
    /// hexadecimal digits, so the case of their letters tells nothing.
    #[must_use]
    pub fn named(program: ProgramId, field: &str, value: &str) -> Option<Self> {
        let (field, kind) = Self::FIELDS.iter().find(|(listed, _)| *listed == field)?;
        let id = match kind {
            PersonKind::Device => Fingerprint::of(field, program, &value.to_ascii_lowercase()),
            _ => Fingerprint::of(field, program, value),
        };
        Some(Self { kind: *kind, id })
    }

    /// Whoever sits at the browser that sends our cookie with this text.
    #[must_use]
    pub fn of_cookie(program: ProgramId, text: &str) -> Self {
        Self {
            kind: PersonKind::Cookie,
            id: Fingerprint::of("cookie", program, text),
        }
    }
}

/// What a conversion names besides a click id. The order is the order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `MediaId` or `MediaPartnerId`: the partner is forced.
    Partner(PartnerId),
    /// `CustomClickId`: the `ExternalClickId` of an imported click.
    External(Fingerprint),
    /// A customer, a profile or a device.
    Person(Person),
    /// `PromoCode` or `OrderPromoCode`, as sent.
    PromoCode(Box<str>),
    /// `UniqueUrl`, as a URL is written.
    UniqueUrl(Box<str>),
    /// `CallerId`: tells one caller from another; nobody is credited by it alone.
    Caller(Fingerprint),
}

/// What was said about a phone call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// How it ended.
    pub status: CallStatus,
    /// How long caller and agent talked, in seconds, where it was said.
    pub talk_seconds: Option<u32>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallStatus {
    /// It was answered, or nothing else was said.
    Answered,
    /// Busy, not answered, given up.
    Incomplete,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_differ_by_purpose_program_and_text() {
        let one = ProgramId(1);
        let of = |program, field: &str, value: &str| Person::named(program, field, value).unwrap();
        let known = of(one, "CustomerId", "a");
        assert_eq!(of(one, "CustomerId", "a"), known);
        let all = [
            known.id,
            of(one, "CustomerId", "A").id,
            of(one, "CustomerId", "ab").id,
            of(ProgramId(2), "CustomerId", "a").id,
            of(one, "CustomProfileId", "a").id,
            of(one, "GoogAId", "a").id,
            of(one, "AndroidId", "a").id,
            Fingerprint::of_external_click(one, "a"),
            Fingerprint::of_caller(one, "a"),
            Person::of_cookie(one, "a").id,
            Person::of_cookie(ProgramId(2), "a").id,
        ];
        for (at, id) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(id), "{at}");
        }
        assert_eq!(of(one, "GoogAId", "AB-1"), of(one, "GoogAId", "ab-1"));
        assert_eq!(Person::named(one, "CallerId", "a"), None);
    }

    #[test]
    fn kinds_read_back() {
        for (kind, byte) in PersonKind::ALL {
            assert_eq!(
                (kind.byte(), PersonKind::from_byte(byte)),
                (byte, Some(kind))
            );
        }
        assert_eq!([0, 5].map(PersonKind::from_byte), [None; 2]);
    }
}
