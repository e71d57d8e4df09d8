//! The catalogue in memory: immutable, complete, with everything the hot path needs precomputed.
//!
//! Built by `catalog::build` from a validated document; shared as an `Arc` and replaced whole.
//! Look-ups are one hash probe each and allocate nothing. What a click reads of an entity lies
//! together in the map, so that a big catalogue costs it few lines of memory.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use ahash::AHashMap;
use jiff::tz::TimeZone;

use crate::model::currency::Currency;
use crate::model::id::{AdId, CatalogVersion, EventTypeId, PartnerId, ProgramId};
use crate::model::money::{Money, Rate};
use crate::model::time::Millis;

/// One version of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The version; 0 is the empty catalogue before the first apply.
    pub version: CatalogVersion,
    /// Brands by account SID.
    pub brands: AHashMap<Box<str>, Brand>,
    /// Programs by id.
    pub programs: AHashMap<ProgramId, Program>,
    /// Partners by id.
    pub partners: AHashMap<PartnerId, Partner>,
    /// Contracts of a partner with a program, ordered by start; periods do not overlap.
    pub contracts: AHashMap<(ProgramId, PartnerId), Contracts>,
}

/// A brand account.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Account SID, the user name of the API.
    pub sid: Box<str>,
    /// Shown in reports.
    pub name: Box<str>,
    /// Its programs in ascending order.
    pub programs: Vec<ProgramId>,
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
    /// How long after the event a conversion may be submitted and keep its date, milliseconds.
    pub late_limit: i64,
    /// Its ads.
    pub ads: AHashMap<AdId, Ad>,
    /// Its event types.
    pub event_types: AHashMap<EventTypeId, EventType>,
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
}

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
    /// Its properties: number and name.
    pub properties: Box<[(u32, Box<str>)]>,
}

/// A partner's terms in a program for one period.
#[derive(Clone, Debug)]
pub struct Contract {
    /// First instant it is in force.
    pub start: Millis,
    /// First instant it is no longer in force.
    pub end: Option<Millis>,
    /// How long after the click an action may happen, milliseconds.
    pub referral_window: i64,
    /// What it pays per event type.
    pub payouts: Payouts,
}

/// The contracts of one partner with one program. Most have one, which lies in the map itself.
#[derive(Clone, Debug)]
pub enum Contracts {
    /// One.
    One(Contract),
    /// None or several.
    Many(Box<[Contract]>),
}

impl Deref for Contracts {
    type Target = [Contract];

    fn deref(&self) -> &[Contract] {
        match self {
            Self::One(contract) => std::slice::from_ref(contract),
            Self::Many(contracts) => contracts,
        }
    }
}

impl DerefMut for Contracts {
    fn deref_mut(&mut self) -> &mut [Contract] {
        match self {
            Self::One(contract) => std::slice::from_mut(contract),
            Self::Many(contracts) => contracts,
        }
    }
}

impl From<Vec<Contract>> for Contracts {
    fn from(contracts: Vec<Contract>) -> Self {
        match <[Contract; 1]>::try_from(contracts) {
            Ok([contract]) => Self::One(contract),
            Err(contracts) => Self::Many(contracts.into()),
        }
    }
}

/// What a contract pays, ordered by event type. Contracts that pay the same share it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Payouts(Arc<[(EventTypeId, Payout)]>);

impl Payouts {
    /// Payouts of event types, each named once.
    #[must_use]
    pub fn new(mut payouts: Vec<(EventTypeId, Payout)>) -> Self {
        payouts.sort_unstable_by_key(|(event_type, _)| *event_type);
        Self(payouts.into())
    }

    /// What an action of this event type earns.
    #[must_use]
    pub fn get(&self, event_type: &EventTypeId) -> Option<&Payout> {
        let at = self.0.binary_search_by_key(event_type, |(own, _)| *own);
        self.0.get(at.ok()?).map(|(_, payout)| payout)
    }

    /// All of them, by event type.
    pub fn iter(&self) -> impl Iterator<Item = &(EventTypeId, Payout)> {
        self.0.iter()
    }

