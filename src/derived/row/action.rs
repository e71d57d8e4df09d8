//! Value of `actions`: a conversion credited to a partner, as it stands now.

use crate::model::id::{AdId, EventNumber, PartnerId, Slot, SubmissionId};
use crate::model::money::Money;
use crate::model::referral::ReferringType;
use crate::model::time::{Day, Millis};

use super::bytes::{FORMAT, Reader, Why, push, push_option, push_text, push_varint};
use super::counter::Hold;
use super::key::ActionId;

/// What is to be known about an action besides its figures, as a set of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionFlags(pub u16);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl ActionFlags {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

flags! {
    /// The click was never stored; it is credited from the signed click id alone.
    RECOVERED = 0;
    /// The event was older than the program takes, so the time of receipt is the action date.
    LATE = 1;
    /// It is reversed: it earns nothing.
    REVERSED = 2;
    /// A limit on the amount of payouts cut the payout.
    OVERLIMIT_BUDGET = 3;
    /// A limit on the number of actions took the payout.
    OVERLIMIT_COUNT = 4;
    /// A restriction of the contract took the payout.
    RESTRICTED = 5;
    /// It has locked, and these figures stand whatever rules the log is folded by.
    SETTLED = 6;
}

impl ActionFlags {
    /// No flag.
    pub const NONE: Self = Self(0);

    /// Whether any flag of `other` is set here.
    #[must_use]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// These flags, with those of `other` when `set` says so and without them otherwise.
    #[must_use]
    pub const fn with(self, other: Self, set: bool) -> Self {
        if set {
            Self(self.0 | other.0)
        } else {
            Self(self.0 & !other.0)
        }
    }
}

/// Where an action stands at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionState {
    /// The brand may still change it.
    Pending,
    /// It has locked, and is to be paid.
    Approved,
    /// The brand took it back.
    Reversed,
}

impl ActionState {
    /// Every state with the word it is published by.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Pending, "PENDING"),
        (Self::Approved, "APPROVED"),
        (Self::Reversed, "REVERSED"),
    ];

    /// The published word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|row| row.0 == self)
            .map_or("", |row| row.1)
    }
}

/// The click that an action came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Referred {
    /// Its number.
    pub number: EventNumber,
    /// Its own time.
    pub time: Millis,
    /// Where its row lies in the log; none when it was never stored.
    pub slot: Option<Slot>,
}

impl Referred {
    fn push(self, out: &mut Vec<u8>) {
        push(out, self.number);
        push(out, self.time);
        push_option(out, self.slot, push);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Why> {
        Ok(Self {
            number: reader.part()?,
            time: reader.part()?,
            slot: reader.option(Reader::part)?,
        })
    }
}

/// Value of `actions`: a conversion credited to a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The order id it was submitted under.
    pub order_id: Box<str>,
    /// Which action of that order it is, from 0.
    pub occurrence: u32,
    /// The partner that earns it.
    pub partner: PartnerId,
    /// The ad of the click.
    pub ad: AdId,
    /// The click; none where a name alone earns it.
    pub click: Option<Referred>,
    /// How it came to the partner.
    pub referring_type: ReferringType,
    /// When the contract began that it was credited by.
    pub contract: Millis,
    /// The submission that was credited.
    pub submission: SubmissionId,
    /// The action date.
    pub date: Millis,
    /// The day of the action date in the program's zone, on which it counts.
    pub day: Day,
    /// From when on it can't be changed any more; `None` while that is open.
    pub locking: Option<Millis>,
    /// The sale amount, in the program's currency, when one was sent.
    pub amount: Option<Money>,
    /// What the partner earns.
    pub cost: Money,
    /// The sale amount as first submitted.
    pub intended_amount: Option<Money>,
    /// What the partner would earn for the sale as first submitted if no limit cut it.
    pub intended_cost: Money,
    /// What the partner earns, or earned before the reversal.
    pub gross_cost: Money,
    /// When the last update was received.
    pub updated: Millis,
    /// Updates so far, the one that tracked it included.
    pub updates: u32,
    /// The payout group that priced it, by its place in the contract; `None` is the default.
    pub group: Option<u16>,
    /// The customer status as last said.
    pub customer_status: Option<Box<str>>,
    /// What it uses up of limits.
    pub holds: Vec<Hold>,
    /// What the rules would pay, and whom, where it is settled otherwise.
    pub ruled: Option<(PartnerId, Money)>,
    /// What else is to be known.
    pub flags: ActionFlags,
}

