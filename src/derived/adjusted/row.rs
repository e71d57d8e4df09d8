//! Rows of `adjusted`.

use crate::derived::row::bytes::{FORMAT, Part, Reader, Why, push};
use crate::derived::row::key::key;
use crate::model::id::{EventTypeId, PartnerId, ProgramId, Slot};
use crate::model::money::Money;
use crate::model::time::{Day, Millis};

/// What is adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdjustedKind {
    /// What a click is paid by itself.
    Click,
    /// The payout of a settled action.
    Action,
}

impl Part for AdjustedKind {
    const LEN: usize = 1;
    fn write(self, out: &mut [u8], at: &mut usize) {
        let byte: u8 = match self {
            Self::Click => 1,
            Self::Action => 2,
        };
        byte.write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        match from.part()? {
            1_u8 => Ok(Self::Click),
            2 => Ok(Self::Action),
            _ => Err("unknown kind of adjustment"),
        }
    }
}

key! {
    /// Of `adjusted`: one adjustment.
    AdjustedKey {
        /// The program.
        program: ProgramId,
        /// The partner that is paid more or less.
        partner: PartnerId,
        /// The UTC day of the judgement.
        day: Day,
        /// When the judgement was made.
        time: Millis,
        /// What is adjusted.
        kind: AdjustedKind,
        /// The event type of an action; 0 for a click.
        event_type: EventTypeId,
        /// The number of the click, or of the action.
        number: u64,
    }
}

/// Value of `adjusted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjustedRow {
    /// What is paid more.
    pub more: Money,
    /// The own time of the click, or the date of the action.
    pub date: Millis,
    /// The slot in which the fold came to it: that of the click, or of the settlement.
    pub slot: Slot,
}

impl AdjustedRow {
    pub(in crate::derived) fn encode(self) -> Vec<u8> {
        let mut out = vec![FORMAT];
        push(&mut out, self.more.0);
        push(&mut out, self.date);
        push(&mut out, self.slot);
        out
    }

    pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Self, Why> {
        let mut reader = Reader(bytes);
        reader.format(FORMAT)?;
        let row = Self {
            more: Money(reader.part()?),
            date: reader.part()?,
            slot: reader.part()?,
        };
        reader.end()?;
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_reads_writes_the_same_bytes(
            mut key in prop::collection::vec(any::<u8>(), AdjustedKey::LEN),
            kind in 0_u8..4,
            value in prop::collection::vec(prop_oneof![Just(1_u8), any::<u8>()], 20..23),
        ) {
            key[20] = kind;
            match AdjustedKey::decode(&key) {
                Ok(read) => prop_assert_eq!(&read.encode()[..], &key[..]),
                Err(_) => prop_assert!(!(1..=2).contains(&kind)),
            }
            if let Ok(row) = AdjustedRow::decode(&value) {
                prop_assert_eq!(row.encode(), value);
            }
        }
    }
}
