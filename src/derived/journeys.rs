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
use super::generation::read;
use super::row::journey::horizon::{Horizon, HorizonKey};
use super::row::journey::path::{Path, Touch};
use super::row::journey::person::{
    PeopleKey, TouchKey, decode_seen, decode_touch, encode_seen, encode_touch,
};
use super::row::journey::recurrence::{self, RecurrenceKey};
use super::row::key::OutcomeKey;
use super::view::View;

/// How many times as many names are looked at as are asked for: some may be forgotten.
const NAMES_LOOKED_AT: usize = 4;

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

/// Numbers of rows about people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Two names of one person, one way.
    pub people: usize,
    /// A touch under one name.
    pub touches: usize,
}

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
                self.noted.entry(program).or_default().people += 1;
            }
        }
        Ok(())
    }

    /// Other names of a person that were seen together with it at `since` or later, at most
    /// `count`, always the same ones.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn linked(
        &self,
        program: ProgramId,
        person: Person,
        since: Millis,
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
        let most = count.saturating_mul(NAMES_LOOKED_AT);
        let rows = self.last_of(Family::People, (&first, &last), most, |key, value| {
            Ok((PeopleKey::decode(key)?.other, decode_seen(value)?))
        })?;
        let known = rows.into_iter().filter(|(_, seen)| *seen >= since);
        Ok(known.map(|(other, _)| other).take(count).collect())
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
        self.noted.entry(program).or_default().touches += 1;
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

    /// How many names and touches this slot has put, by program.
    #[must_use]
    pub fn noted(&self) -> Vec<(ProgramId, Noted)> {
        let noted = self.noted.iter();
        noted.map(|(program, rows)| (*program, *rows)).collect()
    }

    /// Since when a program remembers people.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn horizon(&self, program: ProgramId) -> Result<Horizon, DerivedError> {
        let key = HorizonKey { program }.encode();
        let found = self.get(Family::Horizons, &key, Horizon::decode)?;
        Ok(found.unwrap_or_default())
    }

    /// The same of every program of which anything was noted.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn horizons(&self) -> Result<Vec<(ProgramId, Horizon)>, DerivedError> {
        let [first, last] = [u32::MIN, u32::MAX].map(|program| {
            let program = ProgramId(program);
            HorizonKey { program }.encode()
        });
        let all = (&first[..], &last[..]);
        self.last_of(Family::Horizons, all, usize::MAX, |key, value| {
            Ok((HorizonKey::decode(key)?.program, Horizon::decode(value)?))
        })
    }

    /// Sets since when a program remembers people.
    pub fn set_horizon(&mut self, program: ProgramId, horizon: &Horizon) {
        let key = HorizonKey { program }.encode();
        self.put(Family::Horizons, &key, horizon.encode());
    }

    /// Looks at the next names and touches of a program, as many as `looks` says, and removes what
    /// is forgotten.
    ///
    /// # Errors
    /// As [`Batch::link`].
    pub fn sweep(&mut self, program: ProgramId, looks: Noted) -> Result<(), DerivedError> {
        let mut horizon = self.horizon(program)?;
        let from = horizon.from;
        let prefix = HorizonKey { program }.encode();
        let after = horizon.people.map(PeopleKey::encode);
        let place = (&prefix[..], after.as_ref().map(|key| &key[..]));
        let last = self.clear(Family::People, place, looks.people, |_, value| {
            Ok(decode_seen(value)? < from)
        })?;
        let key = last.map(|key| read(Family::People, &key, PeopleKey::decode(&key)));
        horizon.people = key.transpose()?;
        let after = horizon.touches.map(TouchKey::encode);
        let place = (&prefix[..], after.as_ref().map(|key| &key[..]));
        let last = self.clear(Family::Touches, place, looks.touches, |key, _| {
            Ok(TouchKey::decode(key)?.time < from)
        })?;
        let key = last.map(|key| read(Family::Touches, &key, TouchKey::decode(&key)));
        horizon.touches = key.transpose()?;
        self.set_horizon(program, &horizon);
        Ok(())
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
