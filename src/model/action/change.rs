//! What a brand says about an action it has: change it, or take it back.

use super::super::id::{EventTypeId, ProgramId};
use super::super::money::Money;
use super::super::refusal::coded;
use super::super::submission::{Origin, PayloadHash};

/// Changes that one action takes, reversals included: the published limit.
pub const CHANGES_MAX: u32 = 1_000;

/// A modification or a reversal of one action. Its time of receipt is the mint time of its event
/// number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The order that the action came from.
    pub order_id: Box<str>,
    /// The number of the action; without one the newest action of the order is meant.
    pub action: Option<u64>,
    /// What is to change.
    pub what: What,
    /// The reason or disposition code, as published or as the event type lists it.
    pub reason: Box<str>,
    /// Where it came from.
    pub origin: Origin,
    /// A signature of its request verified.
    pub is_signed: bool,
    /// Hash of the business fields.
    pub payload: PayloadHash,
    /// Every field as received, sorted by name.
    pub fields: Vec<(Box<str>, Box<str>)>,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The action earns nothing any more.
    Reverse,
    /// The action is as if it had been submitted like this.
    Modify {
        /// The new sale amount of the whole action; 0 reverses it.
        amount: Option<Money>,
        /// The new customer status.
        customer_status: Option<Box<str>>,
        /// Changes of single items, in the order they were sent.
        items: Vec<ItemChange>,
    },
}

/// A change of the items of one stock keeping unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemChange {
    /// The stock keeping unit; every item that has it is meant.
    pub sku: Box<str>,
    /// Only items of this category are meant.
    pub category: Option<Box<str>>,
    /// The new number of pieces; 0 takes the item out.
    pub units: Option<u32>,
    /// The new amount of the item.
    pub amount: Option<Money>,
    /// By how much the amount of the item changes, millionths.
    pub delta: Option<i64>,
}

/// Why a change does nothing. The trade publishes no words for these; they are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeRefusal {
    /// The order has no such action.
    ActionNotFound,
    /// The action has locked.
    ActionLocked,
    /// The action is reversed already.
    ActionReversed,
    /// The action has no such item.
    ItemNotFound,
    /// An amount would be less than nothing.
    AmountBelowZero,
    /// The action was changed as often as an action may be.
    TooManyModifications,
}

impl ChangeRefusal {
    /// Every refusal with its stored byte, its code and what it means for the reader.
    pub const ALL: &'static [(Self, u8, &'static str, &'static str)] = &[
        (
            Self::ActionNotFound,
            1,
            "ACTION_NOT_FOUND",
            "the order has no such action",
        ),
        (
            Self::ActionLocked,
            2,
            "ACTION_LOCKED",
            "the action had locked when the change was received",
        ),
        (
            Self::ActionReversed,
            3,
            "ACTION_REVERSED",
            "the action is reversed already",
        ),
        (
            Self::ItemNotFound,
            4,
            "ITEM_NOT_FOUND",
            "the action has no item of that SKU and category",
        ),
        (
            Self::AmountBelowZero,
            5,
            "AMOUNT_BELOW_ZERO",
            "the change would leave an amount below zero",
        ),
        (
            Self::TooManyModifications,
            6,
            "TOO_MANY_MODIFICATIONS",
            "the action was changed 1,000 times already",
        ),
    ];
}

coded!(ChangeRefusal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_codes_are_unique_and_read_back() {
        for (i, (refusal, byte, code, meaning)) in ChangeRefusal::ALL.iter().enumerate() {
            assert_eq!(ChangeRefusal::from_byte(*byte), Some(*refusal));
            assert_eq!((refusal.code(), refusal.meaning()), (*code, *meaning));
            let others = ChangeRefusal::ALL.iter().skip(i + 1);
            assert!(others.clone().all(|row| row.1 != *byte && row.2 != *code));
        }
        assert_eq!(ChangeRefusal::from_byte(0), None);
    }
}
