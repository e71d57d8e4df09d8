//! People, what led them to conversions, and what may happen again only so often: what the fold
//! reads and writes of them while it settles a slot, and what a view shows.
//!
//! On the fold's thread, but for views. What is put here is in the slot's [`Batch`], and seen by
//! reads at once.

use std::ops::RangeInclusive;

use crate::model::id::{EventNumber, ProgramId, SubmissionId};
use crate::model::submission::{Fingerprint, Person, PersonKind};
use crate::model::time::Millis;

use super::batch::Batch;
use super::error::DerivedError;
use super::family::Family;
use super::row::journey::path::{Path, Touch};
use super::row::journey::person::{
    PeopleKey, TouchKey, decode_seen, decode_touch, encode_seen, encode_touch,
};
use super::row::journey::recurrence::{self, RecurrenceKey};
use super::row::key::OutcomeKey;
use super::view::View;

/// Before and after every person, in the order of keys.
const BOUNDS: [Person; 2] = [
    Person {
        kind: PersonKind::Customer,
        id: Fingerprint([0; 16]),
    },
    Person {
        kind: PersonKind::Cookie,
        id: Fingerprint([u8::MAX; 16]),
    },
];

impl Batch<'_> {
    /// Notes that two names of a program are those of one person.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged; so for every read here.
    pub fn link(
        &mut self,
        program: ProgramId,
        names: [Person; 2],
        at: Millis,
    ) -> Result<(), DerivedError> {
        let [one, two] = names;
        for (person, other) in [(one, two), (two, one)] {
            let key = PeopleKey {
                program,
                person,
                other,
            };
            let key = key.encode();
            let before = self.get(Family::People, &key, decode_seen)?;
            if before.is_none_or(|before| before < at) {
                self.put(Family::People, &key, encode_seen(at));
            }
        }
        Ok(())
    }

    /// Other names of a person, at most `count`, always the same ones.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn linked(
        &self,
        program: ProgramId,
        person: Person,
        count: usize,
    ) -> Result<Vec<Person>, DerivedError> {
        let [first, last] = BOUNDS.map(|other| {
            let key = PeopleKey {
                program,
                person,
                other,
            };
            key.encode()
        });
        self.last_of(Family::People, (&first, &last), count, |key, value| {
            decode_seen(value)?;
            Ok(PeopleKey::decode(key)?.other)
        })
    }

    /// Puts a touch under a person.
    pub fn touch(&mut self, program: ProgramId, person: Person, touch: &Touch) {
        let key = TouchKey {
            program,
            person,
            time: touch.time,
            number: touch.number,
        };
        let value = encode_touch(&touch.source);
        self.put(Family::Touches, &key.encode(), value);
    }

    /// The touches of a person within `times`, the newest first, at most `count`.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn touches(
        &self,
        program: ProgramId,
        person: Person,
        times: &RangeInclusive<Millis>,
        count: usize,
    ) -> Result<Vec<Touch>, DerivedError> {
        if times.is_empty() {
            return Ok(Vec::new());
        }
        let key = |time, number| {
            let key = TouchKey {
                program,
                person,
                time,
                number,
            };
            key.encode()
        };
        let first = key(*times.start(), EventNumber(0));
        let last = key(*times.end(), EventNumber(u64::MAX));
        self.last_of(Family::Touches, (&first, &last), count, decode_touch)
    }

    /// A count or time of `recurrences`.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn recurrence(&self, key: RecurrenceKey) -> Result<Option<i64>, DerivedError> {
        self.get(Family::Recurrences, &key.encode(), recurrence::decode)
    }

    /// Sets a count or time of `recurrences`.
    pub fn set_recurrence(&mut self, key: RecurrenceKey, value: i64) {
        let value = recurrence::encode(value);
        self.put(Family::Recurrences, &key.encode(), value);
    }

    /// Sets what led to a conversion.
    pub fn path(&mut self, id: SubmissionId, path: &Path) {
        let key = OutcomeKey::from(id).encode();
        self.put(Family::Paths, &key, path.encode());
    }

    /// What led to a conversion.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn path_of(&self, id: SubmissionId) -> Result<Option<Path>, DerivedError> {
        let key = OutcomeKey::from(id).encode();
        self.get(Family::Paths, &key, Path::decode)
    }
}

impl View<'_> {
    /// What led to a conversion; none before it is settled.
    ///
    /// # Errors
    /// RocksDB fails or the row is damaged.
    pub fn path(&self, id: SubmissionId) -> Result<Option<Path>, DerivedError> {
        let key = OutcomeKey::from(id).encode();
        self.get(Family::Paths, &key, Path::decode)
    }

    /// Hands every row of `recurrences` to `f`, in key order.
    ///
    /// # Errors
    /// As [`View::path`].
    pub fn for_each_recurrence(
        &self,
        f: &mut dyn FnMut(RecurrenceKey, i64),
    ) -> Result<(), DerivedError> {
        self.scan(Family::Recurrences, &[], None, &mut |key, value| {
            f(RecurrenceKey::decode(key)?, recurrence::decode(value)?);
            Ok(std::ops::ControlFlow::Continue(()))
        })
    }
}
