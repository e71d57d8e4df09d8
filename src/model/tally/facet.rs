//! What a sum is for besides program, day and partner: an ad, an event type, a shared id.
//!
//! Stored at the end of an aggregate's key: nothing, or a byte that names the kind and then the
//! value. The order of the bytes is that of the values.

/// One value of a cube's facet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// The cube has none.
    #[default]
    None,
    /// The number of an ad, an event type or a property.
    Number(u32),
    /// A text; empty where the event carries none.
    Text(Box<str>),
    /// All the texts of a day and partner beyond the ones that are kept apart.
    Other,
}

impl Facet {
    const NUMBER: u8 = 1;
    const TEXT: u8 = 2;
    const OTHER: u8 = 3;

    /// Appends the stored bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Number(number) => {
                out.push(Self::NUMBER);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Text(text) => {
                out.push(Self::TEXT);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Other => out.push(Self::OTHER),
        }
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        match bytes {
            [] => Ok(Self::None),
            [Self::NUMBER, number @ ..] => number
                .try_into()
                .map(|number| Self::Number(u32::from_be_bytes(number)))
                .map_err(|_| "a facet's number of another length"),
            [Self::TEXT, text @ ..] => std::str::from_utf8(text)
                .map(|text| Self::Text(text.into()))
                .map_err(|_| "a facet that is no text"),
            [Self::OTHER] => Ok(Self::Other),
            _ => Err("unknown facet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facet() -> impl Strategy<Value = Facet> {
        prop_oneof![
            Just(Facet::None),
            any::<u32>().prop_map(Facet::Number),
            ".{0,8}".prop_map(|text| Facet::Text(text.into())),
            Just(Facet::Other),
        ]
    }

    fn bytes(facet: &Facet) -> Vec<u8> {
        let mut out = Vec::new();
        facet.write(&mut out);
        out
    }

    proptest! {
        #[test]
        fn facets_sort_as_their_bytes(a in facet(), b in facet()) {
            let (left, right) = (bytes(&a), bytes(&b));
            prop_assert_eq!(a.cmp(&b), left.cmp(&right));
            prop_assert_eq!(Facet::read(&left), Ok(a));
        }

        #[test]
        fn whatever_reads_writes_the_same_bytes(
            stored in prop::collection::vec(prop_oneof![0_u8..5, any::<u8>()], 0..9),
        ) {
            if let Ok(facet) = Facet::read(&stored) {
                prop_assert_eq!(bytes(&facet), stored);
            }
        }
    }
}
