//! Storing conversions, and changes of the actions they became.
//!
//! Called from blocking threads of the API and of the control socket, and by tools.
//!
//! Exact retries: a submission whose business fields hash like an earlier attempt of the same
//! (program, event type, order id) is not stored again, and neither is a change that repeats the
//! last of its order ([`super::super::row::last`]). The look-up reads the disk, so it is made
//! outside the commit lock; a reservation of the key keeps two copies from both passing it.

use rocksdb::WriteBatch;

use crate::model::action::change::Change;
use crate::model::entry::Entry;
use crate::model::id::{EventTypeId, JobId, ProgramId, SubmissionId};
use crate::model::submission::{PayloadHash, Submission};

use super::super::commit::{Added, Epoch};
use super::super::error::LogError;
use super::super::family;
use super::super::open::{Log, Shared};
use super::super::row::footer::Ledger;
use super::super::row::last::{self as last_row, LastChanges};
use super::super::row::submission::{self as submission_row, AttemptRow};
use super::super::row::{entry as entry_row, key};
use crate::model::arrival::{Outcome, RefusedReason, Stream};

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
pub(super) struct Reservation<'a> {
    shared: &'a Shared,
    key: Vec<u8>,
}

impl<'a> Reservation<'a> {
    /// Waits until nobody else stores under `key`.
    pub(super) fn take(shared: &'a Shared, key: Vec<u8>) -> Self {
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
        self.submit_beside(submission, |_| {})
    }

    /// As [`Self::submit`], for a row of a job: what is known of the job is stored in the same
    /// commit, unless the row is an exact retry.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_of_job(
        &self,
        submission: &Submission,
        job: JobId,
        record: &[u8],
    ) -> Result<Accepted, LogError> {
        let jobs = self.shared.cf(family::JOBS)?;
        self.submit_beside(submission, |batch| {
            batch.put_cf(jobs, key::job(job), record);
        })
    }

    /// Stores a submission with what `beside` puts into its batch.
    fn submit_beside(
        &self,
        submission: &Submission,
        beside: impl FnOnce(&mut WriteBatch),
    ) -> Result<Accepted, LogError> {
        let accepted = self.submit_once(submission, beside);
        let outcome = match &accepted {
            Ok(Accepted { retry: false, .. }) => return accepted,
            Ok(_) => RefusedReason::Retry,
            Err(LogError::TooManyAttempts(_)) => RefusedReason::Invalid,
            Err(_) => RefusedReason::Unavailable,
        };
        self.refuse(submission.program, Stream::Conversion, outcome);
        accepted
    }

    fn submit_once(
        &self,
        submission: &Submission,
        beside: impl FnOnce(&mut WriteBatch),
    ) -> Result<Accepted, LogError> {
        let shared = &*self.shared;
        let (program, event_type) = (submission.program, submission.event_type);
        let order_id = &submission.order_id;
        let order_key = key::attempts(program, event_type, order_id, submission.is_test);
        let reservation = Reservation::take(shared, order_key);
        let orders = shared.cf(family::ORDERS)?;
        let mut attempts = self.order_attempts(&reservation.key)?;
        if let Some(first) = attempts
            .iter()
            .find(|row| row.payload == submission.payload)
        {
            return Ok(self.stored_before(program, first));
        }
        if attempts.len() >= ATTEMPTS_MAX {
            return Err(LogError::TooManyAttempts(attempts.len()));
        }
        let entry = Entry::Conversion(submission.clone());
        let stored = self.store(program, Stream::Conversion, &entry, |attempt, batch| {
            attempts.push(AttemptRow {
                payload: submission.payload,
                ..attempt
            });
            let row = submission_row::write_order(&attempts);
            batch.put_cf(orders, &reservation.key, row);
            beside(batch);
        })?;
        Ok(stored)
    }

    /// Stores a change unless it repeats the last one of its order. It is durable once its epoch
    /// is.
    ///
    /// # Errors
    /// The store failed or asks for a pause.
    pub fn change(&self, change: &Change) -> Result<Accepted, LogError> {
        let accepted = self.change_once(change);
        let outcome = match &accepted {
            Ok(Accepted { retry: false, .. }) => return accepted,
            Ok(_) => RefusedReason::Retry,
            Err(_) => RefusedReason::Unavailable,
        };
        self.refuse(change.program, Stream::Modification, outcome);
        accepted
    }

    fn change_once(&self, change: &Change) -> Result<Accepted, LogError> {
        let shared = &*self.shared;
        let order_key = key::order(change.program, change.event_type, &change.order_id);
        let reservation = Reservation::take(shared, order_key);
        let changes = shared.cf(family::CHANGES)?;
        let mut last = self.last_changes(&reservation.key)?;
        if let Some(first) = last.repeated(None, change.payload) {
            return Ok(self.stored_before(change.program, &first));
        }
        let entry = Entry::Change(change.clone());
        self.store(
            change.program,
            Stream::Modification,
            &entry,
            |attempt, batch| {
                let change = AttemptRow {
                    payload: change.payload,
                    ..attempt
                };
                last.add(None, change);
                batch.put_cf(changes, &reservation.key, last_row::write(&last));
            },
        )
    }

    fn stored_before(&self, program: ProgramId, row: &AttemptRow) -> Accepted {
        Accepted {
            id: row.submission(program),
            retry: true,
            epoch: self.shared.committer.lock().epoch,
        }
    }

    /// Stores an entry with what `beside` puts into its batch; its place is given with an empty
    /// payload.
    fn store(
        &self,
        program: ProgramId,
        stream: Stream,
        entry: &Entry,
        beside: impl FnOnce(AttemptRow, &mut WriteBatch),
    ) -> Result<Accepted, LogError> {
        let number = self.mint();
        let mut row = Vec::with_capacity(512);
        entry_row::write(&mut row, entry);
        let submissions = self.shared.cf(family::SUBMISSIONS)?;
        let settle = |ledger: &mut Ledger| ledger.settle(program, stream, Outcome::Stored);
        let (epoch, slot) = self.shared.commit(settle, |slot, _, batch| {
            let attempt = AttemptRow {
                slot,
                number,
                payload: PayloadHash([0; 16]),
            };
            beside(attempt, batch);
            batch.put_cf(submissions, key::submission(slot, program, number), &row);
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
}

impl Log {
    /// The attempts at an order, tests included, in the order of their commits.
    ///
    /// # Errors
    /// The store failed, or the row is damaged.
    pub fn attempts(
        &self,
        program: ProgramId,
        event_type: EventTypeId,
        order_id: &str,
    ) -> Result<Vec<SubmissionId>, LogError> {
        let of = |is_test| key::attempts(program, event_type, order_id, is_test);
        let mut attempts = self.order_attempts(&of(false))?;
        attempts.append(&mut self.order_attempts(&of(true))?);
        attempts.sort_by_key(|row| (row.slot, row.number));
        let attempts = attempts.iter();
        Ok(attempts.map(|row| row.submission(program)).collect())
    }

    pub(super) fn order_attempts(&self, key: &[u8]) -> Result<Vec<AttemptRow>, LogError> {
        match self.value(family::ORDERS, key)? {
            Some(row) => Ok(submission_row::read_order(&row)?),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn last_changes(&self, key: &[u8]) -> Result<LastChanges, LogError> {
        match self.value(family::CHANGES, key)? {
            Some(row) => Ok(last_row::read(&row)?),
            None => Ok(LastChanges::default()),
        }
    }
}
