//! A document as it is stored in the log: a format byte and one JSON object, deflated.
//!
//! The stored form is the document itself, not the compiled catalogue, so that `export` gives back
//! what was applied. Only documents that [`Catalog::build`] accepted are stored. Deflated, a big
//! one has a tenth of its size, which a start reads and a change writes.
//!
//! A catalogue is built entity by entity as the JSON is read: the document as a whole is never in
//! memory, and what building it took is not left behind among what stays.

use std::borrow::Cow;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::marker::PhantomData;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::build::Builder;
use super::document::{CatalogDoc, RetiredDoc};
use super::problem::Problem;
use super::snapshot::Catalog;
use crate::model::id::CatalogVersion;

/// The first byte of what is stored.
const FORMAT: u8 = 1;
/// The longest document, in bytes of JSON; beyond it the bytes are no catalogue of ours.
const JSON_MAX: u64 = 1 << 30;

/// Stored bytes are no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// Not of a format that is known.
    #[error("stored catalogue has an unknown format")]
    Format,
    /// Not deflated bytes.
    #[error("stored catalogue can't be inflated")]
    Deflated(#[from] std::io::Error),
    /// Not the JSON of a document.
    #[error("stored catalogue is not readable")]
    Syntax(#[from] serde_json::Error),
    /// A document that does not hold together.
    #[error("stored catalogue has {} problems, the first: {}", .0.len(), first(.0))]
    Invalid(Vec<Problem>),
}

fn first(problems: &[Problem]) -> String {
    problems
        .first()
        .map_or_else(String::new, ToString::to_string)
}

/// The bytes to store for `doc`.
///
/// # Errors
/// None for a document of this module; the type belongs to the encoder.
pub fn to_stored(doc: &CatalogDoc) -> Result<Vec<u8>, StoredError> {
    let mut stored = DeflateEncoder::new(vec![FORMAT], Compression::fast());
    let mut buffered = std::io::BufWriter::with_capacity(64 << 10, &mut stored);
    serde_json::to_writer(&mut buffered, doc)?;
    buffered.flush()?;
    drop(buffered);
    Ok(stored.finish()?)
}

/// The JSON in stored bytes.
fn inflated(bytes: &[u8]) -> Result<Vec<u8>, StoredError> {
    let Some((&FORMAT, deflated)) = bytes.split_first() else {
        return Err(StoredError::Format);
    };
    let mut json = Vec::new();
    DeflateDecoder::new(deflated)
        .take(JSON_MAX)
        .read_to_end(&mut json)?;
    Ok(json)
}

impl CatalogDoc {
    /// The document of stored bytes.
    ///
    /// # Errors
    /// When the bytes are not the JSON of a document.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        Ok(serde_json::from_slice(&inflated(bytes)?)?)
    }
}

impl Catalog {
    /// The catalogue of stored bytes, with the version they carry.
    ///
    /// # Errors
    /// When the bytes are not the JSON of a document, or the document has a problem.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        let json = inflated(bytes)?;
        let mut reading = Reading::default();
        let mut json = serde_json::Deserializer::from_slice(&json);
        json.deserialize_map(&mut reading)?;
        json.end()?;
        let Reading {
            builder,
            version,
            retired,
        } = reading;
        builder
            .finish(&retired, CatalogVersion(version))
            .map_err(StoredError::Invalid)
    }
}

