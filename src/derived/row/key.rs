//! The keys of the derived families.
//!
//! Fixed numbers, big-endian, signed ones with the sign flipped: the byte order of two keys is the
//! order of their fields as listed. Program always comes before anything that varies inside it.

use crate::model::click::Visitor;
use crate::model::id::{EventNumber, EventTypeId, PartnerId, ProgramId, Slot, SubmissionId};
use crate::model::time::{Day, Millis};
use crate::registry::cube::{CubeId, Granularity};

use super::bytes::{Part, Reader, Why};

macro_rules! wrapped {
    ($($name:ident($int:ty);)*) => {
        $(impl Part for $name {
            const LEN: usize = <$int>::LEN;
            fn write(self, out: &mut [u8], at: &mut usize) {
                self.0.write(out, at);
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
                from.part().map(Self)
            }
        })*
    };
}

wrapped! {
    ProgramId(u32);
    PartnerId(u32);
    EventTypeId(u32);
    Slot(u32);
    EventNumber(u64);
    Visitor(u64);
    Day(i32);
    Millis(i64);
    CubeId(u8);
}

impl Part for Granularity {
    const LEN: usize = 1;
    fn write(self, out: &mut [u8], at: &mut usize) {
        self.byte().write(out, at);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, Why> {
        Self::from_byte(from.part()?).ok_or("unknown granularity")
    }
}

macro_rules! key {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl $name {
                /// Bytes of the key.
                pub const LEN: usize = 0 $(+ <$type as Part>::LEN)*;

                /// The stored key.
                #[must_use]
                pub fn encode(self) -> [u8; Self::LEN] {
                    let mut out = [0; Self::LEN];
                    let mut at = 0;
                    $(self.$field.write(&mut out, &mut at);)*
                    out
                }

                /// Reads a stored key.
                ///
                /// # Errors
                /// What is wrong with the bytes.
                pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
                    let mut reader = Reader(bytes);
                    $(let $field = reader.part()?;)*
                    reader.end()?;
                    Ok(Self { $($field,)* })
                }
            }
        )*
    };
}

key! {
    /// Of `verdicts`: one stored click.
    VerdictKey {
        /// The program of its link.
        program: ProgramId,
        /// The partner number of its link, also when unknown.
        partner: PartnerId,
        /// The UTC day of its own time.
        day: Day,
        /// Its own time.
        time: Millis,
        /// Its number.
        number: EventNumber,
    }

    /// Of `windows`: one visitor of one partner's links under the salt of one day.
    WindowKey {
        /// The program.
        program: ProgramId,
        /// The UTC day of the salt.
        day: Day,
        /// The partner number of the link, also when unknown.
        partner: PartnerId,
        /// The visitor.
        visitor: Visitor,
    }

    /// Of `waiting`: one submission whose click is not stored yet.
    WaitingKey {
        /// The program it was submitted to.
        program: ProgramId,
        /// From when on the click counts as lost.
        due: Millis,
        /// The slot of the submission.
        slot: Slot,
        /// The number of the submission.
        number: EventNumber,
    }

    /// Of `outcomes`: one submission.
    OutcomeKey {
        /// The program it was submitted to.
        program: ProgramId,
        /// The slot of the submission.
        slot: Slot,
        /// The number of the submission.
        number: EventNumber,
    }

    /// Of `aggregates`: one cell. Cubes with a string dimension append it to these bytes.
    CellKey {
        /// The cube.
        cube: CubeId,
        /// The program.
        program: ProgramId,
        /// The length of the bucket.
        granularity: Granularity,
        /// The day in the program's zone.
        day: Day,
        /// The partner; 0 for all that the catalogue does not know.
        partner: PartnerId,
    }
}

impl VerdictKey {
    /// The key of a click whose own time is its mint time.
    #[must_use]
    pub fn of_live(program: ProgramId, partner: PartnerId, number: EventNumber) -> Self {
        let time = number.time();
        Self {
            program,
            partner,
            day: time.utc_day(),
            time,
            number,
        }
    }
}

impl From<SubmissionId> for OutcomeKey {
    fn from(id: SubmissionId) -> Self {
        Self {
            program: id.program,
            slot: id.slot,
            number: id.number,
        }
    }
}

impl OutcomeKey {
    /// The submission it belongs to.
    #[must_use]
    pub fn submission(self) -> SubmissionId {
        SubmissionId {
            slot: self.slot,
            program: self.program,
            number: self.number,
        }
    }
}

impl WaitingKey {
    /// The submission that waits.
    #[must_use]
    pub fn submission(self) -> SubmissionId {
        SubmissionId {
            slot: self.slot,
            program: self.program,
            number: self.number,
        }
    }
}

/// Of `actions`: what a conversion is unique by, for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionKey {
    /// The program.
    pub program: ProgramId,
    /// The event type.
    pub event_type: EventTypeId,
    /// The order id, compared as bytes.
    pub order_id: Box<[u8]>,
}

impl ActionKey {
    /// The key of an order.
    #[must_use]
    pub fn new(program: ProgramId, event_type: EventTypeId, order_id: &str) -> Self {
        Self {
            program,
            event_type,
            order_id: order_id.as_bytes().into(),
        }
    }

