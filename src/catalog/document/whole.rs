//! The document as a whole.

use serde::{Deserialize, Serialize};

use super::accounts::{BrandDoc, PartnerDoc};
use super::offers::{AdDoc, EventTypeDoc, ProgramDoc};
use super::retired::RetiredDoc;
use super::terms::ContractDoc;

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
