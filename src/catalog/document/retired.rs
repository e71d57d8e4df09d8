//! Ids that never come back.

use serde::{Deserialize, Serialize};

use crate::model::id::{AdId, EventTypeId, PartnerId, ProgramId};

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
    /// Postbacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub postbacks: Vec<u32>,
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
