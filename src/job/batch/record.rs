//! What is known of an uploaded file, and what is wrong with its lines: JSON in the log.
//!
//! Invariants: `cursor` rows of the file are done, and `stored`, `retries` and `refused` of the
//! conversions or changes in them; only these and the times change once a file is queued.

use serde::{Deserialize, Serialize};

use crate::model::id::JobId;
use crate::model::time::Millis;

/// Most lines of one file whose errors are kept.
pub const ERRORS_KEPT_MAX: u64 = 10_000;
/// Characters of a value that an error repeats.
const SHOWN_MAX: usize = 64;

/// What the lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Conversions.
    Conversion,
    /// Modifications of actions.
    Modification,
    /// Reversals of actions.
    Reversal,
}

impl BatchKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Conversion, Self::Modification, Self::Reversal];

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Conversion => "Conversion",
            Self::Modification => "Modification",
            Self::Reversal => "Reversal",
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// CSV with a header line.
    Csv,
    /// One JSON object a line.
    Lines,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRecord {
    /// The job.
    pub job: JobId,
    /// SID of the account that sent it.
    pub account: String,
    /// What its lines are.
    pub kind: BatchKind,
    /// How it is written.
    pub form: Form,
    /// Its name, as it was sent.
    pub file_name: String,
    /// BLAKE3 of its bytes, in hexadecimal digits.
    pub digest: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// A signature of its upload verified.
    pub is_signed: bool,
    /// When it was received.
    pub created: Millis,
    /// Rows that are done.
    pub cursor: u64,
    /// Conversions or changes of theirs that are stored.
    pub stored: u64,
    /// Those that were stored before.
    pub retries: u64,
    /// Those that are wrong.
    pub refused: u64,
    /// When its last row was done.
    pub completed: Option<Millis>,
    /// It ended because its bytes were gone; sent again, it goes on.
    pub is_lost: bool,
}

impl BatchRecord {
    /// The number of the file: the same account, kind, form and bytes are the same job.
    #[must_use]
    pub fn id(account: &str, kind: BatchKind, form: Form, digest: &blake3::Hash) -> JobId {
        let mut hasher = blake3::Hasher::new();
        let form = match form {
            Form::Csv => "csv",
            Form::Lines => "lines",
        };
        for part in ["uploaded file", account, kind.name(), form] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hasher.update(&length.to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(digest.as_bytes());
        JobId::of_digest(hasher.finalize().as_bytes())
    }

    /// Whether `other` has the same bytes from the same account, to be read in the same way.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        let is_read_alike = (self.kind, self.form) == (other.kind, other.form);
        is_read_alike && self.account == other.account && self.digest == other.digest
    }

    /// When its last row was done; nothing before `settled` of what is stored of it, which is all,
    /// has come to its outcome.
    #[must_use]
    pub fn completed(&self, settled: u64) -> Option<Millis> {
        self.completed.filter(|_| settled >= self.stored)
    }

    /// Its published status once `settled` of what is stored of it has come to its outcome.
    #[must_use]
    pub fn status(&self, settled: u64) -> &'static str {
        match (self.completed(settled), self.cursor) {
            (Some(_), _) => "Complete",
            (None, 0) => "Queued",
            (None, _) => "In Progress",
        }
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineError {
    /// The line, from 1.
    pub line: u64,
    /// `CampaignId` as it was sent.
    pub program: Option<String>,
    /// `ActionTrackerId` or `EventTypeId` as it was sent.
    pub event_type: Option<String>,
    /// `EventTypeCode` as it was sent.
    pub event_code: Option<String>,
    /// `MediaId` or `MediaPartnerId` as it was sent.
    pub partner: Option<String>,
    /// `OrderId` as it was sent.
    pub order_id: Option<String>,
    /// `Category` as it was sent.
    pub category: Option<String>,
    /// `Sku` as it was sent.
    pub sku: Option<String>,
    /// A published code, where one fits.
    pub code: Option<String>,
    /// Every field that is wrong, and what is allowed.
    pub message: String,
}

impl LineError {
    /// What an error repeats of a line, found by the names of fields.
    pub(super) fn told(line: u64, value: impl Fn(&[&str]) -> Option<String>) -> Self {
        let sent = |names: &[&str]| {
            let found = value(names)?;
            Some(found.chars().take(SHOWN_MAX).collect())
        };
        Self {
            line,
            program: sent(&["CampaignId"]),
            event_type: sent(&["ActionTrackerId", "EventTypeId"]),
            event_code: sent(&["EventTypeCode"]),
            partner: sent(&["MediaId", "MediaPartnerId"]),
            order_id: sent(&["OrderId", "Oid"]),
            category: sent(&["Category", "ItemCategory1"]),
            sku: sent(&["Sku", "ItemSku1"]),
            code: None,
            message: String::new(),
        }
    }

    /// The error of a line whose entry was stored with these fields, and refused.
    #[must_use]
    pub fn of_fields(
        line: u64,
        fields: &[(Box<str>, Box<str>)],
        code: &str,
        meaning: &str,
    ) -> Self {
        let value = |names: &[&str]| {
            let mut fields = fields.iter();
            let found = fields.find(|(name, value)| names.contains(&&**name) && !value.is_empty());
            found.map(|(_, value)| value.to_string())
        };
        Self {
            code: Some(code.to_owned()),
            message: meaning.to_owned(),
            ..Self::told(line, value)
        }
    }
}