impl Action {
    /// Whether it can't be changed any more at `at`.
    #[must_use]
    pub fn is_locked(&self, at: Millis) -> bool {
        self.locking.is_some_and(|locking| locking <= at)
    }

    /// Whether it is reversed.
    #[must_use]
    pub fn is_reversed(&self) -> bool {
        self.flags.any(ActionFlags::REVERSED)
    }

    /// Where it stands at `at`.
    #[must_use]
    pub fn state(&self, at: Millis) -> ActionState {
        if self.is_reversed() {
            ActionState::Reversed
        } else if self.is_locked(at) {
            ActionState::Approved
        } else {
            ActionState::Pending
        }
    }

    pub(in crate::derived) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        push(&mut out, FORMAT);
        out.extend_from_slice(&self.flags.0.to_be_bytes());
        push(&mut out, self.partner);
        push(&mut out, self.ad.0);
        push_option(&mut out, self.click, |out, click| click.push(out));
        push(&mut out, self.referring_type.byte());
        push(&mut out, self.contract);
        push(&mut out, self.submission.slot);
        push(&mut out, self.submission.number);
        push(&mut out, self.date);
        push(&mut out, self.day);
        push_option(&mut out, self.locking, push);
        for amount in [self.amount, self.intended_amount] {
            push_option(&mut out, amount, |out, amount| push(out, amount.0));
        }
        for cost in [self.cost, self.intended_cost, self.gross_cost] {
            push(&mut out, cost.0);
        }
        push(&mut out, self.updated);
        push_varint(&mut out, self.updates.into());
        push_varint(&mut out, self.occurrence.into());
        push_option(&mut out, self.group, |out, group| {
            push_varint(out, group.into());
        });
        push_option(&mut out, self.customer_status.as_deref(), push_text);
        push_text(&mut out, &self.order_id);
        push_varint(&mut out, self.holds.len() as u128);
        for hold in &self.holds {
            hold.encode(&mut out);
        }
        if let Some((partner, cost)) = self.ruled {
            push(&mut out, partner);
            push(&mut out, cost.0);
        }
        out
    }

    pub(in crate::derived) fn decode(key: &ActionId, bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let flags = ActionFlags(u16::from_be_bytes(reader.array()?));
        if flags.0 >> ActionFlags::ALL.len() != 0 {
            return Err("unknown flag");
        }
        let action = Self {
            flags,
            partner: reader.part()?,
            ad: AdId(reader.part()?),
            click: reader.option(Referred::read)?,
            referring_type: referring_type(&mut reader)?,
            contract: reader.part()?,
            submission: SubmissionId {
                program: key.program,
                slot: reader.part()?,
                number: reader.part()?,
            },
            date: reader.part()?,
            day: reader.part()?,
            locking: reader.option(Reader::part)?,
            amount: reader.option(money)?,
            intended_amount: reader.option(money)?,
            cost: money(&mut reader)?,
            intended_cost: money(&mut reader)?,
            gross_cost: money(&mut reader)?,
            updated: reader.part()?,
            updates: reader.varint32()?,
            occurrence: reader.varint32()?,
            group: reader.option(group)?,
            customer_status: reader.option(|reader| reader.text().map(Box::from))?,
            order_id: reader.text()?.into(),
            holds: holds(&mut reader)?,
            ruled: ruled(&mut reader)?,
        };
        reader.end()?;
        Ok(action)
    }
}

fn referring_type(reader: &mut Reader<'_>) -> Result<ReferringType, Why> {
    ReferringType::from_byte(reader.part()?).ok_or("unknown referring type")
}

fn holds(reader: &mut Reader<'_>) -> Result<Vec<Hold>, Why> {
    let mut holds = Vec::new();
    for _ in 0..reader.varint()? {
        holds.push(Hold::decode(reader)?);
    }
    Ok(holds)
}

fn ruled(reader: &mut Reader<'_>) -> Result<Option<(PartnerId, Money)>, Why> {
    if reader.0.is_empty() {
        return Ok(None);
    }
    Ok(Some((reader.part()?, money(reader)?)))
}

/// Reads an amount.
pub(in crate::derived) fn money(reader: &mut Reader<'_>) -> Result<Money, Why> {
    reader.part().map(Money)
}

/// Reads the number of a payout group.
pub(in crate::derived) fn group(reader: &mut Reader<'_>) -> Result<u16, Why> {
    u16::try_from(reader.varint()?).map_err(|_| "unknown group")
}