    /// The stored key.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 8];
        let mut at = 0;
        self.program.write(&mut out, &mut at);
        self.event_type.write(&mut out, &mut at);
        out.extend_from_slice(&self.order_id);
        out
    }

    /// Reads a stored key.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut reader = Reader(bytes);
        Ok(Self {
            program: reader.part()?,
            event_type: reader.part()?,
            order_id: reader.rest().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Few values and the extremes, so that leading fields are often equal.
    fn edge<T: Copy + std::fmt::Debug + 'static>(
        values: &[T],
    ) -> impl Strategy<Value = T> + use<T> {
        prop::sample::select(values.to_vec())
    }

    fn edge_u32() -> impl Strategy<Value = u32> {
        prop_oneof![edge(&[0, 1, 255, 256, u32::MAX]), any::<u32>()]
    }

    fn edge_u64() -> impl Strategy<Value = u64> {
        prop_oneof![edge(&[0, 1, 255, 256, u64::MAX]), any::<u64>()]
    }

    fn edge_i32() -> impl Strategy<Value = i32> {
        prop_oneof![
            edge(&[i32::MIN, -256, -1, 0, 1, 256, i32::MAX]),
            any::<i32>()
        ]
    }

    fn edge_i64() -> impl Strategy<Value = i64> {
        prop_oneof![
            edge(&[i64::MIN, -256, -1, 0, 1, 256, i64::MAX]),
            any::<i64>()
        ]
    }

    fn verdict() -> impl Strategy<Value = VerdictKey> {
        (edge_u32(), edge_u32(), edge_i32(), edge_i64(), edge_u64()).prop_map(
            |(program, partner, day, time, number)| VerdictKey {
                program: ProgramId(program),
                partner: PartnerId(partner),
                day: Day(day),
                time: Millis(time),
                number: EventNumber(number),
            },
        )
    }

    fn window() -> impl Strategy<Value = WindowKey> {
        (edge_u32(), edge_i32(), edge_u32(), edge_u64()).prop_map(
            |(program, day, partner, visitor)| WindowKey {
                program: ProgramId(program),
                day: Day(day),
                partner: PartnerId(partner),
                visitor: Visitor(visitor),
            },
        )
    }

    fn waiting() -> impl Strategy<Value = WaitingKey> {
        (edge_u32(), edge_i64(), edge_u32(), edge_u64()).prop_map(|(program, due, slot, number)| {
            WaitingKey {
                program: ProgramId(program),
                due: Millis(due),
                slot: Slot(slot),
                number: EventNumber(number),
            }
        })
    }

    fn outcome() -> impl Strategy<Value = OutcomeKey> {
        (edge_u32(), edge_u32(), edge_u64()).prop_map(|(program, slot, number)| OutcomeKey {
            program: ProgramId(program),
            slot: Slot(slot),
            number: EventNumber(number),
        })
    }

    fn cell() -> impl Strategy<Value = CellKey> {
        (any::<u8>(), edge_u32(), edge_i32(), edge_u32()).prop_map(
            |(cube, program, day, partner)| CellKey {
                cube: CubeId(cube),
                program: ProgramId(program),
                granularity: Granularity::Day,
                day: Day(day),
                partner: PartnerId(partner),
            },
        )
    }

    fn action() -> impl Strategy<Value = ActionKey> {
        (
            edge_u32(),
            edge_u32(),
            prop::collection::vec(any::<u8>(), 0..64),
        )
            .prop_map(|(program, event_type, order_id)| ActionKey {
                program: ProgramId(program),
                event_type: EventTypeId(event_type),
                order_id: order_id.into(),
            })
    }

    macro_rules! ordered {
        ($($test:ident: $strategy:ident;)*) => {
            proptest! {
                $(#[test]
                fn $test(a in $strategy(), b in $strategy()) {
                    let (left, right) = (a.clone().encode(), b.clone().encode());
                    prop_assert_eq!(a.cmp(&b), left.cmp(&right));
                    prop_assert_eq!(decode_like(&a, &left), Ok(a));
                })*
            }
        };
    }

    trait Decode: Sized {
        fn decode(bytes: &[u8]) -> Result<Self, &'static str>;
    }

    macro_rules! decode {
        ($($name:ident)*) => {
            $(impl Decode for $name {
                fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
                    $name::decode(bytes)
                }
            })*
        };
    }
    decode!(VerdictKey WindowKey WaitingKey OutcomeKey CellKey ActionKey);

    fn decode_like<K: Decode>(_like: &K, bytes: &[u8]) -> Result<K, &'static str> {
        K::decode(bytes)
    }

    ordered! {
        verdict_keys_sort_as_their_fields: verdict;
        window_keys_sort_as_their_fields: window;
        waiting_keys_sort_as_their_fields: waiting;
        outcome_keys_sort_as_their_fields: outcome;
        cell_keys_sort_as_their_fields: cell;
        action_keys_sort_as_their_fields: action;
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_key_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            for read in [
                VerdictKey::decode(&bytes).map(|key| key.encode().to_vec()),
                WindowKey::decode(&bytes).map(|key| key.encode().to_vec()),
                WaitingKey::decode(&bytes).map(|key| key.encode().to_vec()),
                OutcomeKey::decode(&bytes).map(|key| key.encode().to_vec()),
                CellKey::decode(&bytes).map(|key| key.encode().to_vec()),
                ActionKey::decode(&bytes).map(|key| key.encode()),
            ] {
                prop_assert!(read.is_err() || read.as_deref() == Ok(&bytes[..]));
            }
        }
    }
}
