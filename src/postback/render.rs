//! Fills in the templates of a destination. Pure.
//!
//! In: the destination of the catalogue and the facts of one notice. Out: the request as it is
//! stored and sent. Called by the source of events, once for each event; what it makes is kept, so
//! a later catalogue or action changes no event.
//!
//! Invariants: a value can't leave its place. In a URL and a form it is percent-encoded whole, in a
//! JSON body it is escaped as the inside of a string. A partner's own values go to partners only,
//! also if a template of a brand asks for them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::catalog::snapshot::{
    Audience, BodyType, Destination, Filled, Method, NoticeKind, NoticeMacro, Piece,
};
use crate::model::currency::Currency;
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::money::{Money, decimal_text};
use crate::model::referral::ReferringType;
use crate::model::time::Millis;

use super::ledger::{self, Kind, Pending, Request};

/// What one notice tells: a value for every macro. Texts without a value are empty.
#[derive(Clone, Debug)]
pub struct NoticeFacts<'a> {
    /// The program.
    pub program: ProgramId,
    /// Its name.
    pub program_name: &'a str,
    /// The zone that dates are written in: the program's.
    pub zone: &'a TimeZone,
    /// The event type.
    pub event_type: EventTypeId,
    /// Its name.
    pub event_type_name: &'a str,
    /// The event type's category, such as SALE.
    pub category: &'a str,
    /// The partner that is credited.
    pub partner: PartnerId,
    /// Its name.
    pub partner_name: &'a str,
    /// How the action came to the partner.
    pub referring_type: ReferringType,
    /// The text of the action's id: program, event type and order, with points between.
    pub action: &'a str,
    /// The number of the update that the notice tells; the first is 1.
    pub update: u32,
    /// PENDING, APPROVED or REVERSED.
    pub status: &'a str,
    /// The reason of this update; empty for the first one.
    pub status_detail: &'a str,
    /// The ad of the click; 0 without one.
    pub ad: AdId,
    /// The payout after this update.
    pub payout: Money,
    /// By how much this update changed it; may be negative.
    pub delta_payout: Money,
    /// The payout as first priced, before limits and changes.
    pub intended_payout: Money,
    /// The amount after this update.
    pub amount: Money,
    /// By how much this update changed it; may be negative.
    pub delta_amount: Money,
    /// The amount as first sent.
    pub intended_amount: Money,
    /// The currency of all amounts and payouts.
    pub currency: Currency,
    /// When the action happened.
    pub event_date: Millis,
    /// When it was received.
    pub creation_date: Millis,
    /// When it locks; nothing while that is open.
    pub locking_date: Option<Millis>,
    /// When the customer was referred; nothing without a click.
    pub referring_date: Option<Millis>,
    /// The order id.
    pub order_id: &'a str,
    /// The promo code of the order.
    pub promo_code: &'a str,
    /// The brand's word for the customer.
    pub customer_status: &'a str,
    /// The click's shared id.
    pub shared_id: &'a str,
    /// The click's first three sub ids.
    pub sub_ids: [&'a str; 3],
    /// Where the click led.
    pub landing_page_url: &'a str,
    /// The items of the order.
    pub items: &'a [NoticeItem<'a>],
}

/// One item of a notice.
#[derive(Clone, Copy, Debug)]
pub struct NoticeItem<'a> {
    /// The brand's number of the thing sold.
    pub sku: &'a str,
    /// How many.
    pub quantity: u32,
    /// What they cost together.
    pub amount: Money,
}

/// Everything but letters, digits and `-._~`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How values are escaped where a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    Percent,
    Json,
    Nothing,
}

/// The request that tells `destination` of `facts`.
#[must_use]
pub fn render(destination: &Destination, facts: &NoticeFacts<'_>) -> Request {
    let fill = |template: &Filled, escape| fill(destination, facts, template, escape);
    let (method, body) = match destination.method {
        Method::Get => (ledger::Method::Get, None),
        Method::Post => (ledger::Method::Post, destination.body.as_ref()),
    };
    let body = body.map(|(of, template)| {
        let (escape, content_type) = match of {
            BodyType::Json => (Escape::Json, "application/json"),
            BodyType::Form => (Escape::Percent, "application/x-www-form-urlencoded"),
            BodyType::Text => (Escape::Nothing, "text/plain; charset=utf-8"),
        };
        (content_type, fill(template, escape))
    });
    let (content_type, body) = body.unzip();
    Request {
        method,
        url: fill(&destination.url, Escape::Percent).into(),
        body: body.map(String::into_boxed_str),
        content_type: content_type.map(Into::into),
    }
}

/// The event of a notice of `kind` that was made at `made`; due after the destination's delay.
#[must_use]
pub fn event(
    destination: &Destination,
    facts: &NoticeFacts<'_>,
    kind: NoticeKind,
    made: Millis,
) -> Pending {
    Pending {
        event: event_id(destination, facts).into(),
        kind: match kind {
            NoticeKind::Tracked => Kind::Tracked,
            NoticeKind::Modified => Kind::Modified,
            NoticeKind::Reversed => Kind::Reversed,
        },
        request: render(destination, facts),
        tries: 0,
        first_at: None,
        next_at: made.plus(destination.delay),
        last_status: None,
        last_error: None,
    }
}

