//! Who takes part and what is on offer: brands, programs, ads, event types, partners.

use ahash::AHashMap;
use jiff::tz::TimeZone;

use super::channels::Channels;
use super::codes::{ExceptionLists, PromoCodes};
use super::landing::{DeepLinks, HostRule, Landing, Template};
use super::terms::Hours;
use crate::model::currency::Currency;
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};
use crate::model::network::NetworkRange;
use crate::model::time::Millis;

/// A brand account.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Account SID, the user name of the API.
    pub sid: Box<str>,
    /// Shown in reports.
    pub name: Box<str>,
    /// Its programs in ascending order.
    pub programs: Vec<ProgramId>,
    /// Whether its conversions and changes must be signed.
    pub signatures: Signatures,
}

/// What a brand says of signed requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// A signature is checked when it is sent.
    #[default]
    Optional,
    /// A request without one is refused.
    Required,
}

/// A program of one brand.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its id.
    pub id: ProgramId,
    /// Account SID of its brand.
    pub brand: Box<str>,
    /// Shown in reports.
    pub name: Box<str>,
    /// Whether its state is ACTIVE.
    pub active: bool,
    /// The zone whose calendar its reports follow.
    pub time_zone: TimeZone,
    /// IANA name of the zone.
    pub time_zone_name: Box<str>,
    /// Currency of its amounts and payouts.
    pub currency: Currency,
    /// Default landing page.
    pub landing: Landing,
    /// Deep links permitted.
    pub deep_links: DeepLinks,
    /// Name of the click-id parameter on the landing page (default `im_ref`).
    pub click_id_parameter: Box<str>,
    /// Unique-click window in milliseconds.
    pub unique_window: i64,
    /// ROLLING (every click prolongs the window) or FIXED.
    pub unique_rolling: bool,
    /// Appended to the landing page for partner links.
    pub partner_template: Template,
    /// Appended to the landing page for all links.
    pub program_template: Template,
    /// Whether clicks on expired ads are payable.
    pub pay_expired_ads: bool,
    /// What becomes of clicks that bear signs of fraud.
    pub risk: Risk,
    /// How long after the event a conversion may be submitted and keep its date, milliseconds.
    pub late_limit: i64,
    /// Its ads.
    pub ads: AHashMap<AdId, Ad>,
    /// Its event types.
    pub event_types: AHashMap<EventTypeId, EventType>,
    /// The one of them that pays for clicks.
    pub click_event_type: Option<EventTypeId>,
    /// Networks whose conversions are refused (`BLACKLISTED_SOURCE_IP`).
    pub blocked_networks: Box<[NetworkRange]>,
    /// The brand's own pages.
    pub site: Site,
    /// Promo codes and whom they belong to.
    pub codes: PromoCodes,
    /// Where arrivals come from when no partner sent them.
    pub channels: Channels,
    /// Lists that payout rules name.
    pub lists: ExceptionLists,
    /// The longest referral window of all its contracts, milliseconds.
    pub look_back: i64,
}

/// The pages of a program's brand, and what they may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Whether they may report arrivals.
    pub page_load: bool,
    /// Whether links and arrivals set a cookie on the tracking domain, by which a browser is known
    /// again.
    pub cookie: bool,
    /// Their hosts.
    pub hosts: Box<[HostRule]>,
}

/// An ad of one program.
#[derive(Clone, Debug)]
pub struct Ad {
    /// Its id.
    pub id: AdId,
    /// Shown in reports.
    pub name: Box<str>,
    /// `BANNER`, `TEXT_LINK` or `COUPON`, or another of impact.com's types.
    pub kind: &'static str,
    /// Its own landing page; the program's when it names none.
    pub landing: Landing,
    /// First instant of its life.
    pub start: Option<Millis>,
    /// First instant after its life.
    pub end: Option<Millis>,
    /// Whether it permits deep links, on top of the program's switch.
    pub deep_links: bool,
    /// Where its customers go after its end, if it says so.
    pub expired_landing: Option<Box<Landing>>,
}

/// What becomes of clicks that an image fired, whose headers do not fit, or that come from hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risk {
    /// They count, are paid and earn.
    #[default]
    Relaxed,
    /// They neither count nor are paid, but earn conversions.
    Moderate,
    /// They neither count, nor are paid, nor earn.
    Strict,
}

