//! Storing what must be durable before it is answered: conversions, rules, API keys. Catalogues
//! are in [`super::versions`].
//!
//! Called from blocking threads of the API and of the control socket, and by tools.
//!
//! Exact retries: a submission whose business fields hash like an earlier attempt of the same
//! (program, event type, order id) is not stored again. The look-up reads the disk, so it is made
//! outside the commit lock; a reservation of the key keeps two copies from both passing it.

use crate::model::id::{EventTypeId, ProgramId, RulesVersion, SubmissionId};
use crate::model::submission::Submission;

use super::super::commit::{Added, Epoch};
use super::super::error::LogError;
use super::super::family;
use super::super::open::{Log, Shared};
use super::super::row::footer::{Ledger, Outcome, RefusedReason, Stream};
use super::super::row::submission::{self as submission_row, AttemptRow};
use super::super::row::{Corrupt, key};

/// Attempts with differing content that one order id may have.
pub const ATTEMPTS_MAX: usize = 256;

/// A submission the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The submission; on an exact retry the one stored before.
    pub id: SubmissionId,
    /// Whether it was stored before.
    pub retry: bool,
    /// What must be durable before it is answered, see [`Log::durable`].
    pub epoch: Epoch,
}

/// Holds an order key until dropped.
struct Reservation<'a> {
    shared: &'a Shared,
    key: Vec<u8>,
}

impl<'a> Reservation<'a> {
    /// Waits until nobody else stores under `key`.
    fn take(shared: &'a Shared, key: Vec<u8>) -> Self {
        let mut reserved = shared.reserved.0.lock();
        while !reserved.insert(key.clone()) {
            shared.reserved.1.wait(&mut reserved);
        }
        Self { shared, key }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.shared.reserved.0.lock().remove(&self.key);
        self.shared.reserved.1.notify_all();
    }
}

impl Log {
    /// Stores a submission unless it is an exact retry. It is durable once its epoch is.
    ///
    /// # Errors
    /// The store failed or asks for a pause, or the order id has too many attempts.
    pub fn submit(&self, submission: &Submission) -> Result<Accepted, LogError> {
        let accepted = self.submit_once(submission);
        let outcome = match &accepted {
            Ok(Accepted { retry: false, .. }) => return accepted,
            Ok(_) => RefusedReason::Retry,
            Err(LogError::TooManyAttempts(_)) => RefusedReason::Invalid,
            Err(_) => RefusedReason::Unavailable,
        };
        self.refuse(submission.program, Stream::Conversion, outcome);
        accepted
    }

    fn submit_once(&self, submission: &Submission) -> Result<Accepted, LogError> {
        let shared = &*self.shared;
        let (program, event_type) = (submission.program, submission.event_type);
        let order_key = key::order(program, event_type, &submission.order_id);
        let reservation = Reservation::take(shared, order_key);
        let orders = shared.cf(family::ORDERS)?;
        let mut attempts = self.order_attempts(&reservation.key)?;
        if let Some(first) = attempts
            .iter()
            .find(|row| row.payload == submission.payload)
        {
            let id = SubmissionId {
                slot: first.slot,
                program,
                number: first.number,
            };
            return Ok(Accepted {
                id,
                retry: true,
                epoch: shared.committer.lock().epoch,
            });
        }
        if attempts.len() >= ATTEMPTS_MAX {
            return Err(LogError::TooManyAttempts(attempts.len()));
        }
        let number = self.mint();
        let mut row = Vec::with_capacity(512);
        submission_row::write(&mut row, submission);
        let submissions = shared.cf(family::SUBMISSIONS)?;
        let settle =
            |ledger: &mut Ledger| ledger.settle(program, Stream::Conversion, Outcome::Stored);
        let (epoch, slot) = shared.commit(settle, |slot, _, batch| {
            attempts.push(AttemptRow {
                slot,
                number,
                payload: submission.payload,
            });
            batch.put_cf(submissions, key::submission(slot, program, number), &row);
            batch.put_cf(
                orders,
                &reservation.key,
                submission_row::write_order(&attempts),
            );
            Added {
                submissions: 1,
                checksum: key::checksum(0, program.0, number),
                newest: number.time(),
                ..Added::default()
            }
        })?;
        Ok(Accepted {
            id: SubmissionId {
                slot,
                program,
                number,
            },
            retry: false,
            epoch,
        })
    }

    /// Stores the next version of the classification rules; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_rules(&self, stored: &[u8]) -> Result<RulesVersion, LogError> {
        let _turn = self.shared.changes.lock();
        let next = RulesVersion(self.current_rules().0.saturating_add(1));
        let added = Added {
            rules: Some(next),
            ..Added::default()
        };
        self.put_fact(family::RULES, next.0, stored, added)?;
        Ok(next)
    }

    /// Stores `value` under a version and notes the change in the slot's facts: the family's first
    /// byte (`c` or `r`) and the version.
    pub(in crate::log) fn put_fact(
        &self,
        name: &'static str,
        version: u32,
        value: &[u8],
        added: Added,
    ) -> Result<(), LogError> {
        let shared = &*self.shared;
        let (family, facts) = (shared.cf(name)?, shared.cf(family::FACTS)?);
        let mut fact: Vec<u8> = name.bytes().take(1).collect();
        fact.extend_from_slice(&version.to_be_bytes());
        let (epoch, _) = shared.commit(
            |_| {},
            |slot, sequence, batch| {
                batch.put_cf(family, version.to_be_bytes(), value);
                batch.put_cf(facts, key::fact(slot, sequence), &fact);
                Added { facts: 1, ..added }
            },
        )?;
        self.wait_durable(epoch)
    }

    /// Stores or replaces an API key record; it is durable on return.
    ///
    /// # Errors
    /// The store failed.
    pub fn put_api_key(&self, id: &str, stored: &[u8]) -> Result<(), LogError> {
        let keys = self.shared.cf(family::KEYS)?;
        let (epoch, _) = self.shared.commit(
            |_| {},
            |_, _, batch| {
                batch.put_cf(keys, id.as_bytes(), stored);
                Added::default()
            },
        )?;
        self.wait_durable(epoch)
    }

    /// Every API key record with its id.
    ///
    /// # Errors
    /// The store failed, or an id is not text.
    pub fn api_keys(&self) -> Result<Vec<(String, Vec<u8>)>, LogError> {
        let mut keys = Vec::new();
        for row in self.rows(family::KEYS)? {
            let (id, value) = row?;
            let id = String::from_utf8(id.into_vec()).map_err(|_| Corrupt {
                family: family::KEYS,
                why: "an id is not UTF-8",
            })?;
            keys.push((id, value.into_vec()));
        }
        Ok(keys)
    }
}

impl Log {
    /// The attempts at an order, in the order of their commits.
    ///
    /// # Errors
    /// The store failed, or the row is damaged.
    pub fn attempts(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        order_id: &str,
    ) -> Result<Vec<SubmissionId>, LogError> {
        let key = key::order(program, event_type, order_id);
        let attempts = self.order_attempts(&key)?.into_iter();
        Ok(attempts
            .map(|row| SubmissionId {
                slot: row.slot,
                program,
                number: row.number,
            })
            .collect())
    }

    fn order_attempts(&self, key: &[u8]) -> Result<Vec<AttemptRow>, LogError> {
        let found = self
            .shared
            .db
            .get_pinned_cf(self.shared.cf(family::ORDERS)?, key);
        match found.map_err(LogError::store("look an order up"))? {
            Some(row) => Ok(submission_row::read_order(&row)?),
            None => Ok(Vec::new()),
        }
    }
}
