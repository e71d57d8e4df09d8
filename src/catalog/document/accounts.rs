//! Brands and partners as written.

use serde::{Deserialize, Serialize};

use super::place::Line;
use super::value::active;
use crate::model::id::PartnerId;

/// A brand account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandDoc {
    /// Account SID.
    pub sid: String,
    /// Shown in reports.
    pub name: String,
    /// `OPTIONAL` or `REQUIRED`; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<String>,
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
    /// How it advertises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What the brands note about it, at most three; an empty text is no note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Whom to write to: a name, an address, a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Account SID that it reads its own figures by; no brand's and no other partner's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Its sites, profiles and apps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyDoc>,
    /// Beginnings of pages that are its alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_urls: Vec<String>,
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
