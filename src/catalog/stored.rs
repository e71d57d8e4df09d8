//! A document as it is stored in the log: one JSON object.
//!
//! The stored form is the document itself, not the compiled catalogue, so that `export` gives back
//! what was applied. Only documents that [`Catalog::build`] accepted are stored.

use super::document::CatalogDoc;
use super::problem::Problem;
use super::snapshot::Catalog;
use crate::model::id::CatalogVersion;

/// Stored bytes are no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
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
    Ok(serde_json::to_vec(doc)?)
}

impl CatalogDoc {
    /// The document of stored bytes.
    ///
    /// # Errors
    /// When the bytes are not the JSON of a document.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        Ok(serde_json::from_slice(bytes)?)
    }
}

impl Catalog {
    /// The catalogue of stored bytes, with the version they carry.
    ///
    /// # Errors
    /// When the bytes are not the JSON of a document, or the document has a problem.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, StoredError> {
        let doc = CatalogDoc::from_stored(bytes)?;
        Self::build(&doc, CatalogVersion(doc.version)).map_err(StoredError::Invalid)
    }
}
