//! Why an action is changed or taken back: the codes that impact.com publishes for `Actions`.

/// Which requests take a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Modifications and reversals.
    Both,
    /// Modifications.
    Modification,
}

/// The reason of an item that a limit on payouts took something of; no request may give it.
pub const OVERLIMIT_BUDGET: &str = "OVERLIMIT_BUDGET";
/// The reason of an item that a limit on the number of actions took; no request may give it.
pub const OVERLIMIT_ACTIONCAP: &str = "OVERLIMIT_ACTIONCAP";

/// Every code that a request may give, and which requests may.
pub const DISPOSITIONS: &[(&str, Accepts)] = &[
    ("REJECTED", Accepts::Both),
    ("CONS_INFO_INVALID", Accepts::Both),
    ("CONS_ERROR", Accepts::Both),
    ("CONS_FRAUD", Accepts::Both),
    ("ITEM_RETURNED", Accepts::Both),
    ("ITEM_OUT_OF_STOCK", Accepts::Both),
    ("ORDER_ERROR", Accepts::Both),
    ("PUB_ACT_DISPUTE", Accepts::Both),
    ("ADV_ACT_DISPUTE", Accepts::Both),
    ("NOT_COMPLIANCE_TERMS", Accepts::Both),
    ("MP_RETURNED", Accepts::Both),
    ("CREDITED_DIFFERENT_MP", Accepts::Both),
    ("TEST_ACTION", Accepts::Both),
    ("OTHER", Accepts::Both),
    ("ORDER_UPDATE", Accepts::Modification),
    ("PARTNER_NOT_ACTIVE", Accepts::Modification),
];

/// The codes that a request may give.
pub fn accepted(is_reversal: bool) -> impl Iterator<Item = &'static str> {
    DISPOSITIONS
        .iter()
        .filter(move |row| !is_reversal || row.1 == Accepts::Both)
        .map(|row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_takes_fewer_codes_than_a_modification() {
        assert_eq!(accepted(true).count(), 14);
        assert_eq!(accepted(false).count(), 16);
        assert!(!accepted(true).any(|code| code == "ORDER_UPDATE"));
    }
}
