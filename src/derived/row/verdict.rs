//! Values about clicks: verdicts and windows.

use crate::model::id::{EventTypeId, PartnerId, Slot};
use crate::model::money::Money;
use crate::model::time::Millis;
use crate::registry::cpc::CpcError;

use super::bytes::{FORMAT, Part, Reader, Why, push, push_varint, unzigzag, zigzag};

/// What a click is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The first click of its visitor within the program's window.
    Unique,
    /// A further click of its visitor within the window.
    Duplicate,
    /// A robot, a tool, or nothing that calls itself a browser.
    Robot,
    /// A prefetch or prerender.
    Prefetch,
    /// A HEAD request.
    Head,
    /// A click that the program's setting of risk does not count.
    Flagged,
}

impl Class {
    /// Every class with its stored byte and its label in listings and metrics.
    pub const ALL: &'static [(Self, u8, &'static str)] = &[
        (Self::Unique, 1, "unique"),
        (Self::Duplicate, 2, "duplicate"),
        (Self::Robot, 3, "robot"),
        (Self::Prefetch, 4, "prefetch"),
        (Self::Head, 5, "head"),
        (Self::Flagged, 6, "flagged"),
    ];

    /// The label.
    #[must_use]
    pub fn label(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.2)
    }

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Unique => 1,
            Self::Duplicate => 2,
            Self::Robot => 3,
            Self::Prefetch => 4,
            Self::Head => 5,
            Self::Flagged => 6,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == byte).map(|row| row.0)
    }
}

macro_rules! bits {
    (
        $(#[$of:meta])* $set:ident($int:ty):
        $($(#[$doc:meta])* $name:ident = $bit:literal, $label:literal;)*
    ) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $set(pub $int);

        impl $set {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every one with its label, in bit order.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $label)),*];

            /// None of them.
            pub const NONE: Self = Self(0);

            /// Whether any of `other` is set here.
            #[must_use]
            pub const fn any(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// Adds those of `other`.
            pub fn set(&mut self, other: Self) {
                self.0 |= other.0;
            }

            /// The labels of those that are set, in bit order.
            pub fn labels(self) -> impl Iterator<Item = &'static str> {
                Self::ALL
                    .iter()
                    .filter(move |(one, _)| self.any(*one))
                    .map(|(_, label)| *label)
            }
        }
    };
}

bits! {
    /// What keeps a click from being paid, as a set of bits.
    Reasons(u16):
    /// The user agent is on the robot list.
    ROBOT = 0, "robot";
    /// No user agent was sent.
    NO_USER_AGENT = 1, "no_user_agent";
    /// A prefetch or prerender.
    PREFETCH = 2, "prefetch";
    /// A HEAD request.
    HEAD = 3, "head";
    /// Not the first click of its visitor within the window.
    DUPLICATE = 4, "duplicate";
    /// The catalogue did not know the partner.
    UNKNOWN_PARTNER = 5, "unknown_partner";
    /// The partner was not active.
    INACTIVE_PARTNER = 6, "inactive_partner";
    /// The partner's contract had ended.
    ENDED_CONTRACT = 7, "ended_contract";
    /// The partner had no contract yet.
    NOT_JOINED = 8, "not_joined";
    /// The program was not active.
    PAUSED_PROGRAM = 9, "paused_program";
    /// The deep link was refused.
    MALFORMED_DEEP_LINK = 10, "malformed_deep_link";
    /// The ad had expired and the program does not pay for that.
    EXPIRED_AD = 11, "expired_ad";
    /// An image fired it, and the program does not count that.
    IMAGE_CLICK = 12, "image_click";
    /// Its headers do not fit its browser, and the program does not count that.
    REQUEST_ANOMALY = 13, "request_anomaly";
    /// It came from a network of hosts, and the program does not count that.
    DATA_CENTER = 14, "data_center";
}

bits! {
    /// What speaks against a click whether or not it keeps it from being paid, as a set of bits.
    Signs(u8):
    /// The user agent is on the robot list.
    ROBOT = 0, "robot";
    /// The user agent names no browser, or is empty.
    NO_BROWSER = 1, "no_browser";
    /// Fired by an image.
    IMAGE = 2, "image_click";
    /// The headers do not fit a browser that follows a link.
    ANOMALY = 3, "request_anomaly";
    /// From a network of hosts.
    HOSTING = 4, "data_center";
    /// The browser says what a request is for, but this one did not.
    NO_FETCH = 5, "no_fetch_metadata";
    /// The page that held the link is not one of the partner's.
    FOREIGN_PAGE = 6, "foreign_page";
}

