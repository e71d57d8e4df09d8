//! Value of `counters`: what actions use up of the limits of a contract.
//!
//! A counter is named by what it counts and not by the limit that asks for it, so that a limit that
//! is raised, moved or joined by another goes on from what was used already. Its name carries the
//! contract's start: a new contract begins with nothing used.

use crate::model::id::PartnerId;
use crate::model::money::Money;
use crate::model::time::{Day, Millis};

use super::bytes::{FORMAT, Reader, Why, push, push_varint, unzigzag, zigzag};
use super::key::{ActionId, CounterKey};

/// Whose payouts and when, within one contract and event type. The numbers of groups, periods and
/// scopes are the fold's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counted {
    /// Which payout group; 0 is the event type as a whole.
    pub group: u64,
    /// The length of the period.
    pub period: u8,
    /// Its first day in the program's zone.
    pub from: Day,
    /// Whose actions are counted together.
    pub scope: u8,
    /// The one of that scope.
    pub whose: [u8; 16],
}

/// What one action uses up of one counter: its payout, and one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The counter.
    pub counted: Counted,
    /// The payout; more than nothing.
    pub cost: Money,
}

/// Value of `counters`: what is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// The sum of payouts, millionths.
    pub cost: i128,
    /// The number of actions that are paid anything.
    pub actions: u64,
}

impl Counted {
    /// Whether it counts the event type as a whole.
    #[must_use]
    pub fn is_of_all(self) -> bool {
        self.group == 0
    }

    /// The counter's key in the contract that began at `contract`.
    #[must_use]
    pub fn key(self, id: ActionId, partner: PartnerId, contract: Millis) -> CounterKey {
        CounterKey {
            program: id.program,
            partner,
            contract,
            event_type: id.event_type,
            group: self.group,
            period: self.period,
            from: self.from,
            scope: self.scope,
            whose: self.whose,
        }
    }
}

impl Hold {
    pub(in crate::derived) fn encode(&self, out: &mut Vec<u8>) {
        push(out, self.counted.group);
        push(out, self.counted.period);
        push(out, self.counted.from);
        push(out, self.counted.scope);
        push(out, self.counted.whose);
        push(out, self.cost.0);
    }

    pub(in crate::derived) fn decode(reader: &mut Reader<'_>) -> Result<Self, Why> {
        Ok(Self {
            counted: Counted {
                group: reader.part()?,
                period: reader.part()?,
                from: reader.part()?,
                scope: reader.part()?,
                whose: reader.part()?,
            },
            cost: Money(reader.part()?),
        })
    }
}

impl Counter {
    /// These without what `hold` uses.
    #[must_use]
    pub fn without(self, hold: &Hold) -> Self {
        Self {
            cost: self.cost.saturating_sub(hold.cost.0.into()),
            actions: self.actions.saturating_sub(1),
        }
    }

    /// These with what `hold` uses.
    #[must_use]
    pub fn with(self, hold: &Hold) -> Self {
        Self {
            cost: self.cost.saturating_add(hold.cost.0.into()),
            actions: self.actions.saturating_add(1),
        }
    }

    pub(in crate::derived) fn encode(self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        push_varint(&mut out, zigzag(self.cost));
        push_varint(&mut out, self.actions.into());
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let counter = Self {
            cost: unzigzag(reader.varint()?),
            actions: u64::try_from(reader.varint()?).map_err(|_| "unknown count")?,
        };
        reader.end()?;
        Ok(counter)
    }
}