fn event_id(destination: &Destination, facts: &NoticeFacts<'_>) -> String {
    format!("E-{}.{}-{}", facts.action, facts.update, destination.id)
}

fn fill(
    destination: &Destination,
    facts: &NoticeFacts<'_>,
    template: &Filled,
    escape: Escape,
) -> String {
    let mut out = String::new();
    for piece in &template.0 {
        let asked = match piece {
            Piece::Literal(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Macro(asked) => *asked,
        };
        if asked == NoticeMacro::Items {
            // A list is JSON and nothing else.
            if escape == Escape::Json {
                put_items(&mut out, facts);
            }
            continue;
        }
        if asked.is_partners_own() && destination.audience == Audience::Brand {
            continue;
        }
        let value = value(destination, facts, asked);
        match escape {
            Escape::Percent => out.extend(utf8_percent_encode(&value, ESCAPED)),
            Escape::Json => put_inside(&mut out, &value),
            Escape::Nothing => out.push_str(&value),
        }
    }
    out
}

fn value<'a>(
    destination: &Destination,
    facts: &NoticeFacts<'a>,
    asked: NoticeMacro,
) -> Cow<'a, str> {
    let money = |of: Money| Cow::Owned(amount(of, facts.currency));
    let when = |at: Option<Millis>| Cow::Owned(date(at, facts.zone));
    let [first, second, third] = facts.sub_ids;
    match asked {
        NoticeMacro::CampaignId => facts.program.to_string().into(),
        NoticeMacro::CampaignName => facts.program_name.into(),
        NoticeMacro::ActionTrackerId => facts.event_type.to_string().into(),
        NoticeMacro::ActionTrackerName => facts.event_type_name.into(),
        NoticeMacro::MediaPartnerId => facts.partner.to_string().into(),
        NoticeMacro::MediaPartnerName => facts.partner_name.into(),
        NoticeMacro::ActionType => facts.category.into(),
        NoticeMacro::ReferringType => facts.referring_type.name().into(),
        NoticeMacro::ActionId => facts.action.into(),
        NoticeMacro::Status => facts.status.into(),
        NoticeMacro::StatusDetail => facts.status_detail.into(),
        NoticeMacro::AdId => facts.ad.to_string().into(),
        NoticeMacro::Payout => money(facts.payout),
        NoticeMacro::DeltaPayout => money(facts.delta_payout),
        NoticeMacro::IntendedPayout => money(facts.intended_payout),
        // Nothing is converted, so the original is the amount itself.
        NoticeMacro::Amount | NoticeMacro::OriginalAmount => money(facts.amount),
        NoticeMacro::DeltaAmount => money(facts.delta_amount),
        NoticeMacro::IntendedAmount => money(facts.intended_amount),
        NoticeMacro::Currency | NoticeMacro::OriginalCurrency => {
            facts.currency.code().to_owned().into()
        }
        NoticeMacro::EventDate => when(Some(facts.event_date)),
        NoticeMacro::CreationDate => when(Some(facts.creation_date)),
        NoticeMacro::LockingDate => when(facts.locking_date),
        NoticeMacro::ReferringDate => when(facts.referring_date),
        NoticeMacro::Oid => facts.order_id.into(),
        NoticeMacro::PromoCode => facts.promo_code.into(),
        NoticeMacro::CustomerStatus => facts.customer_status.into(),
        NoticeMacro::SharedId => facts.shared_id.into(),
        NoticeMacro::LandingPageUrl => facts.landing_page_url.into(),
        NoticeMacro::SubId1 => first.into(),
        NoticeMacro::SubId2 => second.into(),
        NoticeMacro::SubId3 => third.into(),
        NoticeMacro::EventId => event_id(destination, facts).into(),
        NoticeMacro::Items => Cow::Borrowed(""),
    }
}

fn amount(of: Money, currency: Currency) -> String {
    decimal_text(i128::from(of.0), currency.decimals())
}

/// ISO 8601 to the second, with the offset of the zone at that time.
fn date(at: Option<Millis>, zone: &TimeZone) -> String {
    let at = at.and_then(|at| Timestamp::from_second(at.0.div_euclid(1_000)).ok());
    at.map_or_else(String::new, |at| {
        at.display_with_offset(zone.to_offset(at)).to_string()
    })
}

/// `text` as the inside of a JSON string.
fn put_inside(out: &mut String, text: &str) {
    // A text has no key that is no text, and a string takes every byte.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    out.push_str(inside.unwrap_or_default());
}

fn put_items(out: &mut String, facts: &NoticeFacts<'_>) {
    out.push('[');
    for (number, item) in facts.items.iter().enumerate() {
        out.push_str(if number == 0 {
            "{\"sku\":\""
        } else {
            ",{\"sku\":\""
        });
        put_inside(out, item.sku);
        out.push_str("\",\"qty\":");
        out.push_str(&item.quantity.to_string());
        out.push_str(",\"amt\":");
        out.push_str(&amount(item.amount, facts.currency));
        out.push('}');
    }
    out.push(']');
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
