//! Exception lists, channels, promo codes and postbacks as written.

use serde::{Deserialize, Serialize};

use super::place::Line;
use super::value::{active, maybe_date};
use crate::model::id::{EventTypeId, PartnerId, ProgramId};

/// Values that payout rules ask for by the list's id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExceptionListDoc {
    /// Its program.
    pub program: ProgramId,
    /// Its number, unique in its program.
    pub id: u32,
    /// Shown in explanations.
    pub name: String,
    /// One of [`crate::catalog::check::LIST_TYPES`].
    #[serde(rename = "type")]
    pub kind: String,
    /// `EQ` or `REGEX`; the first when absent.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<String>,
    /// Its values.
    pub values: Vec<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// A channel of the brand's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelDoc {
    /// Its program.
    pub program: ProgramId,
    /// Its name, unique in its program.
    pub name: String,
    /// How it stands against partners; it never takes credit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_group: Option<String>,
    /// All must hold; a channel without any is never arrived by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ChannelRuleDoc>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// One condition on an arrival.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelRuleDoc {
    /// What is looked at.
    pub part: String,
    /// How it is compared.
    pub operator: String,
    /// What with; any one suffices.
    pub values: Vec<String>,
}

/// A promo code, or an expression that many match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromoCodeDoc {
    /// Its program.
    pub program: ProgramId,
    /// The code or the expression.
    pub code: String,
    /// `LI` or `RE`; the first when absent.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The partner it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// The channel it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// When its partner earns, of [`crate::catalog::check::CODE_POLICIES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit_policy: Option<String>,
    /// First day or instant.
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub start: Option<String>,
    /// Last day, or the instant at which it ends.
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    pub end: Option<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}

/// One receiver of notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostbackDoc {
    /// Its number.
    pub id: u32,
    /// Whose actions it hears of.
    pub program: ProgramId,
    /// `BRAND` or `PARTNER`.
    pub audience: String,
    /// The partner, when the audience is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// The only event type it hears of; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventTypeId>,
    /// What it hears of, of [`crate::catalog::check::NOTICE_KINDS`]; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// `GET` or `POST`; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where, with macros.
    pub url: String,
    /// What it is sent, with macros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What the body is, of [`crate::catalog::check::BODY_TYPES`]; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How long a notice waits at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(default = "active")]
    pub state: String,
    /// Where it stands in the file.
    #[serde(skip)]
    pub line: Line,
}
