//! Texts of notices: addresses and bodies with macros, split once.
//!
//! A macro is a name in braces. In an address and a form every brace belongs to one; in JSON and
//! plain text only a brace with a name and its closing brace behind it does. The host of an address
//! holds no macro, so that no value can send a notice elsewhere.

use url::Url;

use super::template::unsafe_part;
use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{BodyType, Filled, NoticeMacro, Piece};

/// The longest address in bytes.
const URL_MAX: usize = 2_048;
/// The longest body in bytes.
const BODY_MAX: usize = 8_192;

/// An address with macros. `is_partner` tells who hears.
pub(in crate::catalog) fn url(text: &str, is_partner: bool) -> Result<Filled, Complaint> {
    let refuse = |problem: String| {
        Err(Complaint::new(
            problem,
            "an http or https URL of at most 2048 bytes, with {macros} behind its host and no \
             user name or fragment",
        ))
    };
    if text.is_empty() || text.len() > URL_MAX {
        return refuse(format!("is {} bytes long", text.len()));
    }
    let pieces = strict(text, is_partner)?;
    let behind = ["https://", "http://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let Some(behind) = behind else {
        return refuse(format!("{} has no scheme of these", quoted(text)));
    };
    let host = behind.split(['/', '?']).next().unwrap_or_default();
    // A URL parser skips further slashes, and would take what stands behind them for the host.
    if host.is_empty() {
        return refuse(format!("{} has no host", quoted(text)));
    }
    if host.contains(['{', '@']) {
        return refuse(format!(
            "{} has more than a host before its path",
            quoted(text)
        ));
    }
    let filled = stand_in(&pieces, |_| "1");
    match Url::parse(&filled) {
        Ok(_) => Ok(Filled(pieces.into())),
        Err(error) => refuse(format!("{} is no URL: {error}", quoted(text))),
    }
}

/// A body with macros.
pub(in crate::catalog) fn body(
    text: &str,
    kind: BodyType,
    is_partner: bool,
) -> Result<Filled, Complaint> {
    if text.is_empty() || text.len() > BODY_MAX {
        return Err(Complaint::new(
            format!("is {} bytes long", text.len()),
            format!("1 to {BODY_MAX} bytes"),
        ));
    }
    let pieces = match kind {
        BodyType::Form => strict(text, is_partner)?,
        BodyType::Json => json(text, is_partner)?,
        BodyType::Text => loose(text, false, is_partner)?,
    };
    Ok(Filled(pieces.into()))
}

/// Pieces of a text in which every brace belongs to a macro.
fn strict(text: &str, is_partner: bool) -> Result<Vec<Piece>, Complaint> {
    let allowed = "URL query characters, %XX escapes and {macros}";
    let refuse = |problem: String| Err(Complaint::new(problem, allowed));
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, after) = match rest.split_once('{') {
            Some((literal, after)) => (literal, Some(after)),
            None => (rest, None),
        };
        if let Some(bad) = unsafe_part(literal) {
            return refuse(format!("{} holds {}", quoted(text), quoted(bad)));
        }
        push(&mut pieces, literal);
        let Some(after) = after else { break };
        let Some((name, after)) = after.split_once('}') else {
            return refuse(format!("{} has a `{{` without its `}}`", quoted(text)));
        };
        pieces.push(Piece::Macro(named(name, false, is_partner)?));
        rest = after;
    }
    Ok(pieces)
}

/// Pieces of a text in which only a name in braces is a macro.
fn loose(text: &str, is_json: bool, is_partner: bool) -> Result<Vec<Piece>, Complaint> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('{')) {
        let open = at + open;
        at = open + 1;
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
        let Some(name) = end.and_then(|end| rest.get(..end)) else {
            break;
        };
        if name.is_empty()
            || !rest
                .get(name.len()..)
                .is_some_and(|tail| tail.starts_with('}'))
        {
            continue;
        }
        push(&mut pieces, text.get(from..open).unwrap_or_default());
        pieces.push(Piece::Macro(named(name, is_json, is_partner)?));
        at += name.len() + 1;
        from = at;
    }
    push(&mut pieces, text.get(from..).unwrap_or_default());
    Ok(pieces)
}

/// Pieces of a text that is JSON whatever the macros stand for.
fn json(text: &str, is_partner: bool) -> Result<Vec<Piece>, Complaint> {
    let pieces = loose(text, true, is_partner)?;
    // A list is never valid inside quotes, a text never outside them, a number in both places.
    let filled = stand_in(&pieces, |of| match of {
        NoticeMacro::Items => "[\"\"]",
        of if of.is_number() => "1",
        _ => "x",
    });
    match serde_json::from_str::<serde::de::IgnoredAny>(&filled) {
        Ok(_) => Ok(pieces),
        Err(error) => Err(Complaint::new(
            format!("is no JSON once its macros are filled: {error}"),
            "JSON with {macros}: texts between quotes, {Items} without them, numbers either way",
        )),
    }
}

fn push(pieces: &mut Vec<Piece>, literal: &str) {
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.into()));
    }
}

fn stand_in(pieces: &[Piece], value: impl Fn(NoticeMacro) -> &'static str) -> String {
    let mut filled = String::new();
    for piece in pieces {
        filled.push_str(match piece {
            Piece::Literal(literal) => literal,
            Piece::Macro(of) => value(*of),
        });
    }
    filled
}

