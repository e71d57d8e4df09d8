//! Fills in the `Location` of a redirect.
//!
//! Hot path. Appends into a buffer the caller reuses. Order of the appended pairs: the program's
//! template, the partner's template (for known partners), the click id. They go before a fragment.
//! Every value is percent-encoded, so no value can end its pair or the header.

use crate::catalog::snapshot::{Macro, Segment, Template};
use crate::link::{Link, percent};
use crate::model::click::Parameter;
use crate::model::click_id::TEXT_LEN;
use crate::model::time::Millis;

use super::decide::Decision;

/// Appends the whole URL for `decision` to `out`.
pub fn write(
    out: &mut Vec<u8>,
    decision: &Decision<'_>,
    link: &Link<'_>,
    click_id: &[u8; TEXT_LEN],
    now: Millis,
) {
    let landing = decision.landing;
    let url = landing.url.as_bytes();
    let (before, fragment) = url
        .split_at_checked(landing.insert_at)
        .unwrap_or((url, &[]));
    out.extend_from_slice(before);
    out.extend(landing.joiner);
    let program = decision.program;
    let partner_template = decision.partner.map(|_| &program.partner_template);
    for template in [Some(&program.program_template), partner_template]
        .into_iter()
        .flatten()
    {
        if !template.0.is_empty() {
            fill(out, template, decision, link, click_id, now);
            out.push(b'&');
        }
    }
    out.extend_from_slice(program.click_id_parameter.as_bytes());
    out.push(b'=');
    out.extend_from_slice(click_id);
    out.extend_from_slice(fragment);
}

fn fill(
    out: &mut Vec<u8>,
    template: &Template,
    decision: &Decision<'_>,
    link: &Link<'_>,
    click_id: &[u8; TEXT_LEN],
    now: Millis,
) {
    for segment in &template.0 {
        let asked = match segment {
            Segment::Literal(text) => {
                out.extend_from_slice(text.as_bytes());
                continue;
            }
            Segment::Macro(asked) => *asked,
        };
        let partner = decision.partner;
        match asked {
            Macro::ClickId => out.extend_from_slice(click_id),
            Macro::AdId => put_number(out, link.ad.0.into()),
            Macro::ProgramId => put_number(out, link.program.0.into()),
            Macro::PartnerId => put_number(out, link.partner.0.into()),
            Macro::Timestamp => put_number(out, u64::try_from(now.0).unwrap_or(0)),
            Macro::PartnerType => out.extend_from_slice(b"mediapartner"),
            Macro::PartnerName => put_text(out, partner.map(|partner| &*partner.name)),
            Macro::PartnerGroup => put_text(out, partner.map(|partner| &*partner.group)),
            Macro::PartnerValue(n) => put_text(out, partner.and_then(|partner| partner.value(n))),
            Macro::AdName => put_text(out, decision.ad.map(|ad| &*ad.name)),
            Macro::AdKind => put_text(out, decision.ad.map(|ad| ad.kind)),
            Macro::SharedId => percent::encode(link.value(Parameter::SharedId), out),
            Macro::SubId(n) => percent::encode(link.value(Parameter::SubId(n)), out),
            Macro::ProductSku => percent::encode(link.value(Parameter::ProductSku), out),
            Macro::Param(n) => percent::encode(link.value(Parameter::Param(n)), out),
        }
    }
}

fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    percent::encode(text.unwrap_or_default().as_bytes(), out);
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        if let (Some(digit), Ok(value)) = (digits.get_mut(at), u8::try_from(rest % 10)) {
            *digit = b'0' + value;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}
