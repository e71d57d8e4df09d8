//! Signed requests: `X-Signature: t=<unix seconds>,v1=<hexadecimal HMAC-SHA-256>`.
//!
//! In: the headers before the body is read, then the raw body. Out: whether the request is signed,
//! or the 401 that says what is wrong. The tag is taken over the digits of `t`, a point and the
//! body as it was sent. Its key is the text of any live signing key of the account; several `v1`
//! may be sent, so that a sender can change keys. `t` must be within five minutes of this clock,
//! either way. A request that was captured and is sent again within that time is an exact retry,
//! which adds nothing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::header::HeaderMap;
use sha2::Sha256;

use crate::catalog::snapshot::Signatures;
use crate::model::arrival::{RefusedReason, Stream};
use crate::model::id::ProgramId;
use crate::model::time::{Millis, SECOND};

use super::respond::{self, Answer};
use super::state::ApiState;

/// The header.
const NAME: &str = "x-signature";
/// How far `t` may be from this clock.
const TOLERANCE: i64 = 300 * SECOND;
/// Most tags of one header.
const TAGS_MAX: usize = 8;

/// What a well-formed header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `t` as it was sent.
    time: String,
    /// Every `v1`.
    tags: Vec<[u8; 32]>,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none, and the account asks for it.
    #[error("the signature is missing; this account signs its requests: send X-Signature")]
    Missing,
    /// There is more than one header.
    #[error("the signature is given more than once; send one X-Signature")]
    Repeated,
    /// It has another form.
    #[error(
        "the signature is not of the form t=<unix seconds>,v1=<64 hexadecimal digits>; \
         one t and at most 8 v1 are allowed"
    )]
    Malformed,
    /// Its time is too far away.
    #[error("the signature is more than 300 seconds away from this clock; sign again and send")]
    Time,
    /// No key gives any of its tags.
    #[error(
        "the signature is not that of this body by any signing key in force; sign `t`, a point \
         and the raw bytes of the body"
    )]
    Wrong,
}

/// Reads the header; `Ok(None)` when none is sent.
///
/// # Errors
/// It is repeated, malformed or too far from `now`.
pub fn read(headers: &HeaderMap, now: Millis) -> Result<Option<Signature>, SignatureError> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(SignatureError::Repeated);
    }
    let text = value.to_str().map_err(|_| SignatureError::Malformed)?;
    let (signature, time) = parse(text).ok_or(SignatureError::Malformed)?;
    if now.since(time).abs() > TOLERANCE {
        return Err(SignatureError::Time);
    }
    Ok(Some(signature))
}

/// The signature and its time. Versions other than `v1` are left to those who know them.
fn parse(text: &str) -> Option<(Signature, Millis)> {
    let mut time = None;
    let mut tags = Vec::new();
    for part in text.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        match name {
            "t" if time.is_none() => {
                let is_number = value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 12;
                let seconds: i64 = value.parse().ok().filter(|_| is_number)?;
                time = Some((value.to_owned(), Millis(seconds * SECOND)));
            }
            "v1" if tags.len() < TAGS_MAX => tags.push(tag(value)?),
            "t" | "v1" => return None,
            _ => {}
        }
    }
    let (text, at) = time.filter(|_| !tags.is_empty())?;
    Some((Signature { time: text, tags }, at))
}

/// 32 bytes of 64 hexadecimal digits in either case.
fn tag(text: &str) -> Option<[u8; 32]> {
    let hex = blake3::Hash::from_hex(text.as_bytes()).ok()?;
    Some(*hex.as_bytes())
}

impl Signature {
    /// Whether one of its tags is that of `body` by one of `secrets`. Takes the same time wherever
    /// a tag differs.
    #[must_use]
    pub fn holds(&self, body: &[u8], secrets: impl IntoIterator<Item = String>) -> bool {
        let mut running = self.begin(secrets);
        running.update(body);
        running.holds()
    }

    /// What tells whether it is that of a body that comes in parts.
    #[must_use]
    pub fn begin(&self, secrets: impl IntoIterator<Item = String>) -> Running {
        let begun = secrets.into_iter().filter_map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
            mac.update(self.time.as_bytes());
            mac.update(b".");
            Some(mac)
        });
        Running {
            macs: begun.collect(),
            tags: self.tags.clone(),
        }
    }
}

/// A signature whose body is not whole yet.
#[derive(Clone, Debug)]
pub struct Running {
    macs: Vec<Hmac<Sha256>>,
    tags: Vec<[u8; 32]>,
}

impl Running {
    /// Takes the next part of the body.
    pub fn update(&mut self, part: &[u8]) {
        for mac in &mut self.macs {
            mac.update(part);
        }
    }

    /// Whether one of the tags is that of the body by one of the secrets.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.macs.iter().any(|mac| {
            let same = |tag: &[u8; 32]| mac.clone().verify_slice(tag).is_ok();
            self.tags.iter().any(same)
        })
    }
}

