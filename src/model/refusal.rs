//! Why a conversion earns nothing: the codes that impact.com publishes for `APISubmissions`.

/// Reads the table `ALL` of an enum of codes: variant, stored byte, code, meaning.
macro_rules! coded {
    ($name:ident) => {
        impl $name {
            /// The stored byte.
            #[must_use]
            pub fn byte(self) -> u8 {
                self.row().map_or(0, |row| row.1)
            }

            /// The code, as it is published.
            #[must_use]
            pub fn code(self) -> &'static str {
                self.row().map_or("", |row| row.2)
            }

            /// What it means, as a sentence without a full stop.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                self.row().map_or("", |row| row.3)
            }

            /// The code stored as `byte`.
            #[must_use]
            pub fn from_byte(byte: u8) -> Option<Self> {
                Self::ALL.iter().find(|row| row.1 == byte).map(|row| row.0)
            }

            fn row(self) -> Option<&'static (Self, u8, &'static str, &'static str)> {
                Self::ALL.iter().find(|row| row.0 == self)
            }
        }
    };
}
pub(crate) use coded;

/// A reason for which a submission does not become an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Nothing refers to it: no key, or none that is known; a click id that does not verify, or one
    /// of another brand.
    ActionRefNotFound,
    /// Something refers to it but can't earn, for instance a click after the conversion.
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
    /// The contract does not accept this way of referring.
    RefTypeNotAccepted,
    /// No event type has this number or code.
    ActionTrackerNotFound,
    /// The event type belongs to another program.
    ActionTrackerCampaignMismatch,
    /// No order id was sent.
    OidMissing,
    /// The event type needs items, and none was sent.
    NoItem,
    /// By the crediting rules one of the brand's own channels earned it.
    CreditingRuleMismatch,
    /// Another referral of the same journey was preferred.
    OtherRefPrioritized,
    /// The promo code belongs to a partner that does not earn it.
    BlockedByPromocode,
    /// The promo code belongs to one of the brand's own channels.
    RestrictedPromocode,
    /// The program refuses conversions from this network.
    BlacklistedSourceIp,
    /// The click has earned as many actions as it may.
    MaxRecurrencesReached,
    /// Only Non-preferred partners took part, who earn nothing for this event type.
    Unclaimed,
    /// The same caller was credited shortly before.
    CallDuplicate,
    /// The talk was too short.
    CallDurationTooShort,
    /// Calls of this event type earn nothing themselves.
    CallForCallPerConvAt,
    /// The call was not answered.
    CallIncomplete,
    /// The call came outside the hours that count.
    CallOutsideDailyRange,
}

impl Refusal {
    /// Every refusal with its stored byte, its published code and what it means for the reader.
    pub const ALL: &'static [(Self, u8, &'static str, &'static str)] = &[
        (
            Self::ActionRefNotFound,
            1,
            "ACTION_REF_NOT_FOUND",
            "nothing refers to this conversion",
        ),
        (
            Self::NoValidActionRef,
            2,
            "NO_VALID_ACTION_REF",
            "nothing that refers to it can earn it",
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
        (
            Self::RefTypeNotAccepted,
            11,
            "REFTYPE_NOT_ACCEPTED",
            "the contract accepts no referrals of this kind",
        ),
        (
            Self::ActionTrackerNotFound,
            12,
            "ACTIONTRACKER_NOT_FOUND",
            "there is no such event type",
        ),
        (
            Self::ActionTrackerCampaignMismatch,
            13,
            "ACTIONTRACKER_CAMPAIGN_MISMATCH",
            "the event type is one of another program",
        ),
        (Self::OidMissing, 14, "OID_MISSING", "it has no order id"),
        (
            Self::NoItem,
            15,
            "NO_ITEM",
            "the event type needs items and none was sent",
        ),
        (
            Self::CreditingRuleMismatch,
            16,
            "CREDITING_RULE_MISMATCH",
            "by the crediting rules a channel of the brand's own earned it",
        ),
        (
            Self::OtherRefPrioritized,
            17,
            "OTHER_REF_PRIORITIZED",
            "another referral was preferred",
        ),
        (
            Self::BlockedByPromocode,
            18,
            "BLOCKED_BY_PROMOCODE",
            "its promo code belongs to another partner",
        ),
        (
            Self::RestrictedPromocode,
            19,
            "RESTRICTED_PROMOCODE",
            "its promo code belongs to a channel of the brand's own",
        ),
        (
            Self::BlacklistedSourceIp,
            20,
            "BLACKLISTED_SOURCE_IP",
            "its network is on the program's list of refused ones",
        ),
        (
            Self::MaxRecurrencesReached,
            21,
            "MAX_RECURRENCES_REACHED",
            "the click already earned as many actions as the contract permits",
        ),
        (
            Self::Unclaimed,
            22,
            "UNCLAIMED",
            "only Non-preferred partners took part",
        ),
        (
            Self::CallDuplicate,
            23,
            "CALL_DUPLICATE",
            "the caller called before within the time that counts as one call",
        ),
        (
            Self::CallDurationTooShort,
            24,
            "CALL_DURATION_TOO_SHORT",
            "the talk was shorter than the event type demands",
        ),
        (
            Self::CallForCallPerConvAt,
            25,
            "CALL_FOR_CALL_PER_CONV_AT",
            "calls of this event type earn nothing themselves",
        ),
        (
            Self::CallIncomplete,
            26,
            "CALL_INCOMPLETE",
            "the call was not answered",
        ),
        (
            Self::CallOutsideDailyRange,
            27,
            "CALL_OUTSIDE_DAILY_RANGE",
            "the call came outside the hours of the event type",
        ),
    ];
}

coded!(Refusal);

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
