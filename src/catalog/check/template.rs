//! Templates: query text with `{macros}`, split once so that filling one is copying.

use crate::catalog::problem::{Complaint, quoted};
use crate::catalog::snapshot::{Macro, Segment, Template};

/// The longest template in bytes.
pub(in crate::catalog) const TEMPLATE_MAX: usize = 2_048;

/// Macros without a number.
const PLAIN: &[(&str, Macro)] = &[
    ("clickid", Macro::ClickId),
    ("iradid", Macro::AdId),
    ("ircid", Macro::ProgramId),
    ("irpid", Macro::PartnerId),
    ("irmpname", Macro::PartnerName),
    ("irmpgroupname", Macro::PartnerGroup),
    ("irmptype", Macro::PartnerType),
    ("iradname", Macro::AdName),
    ("iradtype", Macro::AdKind),
    ("sharedid", Macro::SharedId),
    ("prodsku", Macro::ProductSku),
    ("ts", Macro::Timestamp),
];

/// Which links a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::catalog) enum Audience {
    /// Partner links only; may hold `{subid*}`, which are the partner's alone.
    Partner,
    /// All links of the program.
    Program,
}

/// Reads a template. An empty text appends nothing.
pub(in crate::catalog) fn template(text: &str, audience: Audience) -> Result<Template, Complaint> {
    let allowed = "pairs such as `utm_source=x&partner={irpid}`: URL query characters, %XX \
                   escapes and {macros}, at most 2048 bytes";
    if text.len() > TEMPLATE_MAX {
        return Err(Complaint::new(
            format!("is {} bytes long", text.len()),
            allowed,
        ));
    }
    if text.starts_with(['?', '&']) || text.ends_with('&') {
        return Err(Complaint::new(
            format!("{} begins or ends with a separator", quoted(text)),
            allowed,
        ));
    }
    let mut segments = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, after) = rest.split_once('{').unwrap_or((rest, ""));
        if let Some(bad) = unsafe_part(literal) {
            return Err(Complaint::new(
                format!("{} holds {}", quoted(text), quoted(bad)),
                allowed,
            ));
        }
        if !literal.is_empty() {
            segments.push(Segment::Literal(literal.into()));
        }
        if literal.len() == rest.len() {
            break;
        }
        let Some((name, after)) = after.split_once('}') else {
            return Err(Complaint::new(
                format!("{} has a `{{` without its `}}`", quoted(text)),
                allowed,
            ));
        };
        segments.push(Segment::Macro(named(name, audience)?));
        rest = after;
    }
    Ok(Template(segments))
}

/// The first piece of a literal that a query may not hold as it stands.
pub(super) fn unsafe_part(literal: &str) -> Option<&str> {
    for (at, c) in literal.char_indices() {
        let part = literal.get(at..)?;
        let fine = match c {
            '%' => part
                .as_bytes()
                .get(1..3)
                .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
            _ => c.is_ascii_alphanumeric() || "-._~!$()*+,;:@/?=&".contains(c),
        };
        if !fine {
            return part.get(..c.len_utf8());
        }
    }
    None
}

/// The macro called `name`, in any case.
fn named(name: &str, audience: Audience) -> Result<Macro, Complaint> {
    let lower = name.to_ascii_lowercase();
    let plain = PLAIN
        .iter()
        .find(|(known, _)| *known == lower)
        .map(|row| row.1);
    let found = plain.or_else(|| {
        if let Some(digits) = lower.strip_prefix("subid") {
            return number(digits, 3).map(Macro::SubId);
        }
        if let Some(digits) = lower.strip_prefix("mp_value") {
            return number(digits, 3).map(Macro::PartnerValue);
        }
        number(lower.strip_prefix("param")?, 99).map(Macro::Param)
    });
    match found {
        Some(Macro::SubId(_)) if audience == Audience::Program => Err(Complaint::new(
            format!(
                "{} would show a partner's sub id to others",
                quoted(&format!("{{{name}}}"))
            ),
            "{subid1} to {subid3} in partner_template only",
        )),
        Some(found) => Ok(found),
        None => {
            let plain: Vec<_> = PLAIN
                .iter()
                .map(|(known, _)| format!("{{{known}}}"))
                .collect();
            Err(Complaint::new(
                format!("{} is no macro", quoted(&format!("{{{name}}}"))),
                format!(
                    "one of {}, {{mp_value1}} to {{mp_value3}}, {{param1}} to {{param99}}, in \
                     partner_template also {{subid1}} to {{subid3}}",
                    plain.join(" ")
                ),
            ))
        }
    }
}

