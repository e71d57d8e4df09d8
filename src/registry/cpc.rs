//! Why a click is paid nothing, or less than its price.
//!
//! The first three codes are impact.com's; the others are ours, since the rest of its table is not
//! known. The bytes are stored, so none is ever given to another code.

use crate::model::refusal::coded;

/// What keeps a click from being paid its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CpcError {
    /// No unique click.
    InvalidClassification,
    /// No contract.
    ContractNotFound,
    /// No payout for clicks.
    ClickTrackerNotFound,
    /// Partner not active.
    InactivePartner,
    /// Program not active.
    PausedProgram,
    /// Deep link refused.
    MalformedDeepLink,
    /// Ad past its end.
    ExpiredAd,
    /// A restriction holds.
    Restricted,
    /// A limit on payouts.
    OverlimitBudget,
    /// A limit on the number of clicks.
    OverlimitActioncap,
}

impl CpcError {
    /// Every code with its stored byte and its meaning.
    pub const ALL: &'static [(Self, u8, &'static str, &'static str)] = &[
        (
            Self::InvalidClassification,
            1,
            "INVALID_CLASSIFICATION",
            "the click is not unique: a duplicate, a robot, a prefetch or a HEAD request",
        ),
        (
            Self::ContractNotFound,
            2,
            "CONTRACT_NOT_FOUND",
            "no contract of the partner with the program was in force",
        ),
        (
            Self::ClickTrackerNotFound,
            3,
            "CLICK_TRACKER_NOT_FOUND",
            "the program had no active event type of category CLICK, or the contract no payout for \
             it",
        ),
        (
            Self::InactivePartner,
            4,
            "INACTIVE_PARTNER",
            "the partner was not active (ours)",
        ),
        (
            Self::PausedProgram,
            5,
            "PAUSED_PROGRAM",
            "the program was not active (ours)",
        ),
        (
            Self::MalformedDeepLink,
            6,
            "MALFORMED_DEEP_LINK",
            "the deep link was refused (ours)",
        ),
        (
            Self::ExpiredAd,
            7,
            "EXPIRED_AD",
            "the ad had expired and the program does not pay for that (ours)",
        ),
        (
            Self::Restricted,
            8,
            "RESTRICTED",
            "a restriction of the contract holds (ours)",
        ),
        (
            Self::OverlimitBudget,
            9,
            "OVERLIMIT_BUDGET",
            "a limit on payouts left nothing, or only the part that is shown (ours)",
        ),
        (
            Self::OverlimitActioncap,
            10,
            "OVERLIMIT_ACTIONCAP",
            "a limit on the number of clicks was reached (ours)",
        ),
    ];
}

coded!(CpcError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_are_unique() {
        for (nth, (error, byte, code, meaning)) in CpcError::ALL.iter().enumerate() {
            assert_eq!(CpcError::from_byte(*byte), Some(*error));
            assert_eq!((error.byte(), error.code()), (*byte, *code));
            assert!(!meaning.is_empty());
            let mut rest = CpcError::ALL[nth + 1..].iter();
            assert!(rest.all(|other| other.1 != *byte && other.2 != *code));
        }
        assert_eq!(CpcError::from_byte(0), None);
    }
}