/// Value of `verdicts`: what one stored click counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is taken for.
    pub class: Class,
    /// What keeps it from being paid.
    pub reasons: Reasons,
    /// What else speaks against it.
    pub signs: Signs,
    /// The slot it was committed in: with partner and number the key of its row in the log.
    pub slot: Slot,
}

impl Verdict {
    /// Whether it is payable: unique, and nothing speaks against it.
    #[must_use]
    pub fn payable(&self) -> bool {
        self.class == Class::Unique && self.reasons == Reasons::NONE
    }

    /// The partner that reports count it under.
    #[must_use]
    pub fn bucket(&self, partner: PartnerId) -> PartnerId {
        if self.reasons.any(Reasons::UNKNOWN_PARTNER) {
            PartnerId::UNKNOWN
        } else {
            partner
        }
    }

    pub(in crate::derived) fn encode(self) -> [u8; 9] {
        let [s0, s1, s2, s3] = self.slot.0.to_be_bytes();
        let [r0, r1] = self.reasons.0.to_be_bytes();
        let signs = self.signs.0;
        [FORMAT, self.class.byte(), r0, r1, signs, s0, s1, s2, s3]
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        reader.format(FORMAT)?;
        let class = Class::from_byte(reader.part()?).ok_or("unknown class")?;
        let reasons = u16::from_be_bytes(reader.array()?);
        let signs: u8 = reader.part()?;
        let slot = reader.part()?;
        if u32::from(reasons) >> Reasons::ALL.len() != 0 {
            return Err("unknown reason");
        }
        if signs >> Signs::ALL.len() != 0 {
            return Err("unknown sign");
        }
        Ok(Self {
            class,
            reasons: Reasons(reasons),
            signs: Signs(signs),
            slot,
        })
    }
}

/// What a click of a program that pays for clicks comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// What it is paid on its own day, not rounded.
    pub cost: Money,
    /// What judgements of the past pay more for it, on days of their own.
    pub adjusted: Money,
    /// What keeps it from being paid its price.
    pub error: Option<CpcError>,
    /// What it uses up of limits; nothing where it is paid nothing.
    pub held: Option<Held>,
}

/// Set in the byte of the error where a charge is adjusted.
const ADJUSTED: u8 = 0x80;

/// The limits of which a click uses up what it is paid, and one click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The event type that pays for clicks.
    pub event_type: EventTypeId,
    /// The start of the contract.
    pub contract: Millis,
    /// Periods of the event type as a whole.
    pub all: Periods,
    /// A payout group and its own periods; the group is never 0.
    pub group: Option<(u64, Periods)>,
}

/// A set of periods by their stored numbers, 1 to 5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Periods(u8);

impl Periods {
    /// Bits of the stored numbers.
    const MASK: u8 = 0b11_1110;

    /// These and one more; a number that names no period adds nothing.
    #[must_use]
    pub fn with(self, period: u8) -> Self {
        let bit = 1_u8.checked_shl(period.into()).unwrap_or(0);
        Self(self.0 | bit & Self::MASK)
    }

    /// The numbers in it, rising.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (1..=5).filter(move |period| self.0 & 1 << period != 0)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        let bits: u8 = reader.part()?;
        if bits & !Self::MASK == 0 {
            Ok(Self(bits))
        } else {
            Err("unknown period")
        }
    }
}

/// Value of `verdicts`: the verdict in eight bytes, and behind it the charge where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What the click counts as.
    pub verdict: Verdict,
    /// What it comes to; none of a program that does not pay for clicks, or of a click that is not
    /// unique, unless it was paid before it was judged so.
    pub charge: Option<Charge>,
}

impl Judged {
    /// What it is paid on its own day.
    #[must_use]
    pub fn cost(&self) -> Money {
        self.charge.map_or(Money::ZERO, |charge| charge.cost)
    }

    /// What judgements of the past pay more for it.
    #[must_use]
    pub fn adjusted(&self) -> Money {
        self.charge.map_or(Money::ZERO, |charge| charge.adjusted)
    }