/// A number from 1 to `max`, written without leading zeros.
fn number(digits: &str, max: u8) -> Option<u8> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let value = digits.parse().ok().filter(|_| plain)?;
    (1..=max).contains(&value).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_split_at_their_macros() {
        let literal = |text: &str| Segment::Literal(text.into());
        for (text, segments) in [
            ("", vec![]),
            ("a=b&c=%20", vec![literal("a=b&c=%20")]),
            ("{CLICKID}", vec![Segment::Macro(Macro::ClickId)]),
            (
                "{mp_value1}{MP_VALUE3}",
                vec![
                    Segment::Macro(Macro::PartnerValue(1)),
                    Segment::Macro(Macro::PartnerValue(3)),
                ],
            ),
            (
                "a={irpid}_{SubId3}&p={param99}.",
                vec![
                    literal("a="),
                    Segment::Macro(Macro::PartnerId),
                    literal("_"),
                    Segment::Macro(Macro::SubId(3)),
                    literal("&p="),
                    Segment::Macro(Macro::Param(99)),
                    literal("."),
                ],
            ),
        ] {
            let read = template(text, Audience::Partner);
            assert_eq!(read, Ok(Template(segments)), "{text}");
        }
    }

    #[test]
    fn every_macro_has_a_name() {
        for (name, expected) in PLAIN {
            let read = template(&format!("x={{{name}}}"), Audience::Program);
            assert_eq!(
                read.map(|t| t.0.last().cloned()),
                Ok(Some(Segment::Macro(*expected))),
                "{name}"
            );
        }
    }

    #[test]
    fn other_templates_are_refused_with_the_reason() {
        let long = "x".repeat(TEMPLATE_MAX + 1);
        for (text, reason) in [
            ("a={click_id}", "no macro"),
            ("a={}", "no macro"),
            ("a={subid0}", "no macro"),
            ("a={subid4}", "no macro"),
            ("a={subid}", "no macro"),
            ("a={mp_value0}", "no macro"),
            ("a={mp_value4}", "no macro"),
            ("a={param0}", "no macro"),
            ("a={param100}", "no macro"),
            ("a={param+1}", "no macro"),
            ("a={param01}", "no macro"),
            ("a={{irpid}}", "no macro"),
            ("a={irpid", "without its"),
            ("a={", "without its"),
            ("a=irpid}", "holds `}`"),
            ("a=b#c", "holds `#`"),
            ("a=b c", "holds ` `"),
            ("a=\"b\"", "holds"),
            ("a='b'", "holds"),
            ("a=ä", "holds `ä`"),
            ("a=%2", "holds `%`"),
            ("a=%zz", "holds `%`"),
            ("a=b\r\nc", "holds"),
            ("?a=b", "separator"),
            ("&a=b", "separator"),
            ("a=b&", "separator"),
            (&long, "bytes long"),
        ] {
            let complaint = template(text, Audience::Partner).expect_err(text);
            assert!(complaint.problem.contains(reason), "{text}: {complaint:?}");
        }
        let complaint = template("a={subid1}", Audience::Program).unwrap_err();
        assert!(complaint.problem.contains("sub id"), "{complaint:?}");
    }
}
