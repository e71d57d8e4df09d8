//! The document as a whole.

use serde::{Deserialize, Serialize};

use super::accounts::{BrandDoc, PartnerDoc};
use super::lists::{ChannelDoc, ExceptionListDoc, PostbackDoc, PromoCodeDoc};
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
    /// Exception lists of all programs.
    #[serde(rename = "exception_list", skip_serializing_if = "Vec::is_empty")]
    pub exception_lists: Vec<ExceptionListDoc>,
    /// Channels of all programs; those of one program in the order in which they are tried.
    #[serde(rename = "channel", skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelDoc>,
    /// Event types of all programs.
    #[serde(rename = "event_type")]
    pub event_types: Vec<EventTypeDoc>,
    /// Ads of all programs.
    #[serde(rename = "ad")]
    pub ads: Vec<AdDoc>,
    /// Partners.
    #[serde(rename = "partner")]
    pub partners: Vec<PartnerDoc>,
    /// Promo codes of all programs; expressions in the order in which they are tried.
    #[serde(rename = "promo_code", skip_serializing_if = "Vec::is_empty")]
    pub promo_codes: Vec<PromoCodeDoc>,
    /// Contracts of partners with programs.
    #[serde(rename = "contract")]
    pub contracts: Vec<ContractDoc>,
    /// Receivers of notices.
    #[serde(rename = "postback", skip_serializing_if = "Vec::is_empty")]
    pub postbacks: Vec<PostbackDoc>,
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
            && self.exception_lists.is_empty()
            && self.channels.is_empty()
            && self.promo_codes.is_empty()
            && self.postbacks.is_empty()
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
            && self.exception_lists == other.exception_lists
            && self.channels == other.channels
            && self.promo_codes == other.promo_codes
            && self.postbacks == other.postbacks
            && self.retired == other.retired
    }
}
