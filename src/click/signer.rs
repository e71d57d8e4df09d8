//! Makes and checks the tag of a click id.
//!
//! Hot path. The tag is the first 11 bytes of keyed BLAKE3 over the 21 covered bytes and a purpose
//! string, so that no other message signed with the same key can pass for a click id. 88 bits are
//! above the 80 that RFC 2104 asks for, and a forger has no answer that tells a good guess from a
//! bad one.

use subtle::ConstantTimeEq as _;

use crate::model::click_id::{self, BODY_LEN, ClickId, KEY_NUMBER_MAX, TAG_LEN, TEXT_LEN};

/// Bytes of a key.
pub const KEY_LEN: usize = 32;

const PURPOSE: &[u8] = b"clickd click id v1";

/// Keys by number: one signs, all verify.
#[derive(Clone)]
pub struct Signer {
    keys: Vec<(u8, [u8; KEY_LEN])>,
    signing: (u8, [u8; KEY_LEN]),
}

impl std::fmt::Debug for Signer {
    /// Shows the key numbers only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<u8> = self.keys.iter().map(|key| key.0).collect();
        f.debug_struct("Signer")
            .field("keys", &numbers)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer that signs with the last of `keys` and verifies with all of them; `None` when
    /// there is no key, a number repeats, or one is above 63.
    #[must_use]
    pub fn new(keys: Vec<(u8, [u8; KEY_LEN])>) -> Option<Self> {
        let signing = *keys.last()?;
        let bad = |(i, key): (usize, &(u8, [u8; KEY_LEN]))| {
            key.0 > KEY_NUMBER_MAX || keys.iter().skip(i + 1).any(|other| other.0 == key.0)
        };
        if keys.iter().enumerate().any(bad) {
            return None;
        }
        Some(Self { keys, signing })
    }

    /// The number of the key that signs.
    #[must_use]
    pub fn key_number(&self) -> u8 {
        self.signing.0
    }

    /// The text of `id`, whose key number must be [`Self::key_number`].
    #[must_use]
    pub fn sign(&self, id: &ClickId) -> [u8; TEXT_LEN] {
        let body = id.body();
        click_id::to_text(&body, &tag(&self.signing.1, &body))
    }

    /// What `text` says, if its tag holds.
    #[must_use]
    pub fn verify(&self, text: &[u8]) -> Option<ClickId> {
        let (body, claimed) = click_id::from_text(text)?;
        let number = body.last()? & KEY_NUMBER_MAX;
        let (_, key) = self.keys.iter().find(|key| key.0 == number)?;
        let holds: bool = tag(key, &body).ct_eq(&claimed).into();
        if holds {
            ClickId::from_body(&body)
        } else {
            None
        }
    }
}

fn tag(key: &[u8; KEY_LEN], body: &[u8; BODY_LEN]) -> [u8; TAG_LEN] {
    let mut message = [0; PURPOSE.len() + BODY_LEN];
    let (purpose, rest) = message.split_at_mut(PURPOSE.len());
    purpose.copy_from_slice(PURPOSE);
    rest.copy_from_slice(body);
    let hash = blake3::keyed_hash(key, &message);
    let (tag, _) = hash.as_bytes().split_at(TAG_LEN);
    tag.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::{AdId, EventNumber, PartnerId, ProgramId};

    fn id(key_number: u8) -> ClickId {
        ClickId {
            number: EventNumber(1 << 40),
            partner: PartnerId(280),
            ad: AdId(12),
            program: ProgramId(7),
            unrecorded: false,
            key_number,
        }
    }

    #[test]
    fn signed_ids_verify_also_after_rotation() {
        let old = Signer::new(vec![(0, [1; KEY_LEN])]).unwrap();
        let new = Signer::new(vec![(0, [1; KEY_LEN]), (1, [2; KEY_LEN])]).unwrap();
        assert_eq!((old.key_number(), new.key_number()), (0, 1));
        assert_eq!(new.verify(&old.sign(&id(0))), Some(id(0)));
        assert_eq!(new.verify(&new.sign(&id(1))), Some(id(1)));
        assert_eq!(
            old.verify(&new.sign(&id(1))),
            None,
            "an unknown key verifies nothing"
        );
    }

    #[test]
    fn no_changed_character_verifies() {
        let signer = Signer::new(vec![(5, [7; KEY_LEN])]).unwrap();
        let text = signer.sign(&id(5));
        for at in 0..TEXT_LEN {
            for other in *b"AZaz09-_" {
                let mut forged = text;
                forged[at] = other;
                assert_eq!(
                    signer.verify(&forged).is_some(),
                    forged == text,
                    "{at} {other}"
                );
            }
        }
        assert_eq!(signer.verify(b""), None);
        assert_eq!(signer.verify(&text[..42]), None);
    }

    #[test]
    fn keys_must_be_distinct_and_in_range() {
        assert!(Signer::new(vec![]).is_none());
        assert!(Signer::new(vec![(64, [0; KEY_LEN])]).is_none());
        assert!(Signer::new(vec![(1, [0; KEY_LEN]), (1, [1; KEY_LEN])]).is_none());
    }
}
