//! In which way a partner referred a customer: the published values of `ReferringType`.

/// How an action came to its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferringType {
    /// A click that is known for sure.
    ClickCookie,
    /// A click of the same device, by its looks.
    ClickFingerprint,
    /// A phone call.
    Call,
    /// A promo code.
    Promocode,
    /// An earlier action.
    Action,
    /// The conversion names the partner.
    ReportedPartnerId,
    /// An impression that is known for sure.
    ImpressionCookie,
    /// An impression on the same device, by its looks.
    ImpressionFingerprint,
    /// A partner asked for it.
    ActionInquiry,
}

impl ReferringType {
    /// Every value with its stored byte and its published name.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::ClickCookie, 1, "CLICK_COOKIE"),
        (Self::ClickFingerprint, 2, "CLICK_FINGERPRINT"),
        (Self::Call, 3, "CALL"),
        (Self::Promocode, 4, "PROMOCODE"),
        (Self::Action, 5, "ACTION"),
        (Self::ReportedPartnerId, 6, "REPORTED_PARTNER_ID"),
        (Self::ImpressionCookie, 7, "IMPRESSION_COOKIE"),
        (Self::ImpressionFingerprint, 8, "IMPRESSION_FINGERPRINT"),
        (Self::ActionInquiry, 9, "ACTION_INQUIRY"),
    ];

    /// The stored byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        self.row().map_or(0, |row| row.1)
    }

    /// The published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.2)
    }

    /// The value stored as `byte`.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == byte).map(|row| row.0)
    }

    fn row(self) -> Option<&'static (Self, u8, &'static str)> {
        Self::ALL.iter().find(|row| row.0 == self)
    }
}

/// A set of referring types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Referrals(u16);

impl Referrals {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(u16::MAX);

    /// The set with `of` in it.
    #[must_use]
    pub fn with(self, of: ReferringType) -> Self {
        Self(self.0 | 1 << of.byte())
    }

    /// Whether `of` is in it.
    #[must_use]
    pub fn contains(self, of: ReferringType) -> bool {
        self.0 & 1 << of.byte() != 0
    }
}

impl Default for Referrals {
    fn default() -> Self {
        Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_names_are_unique_and_read_back() {
        for (i, &(of, byte, name)) in ReferringType::ALL.iter().enumerate() {
            assert_eq!(ReferringType::from_byte(byte), Some(of));
            assert_eq!((of.byte(), of.name()), (byte, name));
            let mut others = ReferringType::ALL.iter().skip(i + 1);
            assert!(others.all(|row| row.1 != byte && row.2 != name));
        }
        assert_eq!(ReferringType::from_byte(0), None);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Referrals::NONE.with(ReferringType::Call);
        for (of, _, _) in ReferringType::ALL {
            assert_eq!(set.contains(*of), *of == ReferringType::Call);
            assert!(Referrals::default().contains(*of));
        }
    }
}
