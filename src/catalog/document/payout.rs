//! What contracts pay, as written: prices, rules and limits.

use serde::{Deserialize, Serialize};

use crate::model::id::EventTypeId;

/// What one action of an event type earns: an amount or a rate, and who gets another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PayoutKeys", into = "PayoutKeys")]
pub struct PayoutDoc {
    /// The event type, of the contract's program.
    pub event_type: EventTypeId,
    /// A fixed amount in the program's currency, such as `"5.00"`.
    pub amount: Option<String>,
    /// A share of the order, such as `"12.5%"`.
    pub rate: Option<String>,
    /// What few payouts say; none when there is nothing of it.
    pub more: Option<Box<PayoutMore>>,
}

/// What few payouts say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayoutMore {
    /// `ORDER` or `ITEM`; the first when absent.
    pub level: Option<String>,
    /// How many actions one click may earn; any number when absent.
    pub recurrences_max: Option<u32>,
    /// Sets of rules that earn nothing.
    pub restrictions: Vec<Vec<RuleDoc>>,
    /// Other prices, ranked.
    pub groups: Vec<GroupDoc>,
    /// The most that is paid.
    pub limits: Vec<LimitDoc>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDoc {
    /// What is looked at.
    pub variable: String,
    /// How it is compared.
    pub operator: String,
    /// What with; any one suffices.
    pub values: Vec<String>,
}

/// A price for what certain rules describe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupDoc {
    /// Shown in explanations.
    pub name: String,
    /// All must hold.
    pub rules: Vec<RuleDoc>,
    /// A fixed amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// A share of the order or the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The most that is paid in this group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<LimitDoc>,
}

/// The most that is paid in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDoc {
    /// `PAYOUT` or `ACTIONS`.
    pub of: String,
    /// The sum, when payouts are limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// The number, when actions are limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// One of [`crate::catalog::check::SCOPES`]; the first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// One of [`crate::catalog::check::PERIODS`].
    pub period: String,
}

/// The keys of a payout as they stand in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayoutKeys {
    event_type: EventTypeId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recurrences_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    restrictions: Vec<Vec<RuleDoc>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    limits: Vec<LimitDoc>,
}

impl From<PayoutKeys> for PayoutDoc {
    fn from(keys: PayoutKeys) -> Self {
        let more = PayoutMore {
            level: keys.level,
            recurrences_max: keys.recurrences_max,
            restrictions: keys.restrictions,
            groups: keys.groups,
            limits: keys.limits,
        };
        Self {
            event_type: keys.event_type,
            amount: keys.amount,
            rate: keys.rate,
            more: (more != PayoutMore::default()).then(|| Box::new(more)),
        }
    }
}

impl From<PayoutDoc> for PayoutKeys {
    fn from(doc: PayoutDoc) -> Self {
        let more = doc.more.map_or_else(PayoutMore::default, |more| *more);
        Self {
            event_type: doc.event_type,
            amount: doc.amount,
            rate: doc.rate,
            level: more.level,
            recurrences_max: more.recurrences_max,
            restrictions: more.restrictions,
            groups: more.groups,
            limits: more.limits,
        }
    }
}