    /// What keeps it from being paid its price.
    #[must_use]
    pub fn error(&self) -> Option<CpcError> {
        if self.verdict.class != Class::Unique {
            return Some(CpcError::InvalidClassification);
        }
        match self.charge {
            Some(charge) => charge.error,
            None => Some(CpcError::ClickTrackerNotFound),
        }
    }

    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = self.verdict.encode().to_vec();
        let Some(charge) = self.charge else {
            return out;
        };
        let error = charge.error.map_or(0, CpcError::byte);
        if charge.adjusted == Money::ZERO {
            out.push(error);
            push_varint(&mut out, charge.cost.0.max(0).unsigned_abs().into());
        } else {
            out.push(error | ADJUSTED);
            push_varint(&mut out, zigzag(charge.cost.0.into()));
            push_varint(&mut out, zigzag(charge.adjusted.0.into()));
        }
        if let Some(held) = charge.held {
            push(&mut out, held.event_type);
            push(&mut out, held.contract);
            out.push(held.all.0);
            let (group, periods) = held.group.unwrap_or_default();
            out.push(periods.0);
            if !periods.is_empty() {
                push(&mut out, group);
            }
        }
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        let verdict = Verdict::read(&mut reader)?;
        let charge = if reader.0.is_empty() {
            None
        } else {
            Some(Charge::read(&mut reader)?)
        };
        reader.end()?;
        let is_adjusted = |charge: Charge| charge.adjusted != Money::ZERO;
        if charge.is_some_and(|charge| verdict.class != Class::Unique && !is_adjusted(charge)) {
            return Err("a charge of a click that is not unique");
        }
        Ok(Self { verdict, charge })
    }
}

impl Charge {
    /// What it is paid in all, as it is judged now.
    #[must_use]
    pub fn price(&self) -> Money {
        Money(self.cost.0.saturating_add(self.adjusted.0))
    }

    /// Nothing, for a reason.
    #[must_use]
    pub fn unpaid(error: CpcError) -> Self {
        Self {
            error: Some(error),
            ..Self::default()
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        let first: u8 = reader.part()?;
        let error = match first & !ADJUSTED {
            0_u8 => None,
            byte => Some(CpcError::from_byte(byte).ok_or("unknown error code")?),
        };
        let (cost, adjusted) = if first & ADJUSTED == 0 {
            let cost = i64::try_from(reader.varint()?).map_err(|_| "unknown cost")?;
            (cost, 0)
        } else {
            match (signed(reader)?, signed(reader)?) {
                (_, 0) => return Err("adjusted by nothing"),
                both => both,
            }
        };
        let held = if reader.0.is_empty() {
            None
        } else {
            Some(Held::read(reader)?)
        };
        if held.is_some() && i128::from(cost) + i128::from(adjusted) <= 0 {
            return Err("a limit used up by nothing");
        }
        Ok(Self {
            cost: Money(cost),
            adjusted: Money(adjusted),
            error,
            held,
        })
    }
}

fn signed(reader: &mut Reader<'_>) -> Result<i64, Why> {
    i64::try_from(unzigzag(reader.varint()?)).map_err(|_| "unknown cost")
}

impl Held {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        let (event_type, contract) = (reader.part()?, reader.part()?);
        let (all, own) = (Periods::read(reader)?, Periods::read(reader)?);
        let group = match own.is_empty() {
            true if all.is_empty() => return Err("no limit used up"),
            true => None,
            false => match reader.part()? {
                0 => return Err("no group"),
                group => Some((group, own)),
            },
        };
        Ok(Self {
            event_type,
            contract,
            all,
            group,
        })
    }
}

/// Value of `windows`: when a visitor last clicked. Both are own times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Of the last unique click.
    pub unique: Millis,
    /// Of the last click, unique or not.
    pub click: Millis,
}

impl Window {
    pub(in crate::derived) fn encode(self) -> [u8; 17] {
        let mut out = [0; 17];
        let mut at = 0;
        FORMAT.write(&mut out, &mut at);
        self.unique.write(&mut out, &mut at);
        self.click.write(&mut out, &mut at);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let window = Self {
            unique: reader.part()?,
            click: reader.part()?,
        };
        reader.end()?;
        Ok(window)
    }
}
