//! Contracts as written.

use serde::{Deserialize, Serialize};

use super::place::Line;
use super::value::{date, maybe_date};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};

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

fn referral_window() -> String {
    "30d".to_owned()
}
