//! A click as it is stored: what was asked for, what was wrong with it, and what later scoring
//! needs to know of the request.

use super::id::{AdId, PartnerId, ProgramId, StringRef};
use super::submission::Fingerprint;

/// What was noticed about a click when it was answered, as a set of bits stored with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ClickFlags(pub u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $label:literal;)*) => {
        impl ClickFlags {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every flag with its label, in bit order. Labels are shown by `clickd explain` and
            /// used in metrics.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $label)),*];
        }
    };
}

flags! {
    /// Asked with HEAD.
    HEAD = 0, "head";
    /// Asked by a prefetch or a prerender (`Sec-Purpose`, `Purpose`, `X-Moz`).
    PREFETCH = 1, "prefetch";
    /// `Sec-GPC: 1` was sent.
    GPC = 2, "gpc";
    /// The ad is unknown or belongs to another program.
    UNKNOWN_AD = 3, "unknown_ad";
    /// The ad is past its end.
    EXPIRED_AD = 4, "expired_ad";
    /// The partner number is not in the catalogue.
    UNKNOWN_PARTNER = 5, "unknown_partner";
    /// The partner is not active.
    INACTIVE_PARTNER = 6, "inactive_partner";
    /// The partner's contract with the program has ended.
    ENDED_CONTRACT = 7, "ended_contract";
    /// The partner has no contract with the program yet.
    NOT_JOINED = 8, "not_joined";
    /// The program is not active.
    PAUSED_PROGRAM = 9, "paused_program";
    /// The deep link was refused.
    MALFORMED_DEEP_LINK = 10, "malformed_deep_link";
    /// A parameter the link format knows came twice; the first one counts.
    REPEATED_PARAMETER = 11, "repeated_parameter";
    /// The link carries parameters the link format does not know.
    UNKNOWN_PARAMETER = 12, "unknown_parameter";
    /// A value was over 255 bytes and cut.
    CUT_VALUE = 13, "cut_value";
    /// A value held control characters and was left out.
    DROPPED_VALUE = 14, "dropped_value";
    /// More parameters than are read.
    TOO_MANY_PARAMETERS = 15, "too_many_parameters";
    /// A trusted proxy sent a forwarding header that can't be read; the peer's address counts.
    MALFORMED_FORWARDED = 16, "malformed_forwarded";
    /// The user agent or the referrer was longer than is kept.
    CUT_HEADER = 17, "cut_header";
    /// The slot had no room for another new string; the origin or family only is kept, or nothing.
    LIMITED_STRINGS = 18, "limited_strings";
    /// The ad has not begun yet.
    EARLY_AD = 19, "early_ad";
    /// `u` was there without a value.
    EMPTY_DEEP_LINK = 20, "empty_deep_link";
}

impl ClickFlags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Whether any flag of `other` is set here.
    #[must_use]
    pub fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Adds the flags of `other`.
    pub fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The labels of the set flags, in bit order.
    pub fn labels(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .iter()
            .filter(move |(flag, _)| self.any(*flag))
            .map(|(_, label)| *label)
    }
}

/// A client address cut to its network: /24 of IPv4, /48 of IPv6. The full one is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The first three bytes of an IPv4 address.
    V4([u8; 3]),
    /// The first six bytes of an IPv6 address.
    V6([u8; 6]),
}

impl Network {
    /// The network of `address`; an IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn of(address: std::net::IpAddr) -> Self {
        match address.to_canonical() {
            std::net::IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                Self::V4([a, b, c])
            }
            std::net::IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, ..] = v6.octets();
                Self::V6([a, b, c, d, e, f])
            }
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4([a, b, c]) => write!(f, "{a}.{b}.{c}.0/24"),
            Self::V6([a, b, c, d, e, f6]) => {
                let word = |high: &u8, low: &u8| u16::from_be_bytes([*high, *low]);
                write!(
                    f,
                    "{:x}:{:x}:{:x}::/48",
                    word(a, b),
                    word(c, d),
                    word(e, f6)
                )
            }
        }
    }
}