    /// How many event types it pays for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it pays nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What one action earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Payout {
    /// A fixed amount.
    Flat(Money),
    /// A share of the amount.
    Rate(Rate),
}

/// Where a contract search at an instant ends.
#[derive(Clone, Copy, Debug)]
pub enum Terms<'a> {
    /// This contract is in force.
    InForce(&'a Contract),
    /// The latest contract has ended.
    Ended,
    /// There was none, or the first begins later.
    NotJoined,
}

/// A landing page, validated and in the URL parser's own serialised form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The whole URL, ASCII.
    pub url: Box<str>,
    /// Where query pairs are inserted: before the fragment, else the end.
    pub insert_at: usize,
    /// What goes before the first inserted pair: `?`, `&`, or nothing when the query is open
    /// (the URL ends in `?` or `&` there).
    pub joiner: Option<u8>,
}

impl Landing {
    /// The name of its host.
    #[must_use]
    pub fn host(&self) -> &[u8] {
        let url = self.url.as_bytes();
        let after = url
            .strip_prefix(b"https://")
            .or_else(|| url.strip_prefix(b"http://"))
            .unwrap_or_default();
        let end = after
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        after.get(..end.unwrap_or(after.len())).unwrap_or_default()
    }
}

/// Which deep links a program permits.
#[derive(Clone, Debug, Default)]
pub struct DeepLinks {
    /// The program's switch.
    pub allowed: bool,
    /// Permitted hosts, lower-case ASCII.
    pub hosts: Vec<HostRule>,
}

/// One entry of a deep-link domain list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostRule {
    /// Exactly this host.
    Exact(Box<str>),
    /// Any host below this domain (`*.domain`), not the domain itself.
    Below(Box<str>),
}

/// Query pairs to append, split at their macros once so that filling one is copying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Segment>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Copied as it stands.
    Literal(Box<str>),
    /// Replaced by a percent-encoded value.
    Macro(Macro),
}

/// A value that a template can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Macro {
    /// `{clickid}`
    ClickId,
    /// `{iradid}`
    AdId,
    /// `{ircid}`
    ProgramId,
    /// `{irpid}`
    PartnerId,
    /// `{irmpname}`
    PartnerName,
    /// `{irmpgroupname}`
    PartnerGroup,
    /// `{irmptype}`: always `mediapartner`.
    PartnerType,
    /// `{iradname}`
    AdName,
    /// `{iradtype}`
    AdKind,
    /// `{sharedid}`
    SharedId,
    /// `{subid1}` to `{subid3}`, in partner templates only.
    SubId(u8),
    /// `{prodsku}`
    ProductSku,
    /// `{param1}` to `{param99}`
    Param(u8),
    /// `{ts}`: the click's time in Unix milliseconds.
    Timestamp,
}

impl HostRule {
    /// Whether `host` (lower-case ASCII, as the URL parser gives it) is permitted by this entry.
    #[must_use]
    pub fn permits(&self, host: &str) -> bool {
        match self {
            Self::Exact(listed) => **listed == *host,
            Self::Below(domain) => host
                .strip_suffix(&**domain)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty()),
        }
    }
}

impl DeepLinks {
    /// Whether the list permits `host`.
    #[must_use]
    pub fn permit(&self, host: &str) -> bool {
        self.allowed && self.hosts.iter().any(|rule| rule.permits(host))
    }
}

impl Landing {
    /// A landing page of a serialised URL.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let insert_at = memchr::memchr(b'#', url.as_bytes()).unwrap_or(url.len());
        let before = url.as_bytes().get(..insert_at).unwrap_or_default();
        let joiner = match (before.last(), memchr::memchr(b'?', before)) {
            (Some(b'?' | b'&'), Some(_)) => None,
            (_, Some(_)) => Some(b'&'),
            (_, None) => Some(b'?'),
        };
        Self {
            url: url.into(),
            insert_at,
            joiner,
        }
    }
}