/// The macro called `name`, where it may stand and be heard.
fn named(name: &str, is_json: bool, is_partner: bool) -> Result<NoticeMacro, Complaint> {
    let shown = quoted(&format!("{{{name}}}"));
    match NoticeMacro::named(name) {
        None => {
            let mut names: Vec<_> = NoticeMacro::ALL.iter().map(|(_, own)| *own).collect();
            names.sort_unstable();
            Err(Complaint::new(
                format!("{shown} is no macro"),
                format!("one of {}, in this case of letters", names.join(", ")),
            ))
        }
        Some(of) if of.is_partners_own() && !is_partner => Err(Complaint::new(
            format!("{shown} would show a partner's sub id to others"),
            "{SubId1} to {SubId3} for the audience PARTNER only",
        )),
        Some(NoticeMacro::Items) if !is_json => Err(Complaint::new(
            format!("{shown} is a JSON list"),
            "{Items} in bodies of the content_type JSON only",
        )),
        Some(of) => Ok(of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into())
    }

    #[test]
    fn addresses_are_split_at_their_macros() {
        let text = "https://b.example:8443/in?oid={Oid}&p={Payout}";
        let pieces = [
            literal("https://b.example:8443/in?oid="),
            Piece::Macro(NoticeMacro::Oid),
            literal("&p="),
            Piece::Macro(NoticeMacro::Payout),
        ];
        assert_eq!(url(text, false), Ok(Filled(pieces.into())));
        for text in [
            "http://b.example",
            "https://10.0.0.7/x",
            "https://b.example/{CampaignId}/{SubId1}",
            "https://b.example?x=%20{EventId}",
        ] {
            assert!(url(text, true).is_ok(), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused_with_the_reason() {
        let long = format!("https://b.example/{}", "x".repeat(URL_MAX));
        for (text, reason) in [
            ("", "0 bytes"),
            (&*long, "bytes long"),
            ("ftp://b.example/", "no scheme"),
            ("b.example/", "no scheme"),
            ("{Oid}", "no scheme"),
            ("https://", "no host"),
            ("https:///x", "no host"),
            ("https:///{Oid}/x", "no host"),
            ("https://?{Oid}", "no host"),
            ("https://b.example:x/", "no URL"),
            ("https://{Oid}/", "more than a host"),
            ("https://{Oid}.b.example/", "more than a host"),
            ("https://b.example{Oid}", "more than a host"),
            ("https://me@b.example/", "more than a host"),
            ("https://b.example/#x", "holds `#`"),
            ("https://b.example/a b", "holds ` `"),
            ("https://b.example/ä", "holds `ä`"),
            ("https://b.example/%2", "holds `%`"),
            ("https://b.example/}", "holds `}`"),
            ("https://b.example/{Oid", "without its"),
            ("https://b.example/{oid}", "`{oid}` is no macro"),
            ("https://b.example/{}", "`{}` is no macro"),
            ("https://b.example/{SubId1}", "sub id"),
            ("https://b.example/{SubId4}", "no macro"),
            ("https://b.example/{Items}", "JSON list"),
        ] {
            let complaint = url(text, false).expect_err(text);
            assert!(complaint.problem.contains(reason), "{text}: {complaint:?}");
            assert!(!complaint.allowed.is_empty());
        }
    }

    #[test]
    fn json_is_json_whatever_its_macros_stand_for() {
        let text = "{\"id\":\"{ActionId}\",\"p\":{Payout},\"items\":{Items},\"e\":{}}";
        let pieces = [
            literal("{\"id\":\""),
            Piece::Macro(NoticeMacro::ActionId),
            literal("\",\"p\":"),
            Piece::Macro(NoticeMacro::Payout),
            literal(",\"items\":"),
            Piece::Macro(NoticeMacro::Items),
            literal(",\"e\":{}}"),
        ];
        assert_eq!(body(text, BodyType::Json, false), Ok(Filled(pieces.into())));
        for (text, reason) in [
            ("{\"id\":{ActionId}}", "no JSON"),
            ("{\"items\":\"{Items}\"}", "no JSON"),
            ("{\"id\":\"{ActionId}\"", "no JSON"),
            ("{\"id\":\"{Action}\"}", "`{Action}` is no macro"),
            ("{\"id\":\"{SubId2}\"}", "sub id"),
            ("", "0 bytes"),
        ] {
            let complaint = body(text, BodyType::Json, false).expect_err(text);
            assert!(complaint.problem.contains(reason), "{text}: {complaint:?}");
        }
        assert!(body("{\"id\":\"{SubId2}\"}", BodyType::Json, true).is_ok());
    }

    #[test]
    fn forms_and_texts_have_rules_of_their_own() {
        for (text, kind, reason) in [
            ("a={Oid}&b={Items}", BodyType::Form, "JSON list"),
            ("a=b c", BodyType::Form, "holds ` `"),
            ("a={", BodyType::Form, "without its"),
            ("action {Nobody}", BodyType::Text, "no macro"),
            ("items {Items}", BodyType::Text, "JSON list"),
        ] {
            let complaint = body(text, kind, false).expect_err(text);
            assert!(complaint.problem.contains(reason), "{text}: {complaint:?}");
        }
        let long = "x".repeat(BODY_MAX + 1);
        assert!(body(&long, BodyType::Text, false).is_err());
        let pieces = [
            literal("Größe {a b} {"),
            Piece::Macro(NoticeMacro::Oid),
            literal("} {"),
        ];
        let read = body("Größe {a b} {{Oid}} {", BodyType::Text, false);
        assert_eq!(read, Ok(Filled(pieces.into())));
    }
}
