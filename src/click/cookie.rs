//! The cookie on the tracking domain that tells a browser again, of programs that switch it on.
//!
//! In: the values of a request's `Cookie` headers. Out: the cookie they carry, or a fresh one, and
//! the `Set-Cookie` that an answer gives it with. It says nothing but a random number, and leaves
//! this process to its browser alone: what is stored is a fingerprint of it and one program, so two
//! programs can't tell by it that they have met the same browser. Called by public workers for
//! links of such programs, and for arrivals on the public listener.
//!
//! `SameSite=Lax` keeps pages of other sites from setting or sending it by an image or a script: a
//! click that nobody made tells nothing of anybody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::id::ProgramId;
use crate::model::submission::Person;

/// Its name.
pub const NAME: &str = "clickd";
/// Characters of its value.
pub const TEXT_LEN: usize = 22;
/// Random bytes that the value is the text of.
const BYTES_LEN: usize = 16;
/// What is asked of the browser; 365 days are the trade's life of such a cookie.
const TERMS: &str = "; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax";
const SECURE: &str = "; Secure";

/// A cookie, by its value: canonical base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cookie([u8; TEXT_LEN]);

impl Cookie {
    /// A cookie that no browser has yet; none while the system has no random bytes.
    #[must_use]
    pub fn fresh() -> Option<Self> {
        let mut bytes = [0; BYTES_LEN];
        getrandom::fill(&mut bytes).ok()?;
        let mut text = [0; TEXT_LEN];
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text).ok()?;
        (written == TEXT_LEN).then_some(Self(text))
    }

    /// The first one that is well formed in the values of the `Cookie` headers of a request.
    pub fn read<'a>(values: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        values
            .flat_map(|value| value.split(|byte| *byte == b';'))
            .find_map(|pair| {
                let pair = pair.trim_ascii().strip_prefix(NAME.as_bytes())?;
                Self::parse(pair.strip_prefix(b"=")?)
            })
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = <[u8; TEXT_LEN]>::try_from(text).ok()?;
        let mut bytes = [0; BYTES_LEN];
        // Trailing bits that stand for nothing are refused, so each cookie has one text.
        let read = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        (read == BYTES_LEN).then_some(Self(text))
    }

    /// Whoever sits at the browser that has it, as one program knows them.
    #[must_use]
    pub fn person(&self, program: ProgramId) -> Person {
        Person::of_cookie(program, &String::from_utf8_lossy(&self.0))
    }

    /// Appends the value of the `Set-Cookie` that gives it; `secure` when the browser speaks https.
    pub fn write(&self, out: &mut Vec<u8>, secure: bool) {
        let secure = if secure { SECURE } else { "" };
        let text = self.0.as_slice();
        for part in [
            NAME.as_bytes(),
            b"=",
            text,
            TERMS.as_bytes(),
            secure.as_bytes(),
        ] {
            out.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "AAECAwQFBgcICQoLDA0ODw";

    fn read(values: &[&str]) -> Option<String> {
        let cookie = Cookie::read(values.iter().map(|value| value.as_bytes()))?;
        let mut out = Vec::new();
        cookie.write(&mut out, false);
        String::from_utf8(out).ok()
    }

    #[test]
    fn a_cookie_is_read_wherever_it_stands_and_set_again() {
        let set = format!("clickd={TEXT}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
        let it = format!("clickd={TEXT}");
        for values in [
            &[&*it][..],
            &["a=b; c", &format!("x=y;{it} ; z=")],
            &[&format!(
                "clickd=short; clickd; {it}; clickd={}",
                "B".repeat(22)
            )],
        ] {
            assert_eq!(read(values), Some(set.clone()), "{values:?}");
        }
        let mut out = Vec::new();
        Cookie::parse(TEXT.as_bytes())
            .unwrap()
            .write(&mut out, true);
        assert_eq!(out, (set + "; Secure").into_bytes());
    }

    #[test]
    fn whatever_is_not_well_formed_is_no_cookie() {
        for value in [
            "",
            "clickd",
            "clickd=",
            "clickd=AAECAwQFBgcICQoLDA0OD",
            "clickd=AAECAwQFBgcICQoLDA0ODw=",
            "clickd=AAECAwQFBgcICQoLDA0ODx",
            "clickd=AAECAwQFBgcICQoLDA0O+w",
            "clickd=\"AAECAwQFBgcICQoLDA0ODw\"",
            "Clickd=AAECAwQFBgcICQoLDA0ODw",
            "xclickd=AAECAwQFBgcICQoLDA0ODw",
            "clickd =AAECAwQFBgcICQoLDA0ODw",
        ] {
            assert_eq!(read(&[value]), None, "{value}");
        }
    }

    #[test]
    fn fresh_cookies_differ_and_read_back() {
        let [one, other] = [(); 2].map(|()| Cookie::fresh().unwrap());
        assert_ne!(one, other);
        assert_eq!(Cookie::parse(&one.0), Some(one));
        let [here, there] = [7, 8].map(|program| one.person(ProgramId(program)));
        assert_ne!(here, there);
    }

    proptest! {
        #[test]
        fn any_values_are_survived(values: Vec<Vec<u8>>) {
            std::hint::black_box(Cookie::read(values.iter().map(Vec::as_slice)));
        }
    }
}
