//! Contracts as written.
//!
//! Most contracts say only what they pay. What few say lies in boxes of its own, so that a document
//! of 100,000 contracts stays small; in the file all keys stand side by side.

use serde::{Deserialize, Serialize};

use super::payout::PayoutDoc;
use super::place::Line;
use super::value::{date, maybe_date};
use crate::model::id::{PartnerId, ProgramId};

/// A partner's terms in a program for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ContractKeys", into = "ContractKeys")]
pub struct ContractDoc {
    /// The program.
    pub program: ProgramId,
    /// The partner.
    pub partner: PartnerId,
    /// First day or instant it is in force.
    pub start: String,
    /// Last day it is in force, or the instant at which it ends.
    pub end: Option<String>,
    /// How long after the click an action may happen.
    pub referral_window: String,
    /// What it pays per event type.
    pub payouts: Vec<PayoutDoc>,
    /// What few contracts say; none when there is nothing of it.
    pub more: Option<Box<ContractMore>>,
    /// Where it stands in the file.
    pub line: Line,
}

/// What few contracts say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContractMore {
    /// One of [`crate::catalog::check::CREDIT_GROUPS`]; the first when absent.
    pub credit_group: Option<String>,
    /// The ways of referring that earn, of [`crate::catalog::check::ACCEPTS`]; all when absent.
    pub accepts: Option<Vec<String>>,
    /// When its actions lock.
    pub locking: Option<LockingDoc>,
    /// What it pays instead at certain times.
    pub scheduled: Vec<ScheduledDoc>,
}

/// When actions lock: a word, or so many months and days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LockingDoc {
    /// `OPEN`.
    Word(String),
    /// After the end of a month.
    After(LockingDays),
}

/// So many days after the end of the month that is so many months after the action's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockingDays {
    /// Months.
    pub months: u32,
    /// Days.
    #[serde(default)]
    pub days: u32,
}

/// Payouts that count at certain times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledDoc {
    /// Shown in explanations.
    pub name: String,
    /// First day or instant.
    #[serde(deserialize_with = "date")]
    pub start: String,
    /// Last day, or the instant at which it ends.
    #[serde(deserialize_with = "date")]
    pub end: String,
    /// `MON` to `SUN`; every day when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// Such as `09:00-17:00` on the program's clock; all day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// What is paid then.
    pub payouts: Vec<PayoutDoc>,
}

/// The keys of a contract as they stand in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractKeys {
    program: ProgramId,
    partner: PartnerId,
    #[serde(deserialize_with = "date")]
    start: String,
    #[serde(
        default,
        deserialize_with = "maybe_date",
        skip_serializing_if = "Option::is_none"
    )]
    end: Option<String>,
    #[serde(default = "referral_window")]
    referral_window: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepts: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locking: Option<LockingDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    payouts: Vec<PayoutDoc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scheduled: Vec<ScheduledDoc>,
}

impl From<ContractKeys> for ContractDoc {
    fn from(keys: ContractKeys) -> Self {
        let more = ContractMore {
            credit_group: keys.credit_group,
            accepts: keys.accepts,
            locking: keys.locking,
            scheduled: keys.scheduled,
        };
        Self {
            program: keys.program,
            partner: keys.partner,
            start: keys.start,
            end: keys.end,
            referral_window: keys.referral_window,
            payouts: keys.payouts,
            more: (more != ContractMore::default()).then(|| Box::new(more)),
            line: Line::default(),
        }
    }
}

impl From<ContractDoc> for ContractKeys {
    fn from(doc: ContractDoc) -> Self {
        let more = doc.more.map_or_else(ContractMore::default, |more| *more);
        Self {
            program: doc.program,
            partner: doc.partner,
            start: doc.start,
            end: doc.end,
            referral_window: doc.referral_window,
            credit_group: more.credit_group,
            accepts: more.accepts,
            locking: more.locking,
            payouts: doc.payouts,
            scheduled: more.scheduled,
        }
    }
}

fn referral_window() -> String {
    "30d".to_owned()
}