/// A document on its way into a builder.
#[derive(Default)]
struct Reading {
    builder: Builder,
    version: u32,
    retired: RetiredDoc,
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a catalogue")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let builder = &mut self.builder;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match &*key {
                "version" => self.version = map.next_value()?,
                "brand" => map.next_value_seed(Each::new(|brand| builder.brand(&brand)))?,
                "program" => map.next_value_seed(Each::new(|own| builder.program(&own)))?,
                "exception_list" => map.next_value_seed(Each::new(|own| builder.list(&own)))?,
                "channel" => map.next_value_seed(Each::new(|own| builder.channel(&own)))?,
                "event_type" => map.next_value_seed(Each::new(|own| builder.event_type(&own)))?,
                "ad" => map.next_value_seed(Each::new(|ad| builder.ad(&ad)))?,
                "partner" => map.next_value_seed(Each::new(|own| builder.partner(&own)))?,
                "promo_code" => map.next_value_seed(Each::new(|own| builder.promo_code(&own)))?,
                "contract" => map.next_value_seed(Each::new(|own| builder.contract(&own)))?,
                "postback" => map.next_value_seed(Each::new(|own| builder.postback(&own)))?,
                "retired" => self.retired = map.next_value()?,
                other => return Err(A::Error::custom(format_args!("unknown part `{other}`"))),
            }
        }
        Ok(())
    }
}

/// Hands the elements of a list on, one by one.
struct Each<T, F>(F, PhantomData<T>);

impl<T, F: FnMut(T)> Each<T, F> {
    fn new(each: F) -> Self {
        Self(each, PhantomData)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entities")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(entity) = list.next_element()? {
            (self.0)(entity);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::parse_toml;

    const SAMPLE: &str = include_str!("../../config/catalog.toml");

    #[test]
    fn the_catalogue_of_stored_bytes_is_the_one_that_was_built() {
        let doc = parse_toml(SAMPLE).unwrap();
        let built = Catalog::build(&doc, CatalogVersion(doc.version)).unwrap();
        let read = Catalog::from_stored(&to_stored(&doc).unwrap()).unwrap();
        assert_eq!(read.version, built.version);
        for (id, program) in &built.programs {
            // Maps have no order, so they are compared one entity at a time.
            for (ad, own) in &program.ads {
                let found = &read.programs[id].ads[ad];
                assert_eq!(format!("{found:?}"), format!("{own:?}"));
            }
            assert_eq!(read.programs[id].ads.len(), program.ads.len());
            let found = &read.programs[id];
            assert_eq!(format!("{:?}", found.site), format!("{:?}", program.site));
            assert_eq!(found.blocked_networks, program.blocked_networks);
            assert_eq!(found.channels.0, program.channels.0);
            assert_eq!(found.look_back, program.look_back);
            assert_eq!(found.lists.0.len(), program.lists.0.len());
            for code in ["SAVE10", "TRAIL-7", "NEWS5", "other"] {
                let at = crate::model::time::Millis(1_790_000_000_000);
                assert_eq!(found.codes.find(code, at), program.codes.find(code, at));
            }
            for (kind, own) in &program.event_types {
                let found = &read.programs[id].event_types[kind];
                assert_eq!(format!("{found:?}"), format!("{own:?}"));
            }
        }
        assert!(!built.programs.is_empty() && !built.contracts.is_empty());
        assert_eq!(read.contracts.len(), built.contracts.len());
        for (key, own) in &built.contracts {
            assert_eq!(format!("{:?}", read.contracts[key]), format!("{own:?}"));
        }
        assert_eq!(read.destinations, built.destinations);
        assert_eq!(read.partners.len(), built.partners.len());
        for (id, own) in &built.partners {
            assert_eq!(format!("{:?}", read.partners[id]), format!("{own:?}"));
        }
    }

    #[test]
    fn what_is_not_of_this_format_is_refused() {
        let stored = to_stored(&CatalogDoc::default()).unwrap();
        assert_eq!(stored.first(), Some(&FORMAT));
        assert!(matches!(
            Catalog::from_stored(b""),
            Err(StoredError::Format)
        ));
        assert!(matches!(
            Catalog::from_stored(b"{}"),
            Err(StoredError::Format)
        ));
        assert!(matches!(
            Catalog::from_stored(&stored[..stored.len() / 2]),
            Err(StoredError::Deflated(_) | StoredError::Syntax(_))
        ));
    }
}
