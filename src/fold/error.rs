//! What stops the fold. Clicks and conversions go on being taken; reports stand still.

use crate::derived::{ActionId, DerivedError};
use crate::log::LogError;
use crate::model::id::{
    CatalogVersion, EventNumber, JudgementVersion, RulesVersion, Slot, StringRef, SubmissionId,
};

use super::click::robots::RobotsError;

/// Why a slot can't be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The log does not read, or a slot does not match its footer.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The derived store failed or is damaged.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// A sealed slot has no footer.
    #[error("slot {0} is sealed but has no footer")]
    FooterMissing(Slot),
    /// A footer names a catalogue that is not stored.
    #[error("catalogue version {0} is named by a footer but not stored")]
    CatalogMissing(CatalogVersion),
    /// A stored catalogue does not read.
    #[error("catalogue version {version} does not read: {why}")]
    CatalogDamaged {
        /// The version.
        version: CatalogVersion,
        /// What is wrong with it.
        why: String,
    },
    /// A footer names robot rules that are not stored.
    #[error("robot rules version {0} is named by a footer but not stored")]
    RulesMissing(RulesVersion),
    /// The judgement by which the rows were folded is not stored.
    #[error("judgement {0} is named by the derived rows but not stored")]
    JudgementMissing(JudgementVersion),
    /// Stored robot rules do not read.
    #[error("robot rules version {version} do not read: {source}")]
    RulesDamaged {
        /// The version.
        version: RulesVersion,
        /// What is wrong with them.
        source: RobotsError,
    },
    /// A click names a user agent that is not stored.
    #[error("string {0} is named by a click but not stored")]
    StringMissing(StringRef),
    /// A submission that waits for its click is not in the log.
    #[error("submission {0} waits for its click but is not in the log")]
    SubmissionMissing(SubmissionId),
    /// An order names an action that is not there.
    #[error("action {0} is named by its order but is not there")]
    ActionMissing(ActionId),
    /// The catalogue by which an action was credited holds no terms for it.
    #[error("action {0} was credited by terms that its catalogue does not hold")]
    TermsMissing(ActionId),
    /// Another slot than the next one is begun in the derived store.
    #[error("slot {0} is begun in the derived store, but is not the one to fold")]
    BegunOther(Slot),
    /// A click that counts as judged has no verdict.
    #[error("click {0:?} counts as judged but has no verdict")]
    VerdictMissing(EventNumber),
    /// The system gave no thread.
    #[error("the fold thread can't be started: {0}")]
    Thread(std::io::Error),
}

impl FoldError {
    /// The exit code of a process that ends because of it: 65 for damaged data, else 75.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Log(error) => error.exit_code(),
            Self::Derived(DerivedError::Corrupt { .. } | DerivedError::FamilyMissing(_))
            | Self::FooterMissing(_)
            | Self::CatalogMissing(_)
            | Self::CatalogDamaged { .. }
            | Self::RulesMissing(_)
            | Self::JudgementMissing(_)
            | Self::RulesDamaged { .. }
            | Self::StringMissing(_)
            | Self::SubmissionMissing(_)
            | Self::ActionMissing(_)
            | Self::TermsMissing(_)
            | Self::BegunOther(_)
            | Self::VerdictMissing(_) => 65,
            Self::Derived(_) | Self::Thread(_) => 75,
        }
    }
}
