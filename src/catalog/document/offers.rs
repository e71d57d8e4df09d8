//! Programs, ads and event types as written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::Line;
use super::value::{active, is_no, is_yes, maybe_date, yes};
use crate::model::id::{AdId, EventTypeId, ProgramId};

/// A program of one brand.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file that its author switches"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramDoc {
    /// Its number.
    pub id: ProgramId,
    /// Account SID of its brand.
    pub brand: String,
    /// Shown in reports.
    pub name: String,
    /// One of [`super::super::check::PROGRAM_STATES`]; only `ACTIVE` serves.
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
    /// One of [`super::super::check::UNIQUE_WINDOWS`].
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
    /// One of [`super::super::check::RISKS`]: what becomes of clicks that bear signs of fraud.
    #[serde(default = "risk")]
    pub risk: String,
    /// How late a conversion may come and keep its date.
    #[serde(default = "late_limit")]
    pub late_limit: String,
    /// Whether the brand's pages may report arrivals.
    #[serde(default, skip_serializing_if = "is_no")]
    pub page_load: bool,
    /// Whether links set a cookie on the tracking domain.
    #[serde(default, skip_serializing_if = "is_no")]
    pub cookie: bool,
    /// Hosts of the brand's pages, `domain.tld` or `*.domain.tld`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub site_hosts: Vec<String>,
    /// Networks whose conversions are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_networks: Vec<String>,
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
    /// One of [`super::super::check::AD_TYPES`].
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
    /// One of [`super::super::check::CATEGORIES`].
    pub category: String,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(default = "active")]
    pub state: String,
    /// One of [`crate::catalog::check::CREDIT_POLICIES`]; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_policy: Option<String>,
    /// After which time an order id counts again; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id_window: Option<String>,
    /// Whether a conversion without items is refused.
    #[serde(default, skip_serializing_if = "is_no")]
    pub needs_items: bool,
    /// `CustomerStatus` as sent, and the brand's own word for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub customer_status: BTreeMap<String, String>,
    /// The brand's own reasons of reversals and modifications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dispositions: Vec<String>,
    /// Reserved: reasons that lock an action of an open-ended contract.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locking_dispositions: Vec<String>,
    /// Whether Non-preferred partners earn when nobody better took part.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub credit_non_preferred: bool,
    /// What a call must be like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallDoc>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// What a phone call must be like to earn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallDoc {
    /// Shortest talk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_talk: Option<String>,
    /// How long another call of the same caller does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_window: Option<String>,
    /// When calls count, such as `09:00-18:00` on the program's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Whether calls earn at all.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub pays: bool,
}

fn click_id_parameter() -> String {
    "im_ref".to_owned()
}

fn unique_click_window() -> String {
    "30m".to_owned()
}

fn risk() -> String {
    "RELAXED".to_owned()
}

fn unique_click_type() -> String {
    "ROLLING".to_owned()
}

fn late_limit() -> String {
    "88d".to_owned()
}