/// A keyed hash of address and user agent; the key is a salt of one UTC day that is destroyed two
/// days later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visitor(pub u64);

/// A link parameter whose value is stored with the click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// `subId1` to `subId3`: the partner's own labels, number 1 to 3.
    SubId(u8),
    /// `sharedid`.
    SharedId,
    /// `partnerpropertyid`.
    Property,
    /// `prodsku`.
    ProductSku,
    /// `param1` to `param99`.
    Param(u8),
    /// Any other name; the value is the raw `name=value` text.
    Unknown,
}

impl Parameter {
    /// The byte it is stored as; never renumbered.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::SubId(n) => n,
            Self::SharedId => 4,
            Self::Property => 5,
            Self::ProductSku => 6,
            Self::Unknown => 7,
            Self::Param(n) => 100_u8.saturating_add(n),
        }
    }

    /// The parameter stored as `code`.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            1..=3 => Some(Self::SubId(code)),
            4 => Some(Self::SharedId),
            5 => Some(Self::Property),
            6 => Some(Self::ProductSku),
            7 => Some(Self::Unknown),
            101..=199 => Some(Self::Param(code - 100)),
            _ => None,
        }
    }
}

/// What is stored of one click beside its key (slot, partner, number). Borrows its parameters
/// from the request when written and from the row when read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click<P> {
    /// What was noticed.
    pub flags: ClickFlags,
    /// The program of the link.
    pub program: ProgramId,
    /// The ad number of the link, also when unknown.
    pub ad: AdId,
    /// Where the request came from.
    pub network: Network,
    /// The visitor under the salt of the click's UTC day.
    pub visitor: Visitor,
    /// The visitor under the salt of the day before, while a unique-click window may still reach
    /// back over midnight.
    pub visitor_before: Option<Visitor>,
    /// The browser's cookie, of a program that has one; as of [`Person::of_cookie`].
    ///
    /// [`Person::of_cookie`]: super::submission::Person::of_cookie
    pub cookie: Option<Fingerprint>,
    /// `User-Agent`.
    pub user_agent: StringRef,
    /// Origin and path of `Referer`.
    pub referrer: StringRef,
    /// Names of the request's headers in order, with the values of `Sec-Fetch-*` and of the
    /// purpose headers.
    pub shape: StringRef,
    /// The landing page chosen, before templates and click id.
    pub landing: StringRef,
    /// The stored parameters in link order: `(parameter, value)`.
    pub parameters: P,
}

/// One click of the log with its key; `time` is its own time (mint time, or the imported one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClick<P> {
    /// The partner number of the link, also when unknown.
    pub partner: PartnerId,
    /// Its number.
    pub number: super::id::EventNumber,
    /// Its row.
    pub click: Click<P>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_codes_read_back() {
        let all = [
            Parameter::SubId(1),
            Parameter::SubId(3),
            Parameter::SharedId,
            Parameter::Property,
            Parameter::ProductSku,
            Parameter::Unknown,
            Parameter::Param(1),
            Parameter::Param(99),
        ];
        for parameter in all {
            assert_eq!(Parameter::from_code(parameter.code()), Some(parameter));
        }
        for code in [0, 8, 100, 200, 255] {
            assert_eq!(Parameter::from_code(code), None);
        }
    }

    #[test]
    fn networks_forget_the_host() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(of("192.0.2.77"), Network::V4([192, 0, 2]));
        assert_eq!(of("::ffff:192.0.2.77"), Network::V4([192, 0, 2]));
        assert_eq!(
            of("2001:db8:1:2::3"),
            Network::V6([0x20, 1, 0xd, 0xb8, 0, 1])
        );
    }

    #[test]
    fn every_flag_has_its_own_bit_and_label() {
        let mut seen = 0;
        for (flag, label) in ClickFlags::ALL {
            assert_eq!(seen & flag.0, 0, "{label}");
            seen |= flag.0;
        }
        assert_eq!(
            ClickFlags::HEAD
                .with(ClickFlags::GPC)
                .labels()
                .collect::<Vec<_>>(),
            ["head", "gpc"]
        );
    }
}