impl Catalog {
    /// The program with this id.
    #[must_use]
    pub fn program(&self, id: ProgramId) -> Option<&Program> {
        self.programs.get(&id)
    }

    /// The partner with this id.
    #[must_use]
    pub fn partner(&self, id: PartnerId) -> Option<&Partner> {
        self.partners.get(&id)
    }

    /// The brand with this account SID.
    #[must_use]
    pub fn brand(&self, sid: &str) -> Option<&Brand> {
        self.brands.get(sid)
    }

    /// The terms of `partner` in `program` at `at`.
    #[must_use]
    pub fn terms(&self, program: ProgramId, partner: PartnerId, at: Millis) -> Terms<'_> {
        let Some(contracts) = self.contracts.get(&(program, partner)) else {
            return Terms::NotJoined;
        };
        match contracts.iter().rev().find(|contract| contract.start <= at) {
            None => Terms::NotJoined,
            Some(contract) if contract.end.is_some_and(|end| end <= at) => Terms::Ended,
            Some(contract) => Terms::InForce(contract),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_rules_compare_whole_labels() {
        let exact = HostRule::Exact("brand.example".into());
        let below = HostRule::Below("brand.example".into());
        for (host, is_exact, is_below) in [
            ("brand.example", true, false),
            ("www.brand.example", false, true),
            ("a.b.brand.example", false, true),
            ("notbrand.example", false, false),
            ("brand.example.evil.example", false, false),
            (".brand.example", false, false),
            ("brand.example.", false, false),
        ] {
            assert_eq!(
                (exact.permits(host), below.permits(host)),
                (is_exact, is_below),
                "{host}"
            );
        }
    }

    #[test]
    fn pairs_go_before_the_fragment() {
        for (url, insert_at, joiner) in [
            ("https://b.example/", 18, Some(b'?')),
            ("https://b.example/?a=1", 22, Some(b'&')),
            ("https://b.example/?", 19, None),
            ("https://b.example/?a=1&", 23, None),
            ("https://b.example/#x?y", 18, Some(b'?')),
            ("https://b.example/?a#f", 20, Some(b'&')),
        ] {
            let landing = Landing::new(url);
            assert_eq!(
                (landing.insert_at, landing.joiner),
                (insert_at, joiner),
                "{url}"
            );
        }
    }

    #[test]
    fn the_contract_in_force_is_found_by_its_period() {
        let contract = |start, end: Option<i64>| Contract {
            start: Millis(start),
            end: end.map(Millis),
            referral_window: 0,
            payouts: Payouts::new(Vec::new()),
        };
        let mut catalog = Catalog::default();
        let key = (ProgramId(1), PartnerId(2));
        catalog
            .contracts
            .insert(key, vec![contract(10, Some(20)), contract(30, None)].into());
        let state = |at| match catalog.terms(key.0, key.1, Millis(at)) {
            Terms::InForce(contract) => contract.start.0,
            Terms::Ended => -1,
            Terms::NotJoined => -2,
        };
        assert_eq!([9, 10, 19, 20, 29, 30].map(state), [-2, 10, 10, -1, -1, 30]);
        assert!(matches!(
            catalog.terms(key.0, PartnerId(3), Millis(10)),
            Terms::NotJoined
        ));
        let one = Contracts::from(vec![contract(1, None)]);
        assert!(matches!(one, Contracts::One(_)));
        assert_eq!((one.len(), Contracts::from(Vec::new()).len()), (1, 0));
    }

    #[test]
    fn payouts_are_found_by_event_type_in_any_order() {
        let payout = |n| (EventTypeId(n), Payout::Flat(Money(i64::from(n))));
        let payouts = Payouts::new(vec![payout(3), payout(1), payout(2)]);
        for n in 1..=3 {
            assert_eq!(payouts.get(&EventTypeId(n)), Some(&payout(n).1));
        }
        assert_eq!(payouts.get(&EventTypeId(4)), None);
        assert_eq!(
            payouts.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!((payouts.len(), payouts.is_empty()), (3, false));
    }
}
