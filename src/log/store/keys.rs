//! Storing rules, API keys and what these have pinned, and noting for the fold what changed.
//!
//! Catalogues are in [`super::versions`].

use crate::model::id::RulesVersion;

use super::super::commit::Added;
use super::super::error::LogError;
use super::super::family;
use super::super::open::Log;
use super::super::row::{Corrupt, key};
use super::judgements::newest_rules;

/// A value of a family whose keys are versions: the family, the version, the value.
type Versioned<'a> = (&'static str, u32, &'a [u8]);

/// Ends the key of what an API key has pinned; no id of a key holds it.
const PINS: &str = "/pins";

impl Log {
    /// Stores the next version of the classification rules; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_rules(&self, stored: &[u8]) -> Result<RulesVersion, LogError> {
        let _turn = self.shared.changes.lock();
        let (newest, _) = newest_rules(&self.shared.db)?;
        let next = RulesVersion(newest.0.saturating_add(1));
        let added = Added {
            rules: Some(next),
            ..Added::default()
        };
        self.put_fact((family::RULES, next.0, stored), None, added)?;
        Ok(next)
    }

    /// Stores a value under a version, with the values `beside` it, and notes the change in the
    /// slot's facts: the family's first byte (`c`, `r`, or `j` for a judgement) and the version.
    pub(in crate::log) fn put_fact(
        &self,
        (name, version, value): Versioned<'_>,
        beside: Option<Versioned<'_>>,
        added: Added,
    ) -> Result<(), LogError> {
        let shared = &*self.shared;
        let (family, facts) = (shared.cf(name)?, shared.cf(family::FACTS)?);
        let beside = match beside {
            Some((name, version, value)) => Some((shared.cf(name)?, version, value)),
            None => None,
        };
        let mut fact: Vec<u8> = name.bytes().take(1).collect();
        fact.extend_from_slice(&version.to_be_bytes());
        let epoch = shared.commit_patiently(|slot, sequence, batch| {
            batch.put_cf(family, version.to_be_bytes(), value);
            if let Some((family, version, value)) = beside {
                batch.put_cf(family, version.to_be_bytes(), value);
            }
            batch.put_cf(facts, key::fact(slot, sequence), &fact);
            Added { facts: 1, ..added }
        })?;
        self.wait_durable(epoch)
    }

    /// Stores or replaces an API key record; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_api_key(&self, id: &str, stored: &[u8]) -> Result<(), LogError> {
        let keys = self.shared.cf(family::KEYS)?;
        let epoch = self.shared.commit_patiently(|_, _, batch| {
            batch.put_cf(keys, id.as_bytes(), stored);
            Added::default()
        })?;
        self.wait_durable(epoch)
    }

    /// Every API key record with its id.
    ///
    /// # Errors
    /// The store failed, or an id is not text.
    pub fn api_keys(&self) -> Result<Vec<(String, Vec<u8>)>, LogError> {
        let mut rows = self.rows_of_keys()?;
        rows.retain(|(id, _)| !id.ends_with(PINS));
        Ok(rows)
    }

    /// Stores or replaces what a key has pinned, or forgets it where `stored` is empty; it is
    /// durable on return. The record of the key is not touched.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_pins(&self, id: &str, stored: &[u8]) -> Result<(), LogError> {
        let keys = self.shared.cf(family::KEYS)?;
        let key = format!("{id}{PINS}");
        let epoch = self.shared.commit_patiently(|_, _, batch| {
            if stored.is_empty() {
                batch.delete_cf(keys, key.as_bytes());
            } else {
                batch.put_cf(keys, key.as_bytes(), stored);
            }
            Added::default()
        })?;
        self.wait_durable(epoch)
    }

    /// What each key has pinned, with the key's id.
    ///
    /// # Errors
    /// The store failed, or an id is not text.
    pub fn pins(&self) -> Result<Vec<(String, Vec<u8>)>, LogError> {
        let rows = self.rows_of_keys()?.into_iter();
        let pins = rows.filter_map(|(key, stored)| {
            let id = key.strip_suffix(PINS)?.to_owned();
            Some((id, stored))
        });
        Ok(pins.collect())
    }

    fn rows_of_keys(&self) -> Result<Vec<(String, Vec<u8>)>, LogError> {
        let mut rows = Vec::new();
        for row in self.rows(family::KEYS)? {
            let (key, value) = row?;
            let key = String::from_utf8(key.into_vec()).map_err(|_| Corrupt {
                family: family::KEYS,
                why: "an id is not UTF-8",
            })?;
            rows.push((key, value.into_vec()));
        }
        Ok(rows)
    }
}