/// An event type (action tracker) of one program.
#[derive(Clone, Debug)]
pub struct EventType {
    /// Its id.
    pub id: EventTypeId,
    /// Optional text code, unique in its program.
    pub code: Option<Box<str>>,
    /// Shown in reports.
    pub name: Box<str>,
    /// `SALE`, `LEAD`, `INSTALL` or `CLICK`.
    pub category: &'static str,
    /// Whether conversions of it are credited.
    pub active: bool,
    /// Which click of a journey earns.
    pub credit: CreditPolicy,
    /// How long after an action another one of the same order id counts, milliseconds; none means
    /// never.
    pub order_id_window: Option<i64>,
    /// Whether a conversion without items is refused.
    pub needs_items: bool,
    /// `CustomerStatus` as sent (in any case), and the brand's own word for it. Empty permits all.
    pub customer_status: Box<[(Box<str>, Box<str>)]>,
    /// The brand's own reasons of reversals and modifications, beside the published ones.
    pub dispositions: Box<[Box<str>]>,
    /// Reasons that lock an action whose locking is open.
    pub locking_dispositions: Box<[Box<str>]>,
    /// Whether Non-preferred partners earn when nobody better took part.
    pub credit_non_preferred: bool,
    /// Terms of phone calls, when conversions of this type are calls.
    pub call: Option<CallTerms>,
}

/// Which click of a journey earns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CreditPolicy {
    /// The last one.
    #[default]
    LastClick,
    /// The first one.
    FirstClick,
}

/// What a phone call must be like to earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTerms {
    /// Shortest talk in seconds.
    pub min_talk_seconds: u32,
    /// How long another call of the same caller does not count, milliseconds; 0 counts every call.
    pub duplicate_window: i64,
    /// When calls count, in the program's zone; none means all day.
    pub hours: Option<Hours>,
    /// Whether calls of this event type earn at all.
    pub pays: bool,
}

/// How many values a partner has that brands note.
pub const PARTNER_VALUES: usize = 3;

/// A partner.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its id; never 0.
    pub id: PartnerId,
    /// Shown in reports.
    pub name: Box<str>,
    /// Whether its state is ACTIVE.
    pub active: bool,
    /// Group it is filed under, or empty.
    pub group: Box<str>,
    /// How it advertises, or empty.
    pub media_type: Box<str>,
    /// What the brands note about it, each or empty.
    pub values: [Box<str>; PARTNER_VALUES],
    /// Whom to write to, or empty.
    pub contact: Box<str>,
    /// Account SID that it reads its own figures by; empty without one.
    pub account: Box<str>,
    /// Its properties: number and name.
    pub properties: Box<[(u32, Box<str>)]>,
    /// Beginnings of pages that are the partner's alone, in the URL parser's own form, longest
    /// first.
    pub unique_urls: Box<[Box<str>]>,
}

impl Partner {
    /// The value that brands note as number `nth`, from 1.
    #[must_use]
    pub fn value(&self, nth: u8) -> Option<&str> {
        let value = self.values.get(usize::from(nth).checked_sub(1)?)?;
        Some(value)
    }
}

impl EventType {
    /// The category whose events are clicks themselves.
    pub const CLICK: &'static str = "CLICK";

    /// Whether its events are clicks, which are counted by links and never submitted.
    #[must_use]
    pub fn is_of_clicks(&self) -> bool {
        self.category == Self::CLICK
    }

    /// Whether a change for this reason locks an action whose locking is open.
    #[must_use]
    pub fn is_locked_by(&self, reason: &str) -> bool {
        let mut reasons = self.locking_dispositions.iter();
        reasons.any(|listed| **listed == *reason)
    }

    /// The brand's own word for a customer status, or none when it is not among those permitted.
    #[must_use]
    pub fn own_customer_status<'a>(&'a self, sent: &'a str) -> Option<&'a str> {
        if self.customer_status.is_empty() {
            return Some(sent);
        }
        let mut known = self.customer_status.iter();
        known
            .find(|(word, _)| word.eq_ignore_ascii_case(sent))
            .map(|(_, own)| &**own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_status_has_the_brands_own_word() {
        let mut kind = EventType {
            id: EventTypeId(1),
            code: None,
            name: "Sale".into(),
            category: "SALE",
            active: true,
            credit: CreditPolicy::LastClick,
            order_id_window: None,
            needs_items: false,
            customer_status: Box::default(),
            dispositions: Box::default(),
            locking_dispositions: Box::default(),
            credit_non_preferred: true,
            call: None,
        };
        assert_eq!(kind.own_customer_status("any"), Some("any"));
        kind.customer_status = [("first".into(), "NEW".into())].into();
        assert_eq!(kind.own_customer_status("First"), Some("NEW"));
        assert_eq!(kind.own_customer_status("NEW"), None);
    }
}
