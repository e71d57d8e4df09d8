//! Keys of `deliveries`: what postbacks remember of each destination. The values are theirs.
//!
//! | row | key |
//! |---|---|
//! | how far its notices are taken | 0 · destination u32 |
//! | an event that waits | 1 · destination u32 · slot u32 · sequence u32 |
//! | what became of an event | 2 · destination u32 · time i64 · slot u32 · sequence u32 |
//!
//! The sign of the time is flipped, so that keys sort by it.

use crate::log::family;
use crate::model::id::Slot;
use crate::model::time::Millis;

use super::bytes::{Corrupt, Cursor};

/// The key of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeliveryKey {
    /// How far the notices of a destination are taken.
    Cursor {
        /// The destination.
        destination: u32,
    },
    /// An event that waits.
    Pending {
        /// The destination.
        destination: u32,
        /// The slot of its notice.
        slot: Slot,
        /// The number of its notice within the slot.
        sequence: u32,
    },
    /// What became of an event.
    Done {
        /// The destination.
        destination: u32,
        /// When it ended.
        at: Millis,
        /// The slot of its notice.
        slot: Slot,
        /// The number of its notice within the slot.
        sequence: u32,
    },
}

impl DeliveryKey {
    /// The stored key.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(21);
        let (kind, destination) = match self {
            Self::Cursor { destination } => (0, destination),
            Self::Pending { destination, .. } => (1, destination),
            Self::Done { destination, .. } => (2, destination),
        };
        out.push(kind);
        out.extend_from_slice(&destination.to_be_bytes());
        if let Self::Done { at, .. } = self {
            out.extend_from_slice(&(at.0 ^ i64::MIN).to_be_bytes());
        }
        if let Self::Pending { slot, sequence, .. } | Self::Done { slot, sequence, .. } = self {
            out.extend_from_slice(&slot.0.to_be_bytes());
            out.extend_from_slice(&sequence.to_be_bytes());
        }
        out
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// It is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        let mut from = Cursor::new(family::DELIVERIES, bytes);
        let kind = from.u8()?;
        let destination = from.u32()?;
        let key = match kind {
            0 => Self::Cursor { destination },
            1 => Self::Pending {
                destination,
                slot: Slot(from.u32()?),
                sequence: from.u32()?,
            },
            2 => Self::Done {
                destination,
                at: Millis(i64::from_be_bytes(from.array()?) ^ i64::MIN),
                slot: Slot(from.u32()?),
                sequence: from.u32()?,
            },
            _ => return Err(from.corrupt("an unknown kind of row")),
        };
        from.end()?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Strategy<Value = DeliveryKey> {
        let few = |end: u32| prop_oneof![4 => 0..end, 1 => any::<u32>()];
        let parts = (0_u8..4, few(2), any::<i64>(), few(3), few(3));
        parts.prop_map(|(kind, destination, at, slot, sequence)| {
            let slot = Slot(slot);
            match kind {
                0 => DeliveryKey::Cursor { destination },
                1 => DeliveryKey::Pending {
                    destination,
                    slot,
                    sequence,
                },
                _ => DeliveryKey::Done {
                    destination,
                    at: Millis(at),
                    slot,
                    sequence,
                },
            }
        })
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_fields_and_read_back(a in keys(), b in keys()) {
            prop_assert_eq!(a.cmp(&b), a.encode().cmp(&b.encode()));
            prop_assert_eq!(DeliveryKey::decode(&a.encode()), Ok(a));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(kind in 0_u8..4, bytes: Vec<u8>) {
            let bytes = [&[kind][..], &bytes].concat();
            if let Ok(key) = DeliveryKey::decode(&bytes) {
                prop_assert_eq!(key.encode(), bytes);
            }
        }
    }
}
