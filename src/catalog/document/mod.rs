//! The catalogue as its author writes it: plain values, nothing checked yet but their shape.
//!
//! The same types are read from TOML (`parse`), stored as JSON in the log (`stored`) and written
//! back as TOML (`export`). Unknown keys are refused everywhere. `config/catalog.toml` documents
//! each key; the rules of the values are in `build` and `check`.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::problem::Place;
use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};

/// The whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogDoc {
    /// The version it was exported from; 0 for the first.
    pub version: u32,
    /// Brands.
    #[serde(rename = "brand")]
    pub brands: Vec<BrandDoc>,
    /// Programs.
    #[serde(rename = "program")]
    pub programs: Vec<ProgramDoc>,
    /// Event types of all programs.
    #[serde(rename = "event_type")]
    pub event_types: Vec<EventTypeDoc>,
    /// Ads of all programs.
    #[serde(rename = "ad")]
    pub ads: Vec<AdDoc>,
    /// Partners.
    #[serde(rename = "partner")]
    pub partners: Vec<PartnerDoc>,
    /// Contracts of partners with programs.
    #[serde(rename = "contract")]
    pub contracts: Vec<ContractDoc>,
    /// Ids that were removed and never come back.
    #[serde(skip_serializing_if = "RetiredDoc::is_empty")]
    pub retired: RetiredDoc,
}

/// A brand account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandDoc {
    /// Account SID.
    pub sid: String,
    /// Shown in reports.
    pub name: String,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// A program of one brand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramDoc {
    /// Its number.
    pub id: ProgramId,
    /// Account SID of its brand.
    pub brand: String,
    /// Shown in reports.
    pub name: String,
    /// One of [`super::check::PROGRAM_STATES`]; only `ACTIVE` serves.
    #[serde(default = "active")]
    pub state: String,
    /// IANA name of the zone whose calendar its reports follow.
    pub time_zone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Default landing page.
    pub landing_page: String,
    /// Whether links may name their own destination.
    #[serde(default)]
    pub deep_linking: bool,
    /// Permitted destinations, `domain.tld` or `*.domain.tld`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deep_link_domains: Vec<String>,
    /// Query name of the click id on the landing page.
    #[serde(default = "click_id_parameter")]
    pub click_id_parameter: String,
    /// One of [`super::check::UNIQUE_WINDOWS`].
    #[serde(default = "unique_click_window")]
    pub unique_click_window: String,
    /// `ROLLING` or `FIXED`.
    #[serde(default = "unique_click_type")]
    pub unique_click_type: String,
    /// Query text with macros for partner links; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partner_template: String,
    /// Query text with macros for all links; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub program_template: String,
    /// Whether clicks on expired ads are payable.
    #[serde(default = "yes")]
    pub pay_expired_ads: bool,
    /// How late a conversion may come and keep its date.
    #[serde(default = "late_limit")]
    pub late_limit: String,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// An ad of one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdDoc {
    /// Its program.
    pub program: ProgramId,
    /// Its number, unique in its program.
    pub id: AdId,
    /// Shown in reports.
    pub name: String,
    /// One of [`super::check::AD_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Its own landing page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing_page: Option<String>,
    /// First day or instant of its life.
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<String>,
    /// Last day of its life, or the instant at which it ends.
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub end: Option<String>,
    /// Whether it permits deep links, on top of the program's switch.
    #[serde(default = "yes")]
    pub deep_linking: bool,
    /// Where its customers go after its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_landing_page: Option<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// An event type of one program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTypeDoc {
    /// Its program.
    pub program: ProgramId,
    /// Its number, unique in its program.
    pub id: EventTypeId,
    /// Text code, unique in its program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Shown in reports.
    pub name: String,
    /// One of [`super::check::CATEGORIES`].
    pub category: String,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(default = "active")]
    pub state: String,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// A partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDoc {
    /// Its number; never 0, which gathers unknown partners.
    pub id: PartnerId,
    /// Shown in reports.
    pub name: String,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(default = "active")]
    pub state: String,
    /// Group it is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its sites, profiles and apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyDoc>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// A property of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyDoc {
    /// Its number, unique among the partner's.
    pub id: u32,
    /// Shown in reports.
    pub name: String,
}

