//! Why a conversion earns nothing: the codes that impact.com publishes for `APISubmissions`.

/// A reason for which a submission does not become an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Nothing refers to it: no click id, one that does not verify, or one of another brand.
    ActionRefNotFound,
    /// A click refers to it but can't earn, for instance a click after the conversion.
    NoValidActionRef,
    /// The action date is past the referral window.
    OutsideAssociationWindow,
    /// No contract of the partner with the program was in force on the action date.
    ContractNotFound,
    /// The contract has no payout for this event type.
    ActionTermsNotFound,
    /// The partner is not active.
    PartnerNotActive,
    /// The program is not active.
    CampaignNotFound,
    /// The event type is not active.
    ActionTrackerNotActive,
    /// The same order id was credited before for this event type.
    ConvDuplicate,
    /// The click carried a deep link that was refused.
    Malformed,
}

impl Refusal {
    /// Every refusal with its stored byte, its published code and what it means for the reader.
    pub const ALL: &'static [(Self, u8, &'static str, &'static str)] = &[
        (
            Self::ActionRefNotFound,
            1,
            "ACTION_REF_NOT_FOUND",
            "no click refers to this conversion",
        ),
        (
            Self::NoValidActionRef,
            2,
            "NO_VALID_ACTION_REF",
            "the click it names can't earn it",
        ),
        (
            Self::OutsideAssociationWindow,
            3,
            "OUTSIDE_ASSOCIATION_WINDOW",
            "the action date is past the contract's referral window",
        ),
        (
            Self::ContractNotFound,
            4,
            "CONTRACT_NOT_FOUND",
            "the partner had no contract with the program on the action date",
        ),
        (
            Self::ActionTermsNotFound,
            5,
            "ACTIONTERMS_NOT_FOUND",
            "the contract has no payout for this event type",
        ),
        (
            Self::PartnerNotActive,
            6,
            "PARTNER_NOT_ACTIVE",
            "the partner is not active",
        ),
        (
            Self::CampaignNotFound,
            7,
            "CAMPAIGN_NOT_FOUND",
            "the program is not active",
        ),
        (
            Self::ActionTrackerNotActive,
            8,
            "ACTIONTRACKER_NOT_ACTIVE",
            "the event type is not active",
        ),
        (
            Self::ConvDuplicate,
            9,
            "CONV_DUPLICATE",
            "this order id was already credited for this event type",
        ),
        (
            Self::Malformed,
            10,
            "MALFORMED",
            "the click carried a deep link that was refused",
        ),
    ];

    /// The stored byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.row().map_or(0, |row| row.1)
    }

    /// The published code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().map_or("", |row| row.2)
    }

    /// What it means, as a sentence without a full stop.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.row().map_or("", |row| row.3)
    }

    /// The refusal stored as `byte`.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == byte).map(|row| row.0)
    }

    fn row(self) -> Option<&'static (Self, u8, &'static str, &'static str)> {
        Self::ALL.iter().find(|row| row.0 == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_codes_are_unique_and_read_back() {
        for (i, (refusal, byte, code, meaning)) in Refusal::ALL.iter().enumerate() {
            assert_eq!(Refusal::from_byte(*byte), Some(*refusal));
            assert_eq!((refusal.code(), refusal.meaning()), (*code, *meaning));
            assert!(
                Refusal::ALL
                    .iter()
                    .skip(i + 1)
                    .all(|row| row.1 != *byte && row.2 != *code)
            );
        }
        assert_eq!(Refusal::from_byte(0), None);
    }
}
