//! Signatures of postbacks, so that a receiver can tell ours from a forged one. Pure.
//!
//! The header is `X-Signature: t=<seconds since 1970>,v1=<hex>`, where `<hex>` is the HMAC-SHA256
//! over `<t>.<body>`; a GET has no body, and its path and query stand in its place. The key of
//! the HMAC is the text of the destination's secret. No secret is stored: each is derived from the
//! key-hash key and the number of the destination. Called by `postback::send` for each try, so that
//! `t` is the time of that try.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::secrets::KEY_LEN;

/// Keeps these secrets apart from everything else that is derived from the same key.
const PURPOSE: &[u8] = b"clickd postback signature v1";

/// The secret that one destination shares with its receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// The secret of `destination`.
    #[must_use]
    pub fn derive(key_hash_key: &[u8; KEY_LEN], destination: u32) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key_hash_key);
        hasher.update(PURPOSE);
        hasher.update(&destination.to_be_bytes());
        Self(hasher.finalize().to_hex().as_str().into())
    }

    /// What the receiver is given: 64 hexadecimal digits, used as they are.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The value of `X-Signature` for `content` sent at `seconds`; none if there is no HMAC of a
    /// key this long, which SHA-256 does not know.
    #[must_use]
    pub fn sign(&self, seconds: i64, content: &[u8]) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).ok()?;
        mac.update(seconds.to_string().as_bytes());
        mac.update(b".");
        mac.update(content);
        let tag = mac.finalize().into_bytes();
        let mut text = format!("t={seconds},v1=");
        for byte in tag {
            text.extend(
                [byte >> 4, byte & 15]
                    .map(|nibble| char::from_digit(u32::from(nibble), 16).unwrap_or('0')),
            );
        }
        Some(text)
    }
}

impl fmt::Debug for Secret {
    /// Never the secret itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_hmac_of_time_and_content() {
        // Counted with another program: openssl dgst -sha256 -hmac key.
        let secret = Secret("key".into());
        assert_eq!(
            secret.sign(1_700_000_000, b"{\"a\":1}").unwrap(),
            "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
        );
    }

    #[test]
    fn a_secret_belongs_to_its_key_and_its_destination() {
        let secret = Secret::derive(&[7; KEY_LEN], 1);
        assert_eq!(secret, Secret::derive(&[7; KEY_LEN], 1));
        assert_ne!(secret, Secret::derive(&[8; KEY_LEN], 1));
        assert_ne!(secret, Secret::derive(&[7; KEY_LEN], 2));
        assert_eq!(secret.reveal().len(), 64);
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