/// The signature of a request whose body is still to be read.
///
/// # Errors
/// The answer to one that can't hold whatever the body is.
pub fn before_body(
    state: &ApiState,
    sid: &str,
    stream: Stream,
    headers: &HeaderMap,
) -> Result<Option<Signature>, Box<Answer>> {
    let catalog = state.catalog.load();
    let rule = catalog.brand(sid).map(|brand| brand.signatures);
    let read = match read(headers, state.log.clock().now()) {
        Ok(None) if rule == Some(Signatures::Required) => Err(SignatureError::Missing),
        read => read,
    };
    read.map_err(|error| {
        refuse(state, stream);
        Box::new(respond::unsigned(&error.to_string(), true))
    })
}

/// Whether the request is signed, now that its body is there.
///
/// # Errors
/// The answer to a signature that does not hold.
pub fn of_body(
    state: &ApiState,
    sid: &str,
    stream: Stream,
    signature: Option<&Signature>,
    body: &[u8],
) -> Result<bool, Box<Answer>> {
    let Some(signature) = signature else {
        return Ok(false);
    };
    let keys = state.keys.load();
    if signature.holds(body, keys.signing_secrets(&state.hash_key, sid)) {
        return Ok(true);
    }
    Err(wrong(state, stream))
}

/// The answer to a signature that is not that of the body; counts it.
pub(super) fn wrong(state: &ApiState, stream: Stream) -> Box<Answer> {
    refuse(state, stream);
    let message = SignatureError::Wrong.to_string();
    Box::new(respond::unsigned(&message, false))
}

fn refuse(state: &ApiState, stream: Stream) {
    state.metrics.api.auth_failures.increment(1);
    let reason = RefusedReason::Signature;
    state.log.refuse(ProgramId::default(), stream, reason);
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const NOW: Millis = Millis(1_795_000_000_500);
    /// RFC 4231, test case 2: key `Jefe`, data `what do ya want for nothing?`.
    const RFC_4231: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn of(values: &[&str]) -> Result<Option<Signature>, SignatureError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_str(value).unwrap());
        }
        read(&headers, NOW)
    }

    #[test]
    fn the_tag_is_that_of_the_standard() {
        let signature = Signature {
            time: "what do ya want for nothing?".to_owned(),
            tags: vec![tag(RFC_4231).unwrap()],
        };
        // The point is part of what is signed, so the standard's own data is not.
        assert!(!signature.holds(b"", ["Jefe".to_owned()]));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        mac.update(b"what do ya want for nothing?");
        assert!(mac.verify_slice(&tag(RFC_4231).unwrap()).is_ok());
    }

    #[test]
    fn only_one_form_is_read() {
        let good = format!("t=1795000000,v1={RFC_4231}");
        let signature = of(&[&good]).unwrap().unwrap();
        assert_eq!(signature.time, "1795000000");
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[&good, &good]), Err(SignatureError::Repeated));
        let upper = format!("t=1795000000, v1={}", RFC_4231.to_uppercase());
        assert_eq!(of(&[&upper]), Ok(Some(signature)));
        let other = format!("t=1795000000,v0=x,v1={RFC_4231},v1={RFC_4231}");
        assert_eq!(of(&[&other]).unwrap().unwrap().tags.len(), 2);
        let tags = format!(",v1={RFC_4231}").repeat(TAGS_MAX + 1);
        let cut = RFC_4231.get(1..).unwrap();
        for bad in [
            "",
            "t=1795000000",
            &format!("v1={RFC_4231}"),
            &format!("t=,v1={RFC_4231}"),
            &format!("t=+1795000000,v1={RFC_4231}"),
            &format!("t=-1795000000,v1={RFC_4231}"),
            &format!("t=9999999999999,v1={RFC_4231}"),
            &format!("t=1795000000,t=1795000000,v1={RFC_4231}"),
            &format!("t=1795000000,v1={cut}"),
            &format!("t=1795000000,v1={RFC_4231}0"),
            &format!("t=1795000000,v1=g{cut}"),
            &format!("t=1795000000;v1={RFC_4231}"),
            &format!("t=1795000000{tags}"),
        ] {
            assert_eq!(of(&[bad]), Err(SignatureError::Malformed), "{bad}");
        }
    }

    #[test]
    fn the_time_is_within_five_minutes_either_way() {
        let at = |seconds: i64| {
            let time = NOW.0 / SECOND + seconds;
            of(&[&format!("t={time},v1={RFC_4231}")])
        };
        for seconds in [-299, 0, 299, 300] {
            assert!(at(seconds).is_ok(), "{seconds}");
        }
        // Half a second of this second is over.
        for seconds in [-300, -301, 301] {
            assert_eq!(at(seconds), Err(SignatureError::Time), "{seconds}");
        }
    }
}
