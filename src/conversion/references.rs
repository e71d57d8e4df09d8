//! What a conversion names besides its event and its money: who is to be credited, who bought, and
//! the call it came by.
//!
//! The forms of the fields are checked by [`rules`](super::rules); what is not of its form is left
//! out here.

use std::net::IpAddr;

use crate::model::click::Network;
use crate::model::id::{PartnerId, ProgramId};
use crate::model::submission::{Call, CallStatus, Fingerprint, Person, Reference};

use super::fields::Fields;

/// Every attribution key but the click id, sorted, each once.
#[must_use]
pub fn read(fields: &Fields, program: ProgramId) -> Vec<Reference> {
    let first = |names: [&'static str; 2]| names.iter().find_map(|name| fields.filled(name));
    let partner = first(["MediaId", "MediaPartnerId"])
        .and_then(|id| id.parse().ok())
        .map(|id| Reference::Partner(PartnerId(id)));
    let external = fields
        .filled("CustomClickId")
        .map(|id| Reference::External(Fingerprint::of_external_click(program, id)));
    let persons = Person::FIELDS.iter().filter_map(|(field, _)| {
        let person = Person::named(program, field, fields.filled(field)?)?;
        Some(Reference::Person(person))
    });
    let code = first(["PromoCode", "OrderPromoCode"]).map(|code| Reference::PromoCode(code.into()));
    let url = fields
        .filled("UniqueUrl")
        .and_then(page)
        .map(|url| Reference::UniqueUrl(url.into()));
    let caller = fields
        .filled("CallerId")
        .map(|id| Reference::Caller(Fingerprint::of_caller(program, id)));
    let mut references: Vec<Reference> = persons.collect();
    references.extend([partner, external, code, url, caller].into_iter().flatten());
    references.sort();
    references.dedup();
    references
}

/// The click id: `ClickId`, or the one that an app was installed with.
#[must_use]
pub fn click_id(fields: &Fields) -> Option<String> {
    if let Some(id) = fields.filled("ClickId") {
        return Some(id.to_owned());
    }
    let pairs = url::form_urlencoded::parse(fields.filled("AppInstallRef")?.as_bytes());
    let mut ids = pairs.filter(|(name, id)| name.eq_ignore_ascii_case("ClickId") && !id.is_empty());
    ids.next().map(|(_, id)| id.into_owned())
}

/// A page's address as it is compared: `http` or `https`, as a URL is written.
#[must_use]
pub fn page(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.into())
}

/// The network of `IpAddress`.
#[must_use]
pub fn network(fields: &Fields) -> Option<Network> {
    let address: IpAddr = fields.filled("IpAddress")?.parse().ok()?;
    Some(Network::of(address))
}

/// What was said about a call. One without a status was answered.
#[must_use]
pub fn call(fields: &Fields) -> Option<Call> {
    let status = fields.filled("CallStatus");
    let talk = fields
        .filled("TalkDuration")
        .or_else(|| fields.filled("CallDuration"));
    if status.is_none() && talk.is_none() {
        return None;
    }
    let is_answered = status.is_none_or(|status| status.eq_ignore_ascii_case("ANSWER"));
    Some(Call {
        status: if is_answered {
            CallStatus::Answered
        } else {
            CallStatus::Incomplete
        },
        talk_seconds: talk.and_then(|talk| talk.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: ProgramId = ProgramId(1000);

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let mut errors = Vec::new();
        let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        let fields = Fields::collect(pairs.iter().map(owned).collect(), &mut errors);
        assert_eq!(errors, []);
        fields
    }

    #[test]
    fn every_key_becomes_a_reference_in_order_of_precedence() {
        let person = |field, value| Person::named(PROGRAM, field, value).unwrap();
        let mut persons = vec![
            Reference::Person(person("CustomerId", "c")),
            Reference::Person(person("CustomProfileId", "p")),
            Reference::Person(person("AndroidId", "a")),
            Reference::Person(person("AppleIfa", "a")),
            Reference::Person(person("AppleIfv", "a")),
            Reference::Person(person("GoogAId", "a")),
        ];
        persons.sort();
        let mut expected = vec![
            Reference::Partner(PartnerId(7)),
            Reference::External(Fingerprint::of_external_click(PROGRAM, "x")),
        ];
        expected.append(&mut persons);
        expected.extend([
            Reference::PromoCode("SAVE".into()),
            Reference::UniqueUrl("https://a.example/?q=1".into()),
            Reference::Caller(Fingerprint::of_caller(PROGRAM, "1")),
        ]);
        let sent = fields(&[
            ("ClickId", "not one of them"),
            ("CallerId", "1"),
            ("UniqueUrl", "HTTPS://A.example?q=1"),
            ("OrderPromoCode", "SAVE"),
            ("PromoCode", "SAVE"),
            ("GoogAId", "A"),
            ("AndroidId", "a"),
            ("AppleIfa", "a"),
            ("AppleIfv", "a"),
            ("CustomProfileId", "p"),
            ("CustomerId", "c"),
            ("CustomClickId", "x"),
            ("MediaPartnerId", "7"),
        ]);
        assert_eq!(read(&sent, PROGRAM), expected);
        assert_eq!(read(&fields(&[("CustomerId", "")]), PROGRAM), []);
    }

    #[test]
    fn an_install_brings_its_click_id_where_none_is_sent() {
        for (pairs, id) in [
            (
                &[("ClickId", "a"), ("AppInstallRef", "ClickId=b")][..],
                Some("a"),
            ),
            (
                &[("ClickId", ""), ("AppInstallRef", "ClickId=b")],
                Some("b"),
            ),
            (
                &[("AppInstallRef", "utm_source=x&clickid=b%2Bc")],
                Some("b+c"),
            ),
            (&[("AppInstallRef", "ClickId=")], None),
            (&[("AppInstallRef", "b")], None),
            (&[], None),
        ] {
            assert_eq!(click_id(&fields(pairs)).as_deref(), id, "{pairs:?}");
        }
    }

    #[test]
    fn a_call_has_a_status_and_a_length() {
        use CallStatus::{Answered, Incomplete};
        for (pairs, expected) in [
            (&[][..], None),
            (&[("CallerId", "1")], None),
            (&[("CallStatus", "answer")], Some((Answered, None))),
            (&[("CallStatus", "BUSY")], Some((Incomplete, None))),
            (&[("TalkDuration", "61")], Some((Answered, Some(61)))),
            (&[("CallDuration", "70")], Some((Answered, Some(70)))),
            (
                &[("CallDuration", "70"), ("TalkDuration", "61")],
                Some((Answered, Some(61))),
            ),
        ] {
            let call = call(&fields(pairs)).map(|call| (call.status, call.talk_seconds));
            assert_eq!(call, expected, "{pairs:?}");
        }
    }
}
