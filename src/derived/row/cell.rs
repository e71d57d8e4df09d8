//! Rows of `aggregates`: a tally under its place.
//!
//! The key is a [`CellKey`] and the bytes of the facet behind it. The value stores only what is not
//! 0: after the format byte come pairs of measure code and signed variable-length number, codes
//! rising. A measure that is 0 has no pair, so equal tallies have equal bytes.

use crate::model::tally::{Facet, Stored, Tally};

use super::bytes::{Reader, Why, push_varint, unzigzag, zigzag};
use super::key::CellKey;

const FORMAT: u8 = 1;

/// The stored key of a cell.
pub(in crate::derived) fn key(key: CellKey, facet: &Facet) -> Vec<u8> {
    let mut out = Vec::with_capacity(CellKey::LEN + 8);
    out.extend_from_slice(&key.encode());
    facet.write(&mut out);
    out
}

/// Reads a stored key.
pub(in crate::derived) fn decode_key(bytes: &[u8]) -> Result<(CellKey, Facet), Why> {
    let (place, facet) = bytes
        .split_at_checked(CellKey::LEN)
        .ok_or("a key cut short")?;
    Ok((CellKey::decode(place)?, Facet::read(facet)?))
}

/// The stored bytes of a tally.
pub(in crate::derived) fn encode(tally: &Tally) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    out.push(FORMAT);
    for (measure, value) in tally.iter() {
        out.push(measure.code());
        push_varint(&mut out, zigzag(value));
    }
    out
}

/// Reads the stored bytes of a tally.
pub(in crate::derived) fn decode(bytes: &[u8]) -> Result<Tally, Why> {
    let mut tally = Tally::default();
    decode_into(bytes, &mut tally)?;
    Ok(tally)
}

/// Reads the stored bytes of a tally in place of what `tally` held.
pub(in crate::derived) fn decode_into(bytes: &[u8], tally: &mut Tally) -> Result<(), Why> {
    let mut reader = Reader(bytes);
    reader.format(FORMAT)?;
    tally.clear();
    while !reader.0.is_empty() {
        let measure = Stored::from_code(reader.part()?).ok_or("unknown measure")?;
        let value = unzigzag(reader.varint()?);
        if value == 0 {
            return Err("a stored 0");
        }
        if !tally.push(measure, value) {
            return Err("measures out of order");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tallies_read_back(
            values in prop::collection::vec(any::<Option<i128>>(), Stored::ALL.len()),
        ) {
            let mut tally = Tally::default();
            for (measure, value) in Stored::ALL.iter().zip(values) {
                tally.add(*measure, value.unwrap_or(0));
            }
            prop_assert_eq!(decode(&encode(&tally)), Ok(tally));
        }

        #[test]
        fn whatever_reads_writes_the_same_bytes(
            bytes in prop::collection::vec(prop_oneof![0_u8..9, any::<u8>()], 0..40),
        ) {
            let bytes: Vec<u8> = [FORMAT].into_iter().chain(bytes).collect();
            if let Ok(tally) = decode(&bytes) {
                prop_assert_eq!(encode(&tally), bytes);
            }
        }
    }

    #[test]
    fn a_click_costs_few_bytes() {
        let mut tally = Tally::default();
        tally.add(Stored::RawClicks, 60);
        tally.add(Stored::ActionCost, -1);
        assert_eq!(encode(&tally), [1, 0, 120, 6, 1]);
    }

    #[test]
    fn damaged_tallies_are_refused() {
        for bytes in [
            &[][..],
            &[2],
            &[1, 255, 1],
            &[1, 0, 0],
            &[1, 1, 2, 0, 2],
            &[1, 0],
            &[1, 0, 2, 0, 2],
        ] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }
}