/// A partner's terms in a program for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractDoc {
    /// The program.
    pub program: ProgramId,
    /// The partner.
    pub partner: PartnerId,
    /// First day or instant it is in force.
    #[serde(deserialize_with = "date")]
    pub start: String,
    /// Last day it is in force, or the instant at which it ends.
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub end: Option<String>,
    /// How long after the click an action may happen.
    #[serde(default = "referral_window")]
    pub referral_window: String,
    /// What it pays per event type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payouts: Vec<PayoutDoc>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// What one action of an event type earns: an amount or a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayoutDoc {
    /// The event type, of the contract's program.
    pub event_type: EventTypeId,
    /// A fixed amount in the program's currency, such as `"5.00"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// A share of the order, such as `"12.5%"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
}

/// Ids that were removed; `catalog apply --prune` writes them, nothing takes them out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetiredDoc {
    /// Programs.
    pub programs: Vec<ProgramId>,
    /// Partners.
    pub partners: Vec<PartnerId>,
    /// Ads, each with the program it belonged to.
    pub ads: Vec<RetiredAd>,
    /// Event types, each with the program it belonged to.
    pub event_types: Vec<RetiredEventType>,
}

/// A removed ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredAd {
    /// The program it belonged to.
    pub program: ProgramId,
    /// Its number.
    pub id: AdId,
}

/// A removed event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredEventType {
    /// The program it belonged to.
    pub program: ProgramId,
    /// Its number.
    pub id: EventTypeId,
}

impl RetiredDoc {
    /// Whether nothing was ever removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl CatalogDoc {
    /// Whether it names no entity at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.brands.is_empty()
            && self.programs.is_empty()
            && self.event_types.is_empty()
            && self.ads.is_empty()
            && self.partners.is_empty()
            && self.contracts.is_empty()
    }

    /// Whether both say the same, whatever version they carry.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.brands == other.brands
            && self.programs == other.programs
            && self.event_types == other.event_types
            && self.ads == other.ads
            && self.partners == other.partners
            && self.contracts == other.contracts
            && self.retired == other.retired
    }
}

/// The line an entity begins on, when it was read from a file.
///
/// Two lines always compare equal, so that a document equals itself wherever it was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line(pub Option<usize>);

impl PartialEq for Line {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Line {}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, "line {line}, "),
            None => Ok(()),
        }
    }
}

impl Place for BrandDoc {
    fn place(&self) -> String {
        format!("{}brand {}", self.line, self.sid.escape_debug())
    }
}

impl Place for ProgramDoc {
    fn place(&self) -> String {
        format!("{}program {}", self.line, self.id)
    }
}

impl Place for AdDoc {
    fn place(&self) -> String {
        format!("{}ad {} of program {}", self.line, self.id, self.program)
    }
}

impl Place for EventTypeDoc {
    fn place(&self) -> String {
        let (line, id, program) = (self.line, self.id, self.program);
        format!("{line}event_type {id} of program {program}")
    }
}

impl Place for PartnerDoc {
    fn place(&self) -> String {
        format!("{}partner {}", self.line, self.id)
    }
}

impl Place for ContractDoc {
    fn place(&self) -> String {
        contract_place(self.line, self.partner, self.program, &self.start)
    }
}

/// Where a contract stands.
pub(super) fn contract_place(
    line: Line,
    partner: PartnerId,
    program: ProgramId,
    start: &str,
) -> String {
    let start = start.escape_debug();
    format!("{line}contract of partner {partner} with program {program} from {start}")
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn click_id_parameter() -> String {
    "im_ref".to_owned()
}

fn unique_click_window() -> String {
    "30m".to_owned()
}

fn unique_click_type() -> String {
    "ROLLING".to_owned()
}

fn late_limit() -> String {
    "88d".to_owned()
}

fn referral_window() -> String {
    "30d".to_owned()
}

fn yes() -> bool {
    true
}

/// Reads a date written as text or as a TOML date.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(DateText)
}

fn maybe_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    date(deserializer).map(Some)
}

struct DateText;

impl<'de> Visitor<'de> for DateText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date such as 2026-01-31 or an instant such as 2026-01-31T12:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<String, A::Error> {
        toml::value::Datetime::deserialize(de::value::MapAccessDeserializer::new(map))
            .map(|date| date.to_string())
    }
}
